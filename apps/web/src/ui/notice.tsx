import {
  Button,
  makeStyles,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  MessageBarTitle,
  tokens,
} from '@fluentui/react-components'
import { DismissRegular } from '@fluentui/react-icons/svg/dismiss'
import { type ComponentProps, type ReactNode, useEffect, useRef } from 'react'
import { useTranslate } from '../language/language.tsx'
import { useMedia } from './use-media.ts'
import { failureText, problemCode } from '../api/failure.ts'
import { RequestId } from './values.tsx'
import { VISUALLY_HIDDEN } from './styles.ts'

const useStyles = makeStyles({
  body: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXS,
    overflowWrap: 'anywhere',
    paddingBottom: tokens.spacingVerticalXS,
  },
  outcome: { borderRadius: tokens.borderRadiusMedium },
  line: { minWidth: 0, whiteSpace: 'normal', overflowWrap: 'anywhere' },
  // A live region must be in the accessibility tree before its content changes; while it is empty it takes no space.
  region: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, ':empty': VISUALLY_HIDDEN },
})

/** In a window this wide, text and actions stand beside each other. */
const WIDE = '(min-width: 900px)'

export type Intent = 'success' | 'info' | 'warning' | 'error'

interface NoticeProps {
  intent: Intent
  title: string
  /** The language of the title, where it is not the page's. */
  lang?: string | undefined
  /** One or more lines, each in its own element. */
  children?: ReactNode
  icon?: ReactNode
  actions?: ReactNode
  onDismiss?: () => void
  /**
   * It takes one line where there is room for it. It does not measure itself, as the layout `auto` does: that neither
   * notices a text that grows later, nor what runs out of a page from right to left.
   */
  inLine?: boolean
}

/** A message bar: a title, then further lines below it. */
export function Notice({ intent, title, lang, children, icon, actions, onDismiss, inLine = false }: NoticeProps) {
  const styles = useStyles()
  const isWide = useMedia(WIDE)
  return (
    <MessageBar
      intent={intent}
      layout={inLine && isWide ? 'singleline' : 'multiline'}
      {...(icon ? { icon: <>{icon}</> } : {})}
    >
      <MessageBarBody className={inLine ? styles.line : styles.body}>
        <MessageBarTitle lang={lang}>{title}</MessageBarTitle>
        {children}
      </MessageBarBody>
      {(actions || onDismiss) && <BarActions onDismiss={onDismiss}>{actions}</BarActions>}
    </MessageBar>
  )
}

/** The actions of a message bar, and the button that dismisses it. */
export function BarActions({ onDismiss, children }: { onDismiss: (() => void) | undefined; children: ReactNode }) {
  const t = useTranslate()
  const dismiss = onDismiss && (
    <Button appearance="transparent" icon={<DismissRegular />} aria-label={t('ui.dismiss')} onClick={onDismiss} />
  )
  return <MessageBarActions {...(dismiss && { containerAction: dismiss })}>{children}</MessageBarActions>
}

/** The outcome of a button that has disappeared; it takes the focus so that the focus is not lost. */
export function FocusedNotice(props: ComponentProps<typeof Notice>) {
  const styles = useStyles()
  const element = useRef<HTMLDivElement>(null)
  useEffect(() => element.current?.focus(), [])
  return (
    <div ref={element} tabIndex={-1} className={styles.outcome}>
      <Notice {...props} />
    </div>
  )
}

/** What a person reads after an action. */
export interface ActionOutcome {
  readonly intent: Intent
  readonly title: string
  readonly lines?: readonly string[]
}

/** The outcome of an action, in one or more lines. */
export function OutcomeNotice({ outcome, onDismiss }: { outcome: ActionOutcome; onDismiss: () => void }) {
  return (
    <FocusedNotice intent={outcome.intent} title={outcome.title} onDismiss={onDismiss}>
      {outcome.lines?.map((line) => (
        <span key={line}>{line}</span>
      ))}
    </FocusedNotice>
  )
}

interface Props {
  error: Error
  /** Left out when another button retries. */
  onRetry?: () => void
  onDismiss?: () => void
  /** What the failure means for this page. */
  children?: ReactNode
}

/** Explains a failed call. It renders nothing when the session has ended, since a dialog says so. */
export function FailureBar({ error, onRetry, onDismiss, children }: Props) {
  const t = useTranslate()
  if (problemCode(error) === 'not-signed-in') return null
  const { title, detail, requestId, canRetry } = failureText(error, t)
  return (
    <Notice
      intent="error"
      title={title}
      actions={canRetry && onRetry && <Button onClick={onRetry}>{t('ui.retry')}</Button>}
      {...(onDismiss && { onDismiss })}
    >
      <span>{detail}</span>
      {children}
      <RequestId value={requestId} label={t('ui.request-id')} />
    </Notice>
  )
}

/** A screen reader announces whatever appears here. With `urgent`, it interrupts what it is reading. */
export function LiveRegion({ urgent = false, children }: { urgent?: boolean; children: ReactNode }) {
  return (
    <div aria-live={urgent ? 'assertive' : 'polite'} className={useStyles().region}>
      {children}
    </div>
  )
}
