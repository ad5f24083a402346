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
  /** What Escape and a click beside it do; without it, only the actions lead out. */
  onDismiss?: () => void
}

/** A dialog while it is rendered. The browser's own: it makes the rest of the page inert and gives the focus back. */
export function Modal({ title, children, actions, placement = 'center', onDismiss }: Props) {
  const styles = useStyles()
  const titleId = useId()
  const dialog = useRef<HTMLDialogElement>(null)

  useLayoutEffect(() => {
    const element = dialog.current
    element?.showModal()
    // On the dialog rather than on its first button: it is read out from the title on, and Enter does nothing yet.
    element?.focus()
    // Closed before it leaves the document, or the focus would be lost with it.
    return () => element?.close()
  }, [])

  return (
    <dialog
      ref={dialog}
      tabIndex={-1}
      closedby={onDismiss ? 'any' : 'none'}
      aria-labelledby={titleId}
      className={mergeClasses(styles.modal, placement === 'center' ? styles.center : styles.start)}
      onCancel={(event) => {
        event.preventDefault()
        onDismiss?.()
      }}
      // A browser closes it after the second Escape, whatever the first was told.
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
