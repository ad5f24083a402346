import { makeStyles, tokens } from '@fluentui/react-components'
import type { createWebhook } from '@inforiver-mail/contract/webhook'
import type { Answer } from '../api/call.ts'
import { SecretDialog } from '../shell/secret-dialog.tsx'
import { hostOf } from './webhook-words.ts'

const useStyles = makeStyles({
  text: { margin: 0, color: tokens.colorNeutralForeground2 },
})

interface Props {
  added: Answer<typeof createWebhook>
  onClose: () => void
}

export function NewWebhookDialog({ added: { url, secret }, onClose }: Props) {
  const styles = useStyles()
  return (
    <SecretDialog
      title={`The secret for ${hostOf(url)}`}
      noun="secret"
      label="Signing secret"
      secret={secret}
      advice="Copy it to where the receiver keeps its secrets. Inforiver Mail does not show it again."
      onClose={onClose}
    >
      <p className={styles.text}>
        With it the receiver checks that a request came from here, by any library for Standard Webhooks. Then choose
        Test to see whether everything fits.
      </p>
    </SecretDialog>
  )
}
