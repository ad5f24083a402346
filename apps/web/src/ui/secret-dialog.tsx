import { Button, Field, Input, makeStyles, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { CopyButton } from './copy-button.tsx'
import { Modal } from './modal.tsx'
import { Notice } from './notice.tsx'

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
  secret: { fontFamily: tokens.fontFamilyMonospace },
})

interface Props {
  title: string
  /** What it is in a word, such as `key`. */
  noun: string
  label: string
  secret: string
  /** Where to keep it. */
  advice: string
  onClose: () => void
  /** What to do with it. */
  children: ReactNode
}

/** The only time a secret is shown. No stray key press or click closes it. */
export function SecretDialog({ title, noun, label, secret, advice, onClose, children }: Props) {
  const styles = useStyles()
  return (
    <Modal
      title={title}
      actions={
        <Button appearance="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <Notice intent="warning" title={`This ${noun} is shown only now`}>
        <span>{advice}</span>
      </Notice>
      <div className={styles.part}>
        <Field label={label}>
          <Input
            readOnly
            input={{ className: styles.secret }}
            value={secret}
            onFocus={({ currentTarget }) => currentTarget.select()}
          />
        </Field>
        <CopyButton label={`Copy ${noun}`} text={secret} byHand={`select the ${noun} above.`} />
      </div>
      {children}
    </Modal>
  )
}
