import {
  Button,
  Field,
  Input,
  makeStyles,
  mergeClasses,
  Spinner,
  tokens,
  typographyStyles,
} from '@fluentui/react-components'
import type { QueryKey, UseMutationResult } from '@tanstack/react-query'
import { type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from 'react'
import { useRemoval } from '../api/mutations.ts'
import { useTranslate } from '../language/language.tsx'
import { FailureBar, LiveRegion, Notice } from './notice.tsx'
import { CopyButton } from './values.tsx'

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
  form: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalL },
  part: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalS },
  secret: { fontFamily: tokens.fontFamilyMonospace },
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

/** What a question is asked with, such as a count: nobody can confirm it before that has been read. */
export interface NeededRead {
  readonly isPending: boolean
  readonly error: Error | null
  readonly onRetry: () => void
}

export interface ConfirmDialogProps {
  title: string
  /** The labels of the two buttons. */
  confirm: string
  back?: string
  /** Colours the button as destructive. */
  danger: boolean
  /** What confirming does. While it runs, nothing closes the dialog until its outcome is known. */
  action: Pick<UseMutationResult, 'isPending' | 'error'>
  needs?: NeededRead
  onConfirm: () => void
  onClose: () => void
  /** What confirming leads to. */
  children: ReactNode
}

/** Asks for confirmation of something that cannot be undone. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { title, confirm, back, danger, needs, onConfirm, onClose, children } = props
  const { isPending: pending, error } = props.action
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
            onClick={onConfirm}
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

interface RemovalDialogProps extends Pick<ConfirmDialogProps, 'title' | 'confirm' | 'onClose' | 'children'> {
  /** The list that it is removed from. */
  query: { readonly queryKey: QueryKey }
  id: string
  remove: (id: string) => Promise<unknown>
  onRemoved: () => void
}

/** Asks before an item of a list is removed. Its consequences are `li` elements. */
export function RemovalDialog({ query, id, remove, onRemoved, children, ...question }: RemovalDialogProps) {
  const removal = useRemoval({ queryKey: query.queryKey, remove, onRemoved })
  return (
    <ConfirmDialog {...question} danger action={removal} onConfirm={() => removal.mutate(id)}>
      <Consequences>{children}</Consequences>
    </ConfirmDialog>
  )
}

interface FormDialogProps {
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
export function FormDialog(props: FormDialogProps) {
  const { title, submit, pending, waiting = false, error, onSubmit, onClose, children } = props
  const styles = useStyles()
  const t = useTranslate()
  const formId = useId()
  const maySubmit = !pending && !waiting
  const form = useRef<HTMLFormElement>(null)
  // The dialog has had the focus already, so its title is announced before the first field.
  useEffect(() => form.current?.querySelector('input')?.focus(), [])
  // To the first field that does not hold what it should, as the form or the API says.
  const [submits, setSubmits] = useState(0)
  useEffect(() => {
    if (submits === 0 || pending) return
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [data-faulty] input')?.focus()
  }, [submits, pending])
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
          if (!maySubmit) return
          onSubmit()
          setSubmits(submits + 1)
        }}
      >
        {children}
      </form>
      <LiveRegion urgent>{error && <FailureBar error={error} />}</LiveRegion>
    </Modal>
  )
}

interface SecretDialogProps {
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
export function SecretDialog({ title, kind, label, secret, advice, onClose, children }: SecretDialogProps) {
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
