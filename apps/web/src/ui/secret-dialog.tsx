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
  /** The kind of secret, such as `key`. */
  noun: string
  label: string
  secret: string
  /** Says where to keep it. */
  advice: string
  onClose: () => void
  /** Says how to use it. */
  children: ReactNode
}

/** Shows a secret for the only time, so neither Escape nor a click outside closes it. */
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
        <CopyButton label={`Copy ${noun}`} text={secret} fallback={`select the ${noun} above.`} />
      </div>
      {children}
    </Modal>
  )
}
