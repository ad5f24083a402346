import { Button, Field, Input, makeStyles, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { useTranslate } from '../language/language.tsx'
import { CopyButton } from './copy-button.tsx'
import { Modal } from './modal.tsx'
import { Notice } from './notice.tsx'

const useStyles = makeStyles({
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
  secret: { fontFamily: tokens.fontFamilyMonospace },
})

interface Props {
  title: string
  kind: 'key' | 'secret'
  label: string
  secret: string
  /** Says where to keep it. */
  advice: string
  onClose: () => void
  /** Says how to use it. */
  children: ReactNode
}

/** Shows a secret for the only time, so neither Escape nor a click outside closes it. */
export function SecretDialog({ title, kind, label, secret, advice, onClose, children }: Props) {
  const styles = useStyles()
  const t = useTranslate()
  return (
    <Modal
      title={title}
      actions={
        <Button appearance="primary" onClick={onClose}>
          {t('ui.done')}
        </Button>
      }
    >
      <Notice intent="warning" title={t(`ui.secret.${kind}.title`)}>
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
        <CopyButton label={t(`ui.secret.${kind}.copy`)} text={secret} fallback={t(`ui.secret.${kind}.select`)} />
      </div>
      {children}
    </Modal>
  )
}
