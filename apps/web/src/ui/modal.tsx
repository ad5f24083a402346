import { makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components'
import { type ReactNode, useId, useLayoutEffect, useRef } from 'react'

const useStyles = makeStyles({
  modal: {
    boxSizing: 'border-box',
    padding: 0,
    border: `1px solid ${tokens.colorTransparentStroke}`,
    backgroundColor: tokens.colorNeutralBackground1,
    color: tokens.colorNeutralForeground1,
    boxShadow: tokens.shadow64,
    outlineStyle: 'none',
    overscrollBehavior: 'contain',
    '::backdrop': { backgroundColor: 'rgba(0, 0, 0, 0.4)' },
    '@media (prefers-reduced-motion: no-preference)': {
      animationDuration: tokens.durationNormal,
      animationTimingFunction: tokens.curveDecelerateMid,
    },
  },
  center: {
    width: '600px',
    maxWidth: `calc(100vw - 2 * ${tokens.spacingHorizontalL})`,
    borderRadius: tokens.borderRadiusXLarge,
    animationName: { from: { opacity: 0, transform: 'scale(0.96)' } },
  },
  start: {
    width: '280px',
    maxWidth: '90vw',
    height: '100dvh',
    maxHeight: 'none',
    margin: 0,
    animationName: { from: { transform: 'translateX(-100%)' } },
  },
  content: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalL,
    padding: tokens.spacingHorizontalXXL,
    overflowWrap: 'anywhere', // a title may name a host or an address that is longer than a narrow window
  },
  startContent: { padding: tokens.spacingHorizontalL },
  title: { ...typographyStyles.subtitle1, margin: 0 },
  actions: { display: 'flex', flexWrap: 'wrap', justifyContent: 'flex-end', gap: tokens.spacingHorizontalM },
})

interface Props {
  title: string
  children: ReactNode
  actions?: ReactNode
  placement?: 'center' | 'start'
  /** Nothing is entered or shown in it that would be lost with it. */
  holdsNothing?: boolean
  /** Called on Escape and on a click outside. Without it, only the actions close the dialog. */
  onDismiss?: () => void
}

/** The browser's own modal dialog, open while it is rendered: it makes the rest of the page inert and returns the focus. */
export function Modal({ title, children, actions, placement = 'center', holdsNothing = false, onDismiss }: Props) {
  const styles = useStyles()
  const titleId = useId()
  const dialog = useRef<HTMLDialogElement>(null)

  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    // Focus the dialog, not its first button, so that it is announced from its title on and Enter does nothing yet.
    element?.focus()
    // Close it before it leaves the document; otherwise the focus is lost.
    return () => element?.close()
  }, [])

  return (
    <dialog
      ref={dialog}
      tabIndex={-1}
      data-holds-nothing={holdsNothing || undefined}
      closedby={onDismiss ? 'any' : 'none'}
      aria-labelledby={titleId}
      className={mergeClasses(styles.modal, placement === 'center' ? styles.center : styles.start)}
      onCancel={(event) => {
        event.preventDefault()
        onDismiss?.()
      }}
      // Browsers close the dialog on a second Escape even if the first was prevented.
      onClose={() => dialog.current?.showModal()}
    >
      <div className={mergeClasses(styles.content, placement === 'start' && styles.startContent)}>
        <h2 id={titleId} className={styles.title}>
          {title}
        </h2>
        {children}
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
    </dialog>
  )
}
