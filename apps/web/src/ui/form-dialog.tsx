import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { useTranslate } from '../language/language.tsx'
import { FailureBar } from './failure-bar.tsx'
import { LiveRegion } from './live-region.tsx'
import { Modal } from './modal.tsx'

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL },
})

interface Props {
  title: string
  submit: string
  /** What was entered is being saved: nothing closes the dialog until the outcome is known. */
  pending: boolean
  /** What the form starts from is still being read. */
  waiting?: boolean
  /** A failure that the fields do not show themselves. */
  error: Error | null
  onSubmit: () => void
  onClose: () => void
  children: ReactNode
}

/** A form that creates something. Validation is up to `onSubmit`, with the messages of the contract. */
export function FormDialog(props: Props) {
  const { title, submit, pending, waiting = false, error, onSubmit, onClose, children } = props
  const styles = useStyles()
  const t = useTranslate()
  const formId = useId()
  const maySubmit = !pending && !waiting
  const form = useRef<HTMLFormElement>(null)
  // The dialog has had the focus already, so its title is announced before the first field.
  useEffect(() => form.current?.querySelector('input')?.focus(), [])
  return (
    <Modal
      title={title}
      {...(!pending && { onDismiss: onClose })}
      actions={
        <>
          <Button type="submit" form={formId} appearance="primary" disabledFocusable={!maySubmit}>
            {submit}
          </Button>
          <Button disabledFocusable={pending} onClick={onClose}>
            {t('ui.cancel')}
          </Button>
        </>
      }
    >
      <form
        ref={form}
        id={formId}
        noValidate
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          if (maySubmit) onSubmit()
        }}
      >
        {children}
      </form>
      <LiveRegion urgent>{error && <FailureBar error={error} />}</LiveRegion>
    </Modal>
  )
}
