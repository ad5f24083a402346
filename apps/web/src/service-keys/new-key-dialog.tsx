import { makeStyles, tokens, typographyStyles } from '@fluentui/react-components'
import type { createServiceKey } from '@inforiver-mail/contract/service-key'
import type { Answer } from '../api/call.ts'
import { CopyButton } from '../shell/copy-button.tsx'
import { SecretDialog } from '../shell/secret-dialog.tsx'
import { curlExample } from './service-key-words.ts'

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
  title: { ...typographyStyles.body1Strong, margin: 0 },
  text: { margin: 0, color: tokens.colorNeutralForeground2 },
  example: {
    margin: 0,
    padding: tokens.spacingHorizontalM,
    borderRadius: tokens.borderRadiusMedium,
    border: `1px solid ${tokens.colorTransparentStroke}`,
    backgroundColor: tokens.colorNeutralBackground3,
    fontFamily: tokens.fontFamilyMonospace,
    fontSize: tokens.fontSizeBase200,
    whiteSpace: 'pre-wrap',
    overflowWrap: 'anywhere',
  },
})

interface Props {
  created: Answer<typeof createServiceKey>
  exampleRecipient: string
  onClose: () => void
}

export function NewKeyDialog({ created: { name, scopes, key }, exampleRecipient, onClose }: Props) {
  const styles = useStyles()
  const example = curlExample(location.origin, scopes, exampleRecipient)
  return (
    <SecretDialog
      title={`A key for ${name}`}
      noun="key"
      label="Service key"
      secret={key}
      advice="Copy it to where the service keeps its secrets. Inforiver Mail keeps no copy that it could show again."
      onClose={onClose}
    >
      <div className={styles.part}>
        <h3 className={styles.title}>A first request</h3>
        <p className={styles.text}>In a shell that has the key in INFORIVER_MAIL_KEY:</p>
        <pre className={styles.example}>{example}</pre>
        <CopyButton label="Copy request" text={example} byHand="select the request above." />
      </div>
    </SecretDialog>
  )
}
