import { Button, makeStyles, Spinner, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { FailureBar } from './failure-bar.tsx'
import { Modal } from './modal.tsx'
import { LiveRegion } from './live-region.tsx'

const useStyles = makeStyles({
  consequences: {
    margin: 0,
    paddingLeft: tokens.spacingHorizontalXL,
    display: 'grid',
    gap: tokens.spacingVerticalS,
    overflowWrap: 'anywhere',
  },
  danger: {
    backgroundColor: tokens.colorStatusDangerBackground3,
    ':hover': { backgroundColor: tokens.colorStatusDangerBackground3Hover },
    ':hover:active,:active:focus-visible': { backgroundColor: tokens.colorStatusDangerBackground3Pressed },
  },
})

interface Props {
  /** The question. */
  title: string
  /** What its buttons say. */
  confirm: string
  back?: string
  /** Something is lost by it: its button looks like that. */
  danger: boolean
  pending: boolean
  error: Error | null
  onConfirm: () => void
  onClose: () => void
  /** What it comes to, each an element of its own. */
  children: ReactNode
}

/** Asks before something that cannot be undone. */
export function ConfirmDialog({
  title,
  confirm,
  back = 'Cancel',
  danger,
  pending,
  error,
  onConfirm,
  onClose,
  children,
}: Props) {
  const styles = useStyles()
  return (
    <Modal
      title={title}
      onDismiss={onClose}
      actions={
        <>
          <Button
            appearance="primary"
            // Without the colour while it is disabled, as any other.
            className={danger && !pending ? styles.danger : undefined}
            icon={pending ? <Spinner size="tiny" aria-hidden /> : null}
            disabledFocusable={pending}
            onClick={onConfirm}
          >
            {confirm}
          </Button>
          <Button onClick={onClose}>{back}</Button>
        </>
      }
    >
      {children}
      <LiveRegion urgent>{error && <FailureBar error={error} />}</LiveRegion>
    </Modal>
  )
}

/** What confirming comes to, as list items. */
export function Consequences({ children }: { children: ReactNode }) {
  return <ul className={useStyles().consequences}>{children}</ul>
}
