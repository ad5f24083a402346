import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { type ReactNode, useEffect, useId, useRef } from 'react'
import { FailureBar } from './failure-bar.tsx'
import { Modal } from './modal.tsx'
import { LiveRegion } from './live-region.tsx'

const useStyles = makeStyles({
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL },
})

interface Props {
  title: string
  submit: string
  pending: boolean
  /** What its fields do not show already. */
  error: Error | null
  onSubmit: () => void
  onClose: () => void
  /** The fields. */
  children: ReactNode
}

/** A form for something new. It judges its input itself, in the contract's words. */
export function FormDialog({ title, submit, pending, error, onSubmit, onClose, children }: Props) {
  const styles = useStyles()
  const formId = useId()
  const form = useRef<HTMLFormElement>(null)
  // What there is to do first. The dialog had the focus before, so that its title is read out as well.
  useEffect(() => form.current?.querySelector('input')?.focus(), [])
  return (
    <Modal
      title={title}
      onDismiss={onClose}
      actions={
        <>
          <Button type="submit" form={formId} appearance="primary" disabledFocusable={pending}>
            {submit}
          </Button>
          <Button onClick={onClose}>Cancel</Button>
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
          if (!pending) onSubmit()
        }}
      >
        {children}
      </form>
      <LiveRegion urgent>{error && <FailureBar error={error} />}</LiveRegion>
    </Modal>
  )
}
