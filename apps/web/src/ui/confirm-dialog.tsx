import { Button, makeStyles, Spinner, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { useTranslate } from '../language/language.tsx'
import { FailureBar } from './failure-bar.tsx'
import { LiveRegion } from './live-region.tsx'
import { Modal } from './modal.tsx'

const useStyles = makeStyles({
  consequences: {
    margin: 0,
    paddingInlineStart: tokens.spacingHorizontalXL,
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

/** What a question is asked with, such as a count: nobody can confirm it before that has been read. */
export interface NeededRead {
  readonly isPending: boolean
  readonly error: Error | null
  readonly onRetry: () => void
}

interface Props {
  title: string
  /** The labels of the two buttons. */
  confirm: string
  back?: string
  /** Colours the button as destructive. */
  danger: boolean
  /** The action runs: nothing closes the dialog until its outcome is known. */
  pending: boolean
  needs?: NeededRead
  error: Error | null
  onConfirm: () => void
  onClose: () => void
  /** What confirming leads to. */
  children: ReactNode
}

/** Asks for confirmation of something that cannot be undone. */
export function ConfirmDialog(props: Props) {
  const { title, confirm, back, danger, pending, needs, error, onConfirm, onClose, children } = props
  const styles = useStyles()
  const t = useTranslate()
  const isReading = needs?.isPending === true
  const mayConfirm = !pending && !isReading && !needs?.error
  return (
    <Modal
      title={title}
      holdsNothing={!pending} // a request that waits for a session is lost with the page
      {...(!pending && { onDismiss: onClose })}
      actions={
        <>
          <Button
            appearance="primary"
            // A disabled button has no colour.
            className={danger && mayConfirm ? styles.danger : undefined}
            icon={pending || isReading ? <Spinner size="tiny" aria-hidden /> : null}
            disabledFocusable={!mayConfirm}
            onClick={() => mayConfirm && onConfirm()}
          >
            {confirm}
          </Button>
          <Button disabledFocusable={pending} onClick={onClose}>
            {back ?? t('ui.cancel')}
          </Button>
        </>
      }
    >
      {children}
      <LiveRegion urgent>
        {needs?.error && <FailureBar error={needs.error} onRetry={needs.onRetry} />}
        {error && <FailureBar error={error} />}
      </LiveRegion>
    </Modal>
  )
}

/** Lists the consequences of confirming, as `li` elements. */
export function Consequences({ children }: { children: ReactNode }) {
  return <ul className={useStyles().consequences}>{children}</ul>
}
