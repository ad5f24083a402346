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

interface Props {
  title: string
  /** The labels of the two buttons. */
  confirm: string
  back?: string
  /** Colours the button as destructive. */
  danger: boolean
  pending: boolean
  error: Error | null
  onConfirm: () => void
  onClose: () => void
  /** What confirming leads to. */
  children: ReactNode
}

/** Asks for confirmation of something that cannot be undone. */
export function ConfirmDialog({ title, confirm, back, danger, pending, error, onConfirm, onClose, children }: Props) {
  const styles = useStyles()
  const t = useTranslate()
  return (
    <Modal
      title={title}
      onDismiss={onClose}
      actions={
        <>
          <Button
            appearance="primary"
            // A disabled button has no colour.
            className={danger && !pending ? styles.danger : undefined}
            icon={pending ? <Spinner size="tiny" aria-hidden /> : null}
            disabledFocusable={pending}
            onClick={onConfirm}
          >
            {confirm}
          </Button>
          <Button onClick={onClose}>{back ?? t('ui.cancel')}</Button>
        </>
      }
    >
      {children}
      <LiveRegion urgent>{error && <FailureBar error={error} />}</LiveRegion>
    </Modal>
  )
}

/** Lists the consequences of confirming, as `li` elements. */
export function Consequences({ children }: { children: ReactNode }) {
  return <ul className={useStyles().consequences}>{children}</ul>
}
