import { Badge, type BadgeProps, makeStyles, ProgressBar, tokens } from '@fluentui/react-components'
import { CalendarClockRegular } from '@fluentui/react-icons/svg/calendar-clock'
import { CheckmarkCircleRegular } from '@fluentui/react-icons/svg/checkmark-circle'
import { ClockRegular } from '@fluentui/react-icons/svg/clock'
import { ErrorCircleRegular } from '@fluentui/react-icons/svg/error-circle'
import { PauseCircleRegular } from '@fluentui/react-icons/svg/pause-circle'
import { ProhibitedRegular } from '@fluentui/react-icons/svg/prohibited'
import { SendRegular } from '@fluentui/react-icons/svg/send'
import type { Message, MessageStatus } from '@inforiver-mail/contract/message'
import { type ComponentType, useState } from 'react'
import { useTranslate } from '../language/language.tsx'
import { VISUALLY_HIDDEN } from '../ui/styles.ts'
import { progressText, uploadAnnouncement } from './message-text.ts'

const useStyles = makeStyles({
  badge: { whiteSpace: 'nowrap', flexShrink: 0 }, // a badge is one line high
  progress: {
    display: 'flex',
    flexDirection: 'column',
    gap: tokens.spacingVerticalXS,
    width: '100%',
    minWidth: '96px',
    maxWidth: '240px',
  },
  text: { whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' },
  // The progress bar shows the same.
  hidden: VISUALLY_HIDDEN,
})

const BADGES = {
  scheduled: { color: 'informative', Icon: CalendarClockRegular },
  queued: { color: 'informative', Icon: ClockRegular },
  sending: { color: 'brand', Icon: SendRegular },
  sent: { color: 'success', Icon: CheckmarkCircleRegular },
  failed: { color: 'danger', Icon: ErrorCircleRegular },
  held: { color: 'warning', Icon: PauseCircleRegular },
  cancelled: { color: 'subtle', Icon: ProhibitedRegular },
} as const satisfies Record<MessageStatus, { color: BadgeProps['color']; Icon: ComponentType }>

export function StatusBadge({ status, size }: { status: MessageStatus; size: 'medium' | 'large' }) {
  const styles = useStyles()
  const t = useTranslate()
  const { color, Icon } = BADGES[status]
  return (
    <Badge className={styles.badge} appearance="tint" size={size} color={color} icon={<Icon aria-hidden />}>
      {t(`messages.status.${status}`)}
    </Badge>
  )
}

interface UploadProgressProps {
  progress: NonNullable<Message['progress']>
  /** Names the upload for screen readers. */
  label: string
}

/** Shows how much of the attachments is uploaded. */
export function UploadProgress({ progress, label }: UploadProgressProps) {
  const styles = useStyles()
  const text = progressText(progress, useTranslate())
  const { sentBytes, totalBytes } = progress
  return (
    <div className={styles.progress}>
      <span className={styles.text}>{text}</span>
      <ProgressBar thickness="large" aria-label={label} aria-valuetext={text} value={sentBytes} max={totalBytes} />
    </div>
  )
}

/** Announces the progress of an upload a few times, if it was seen running on this page. */
export function UploadAnnouncement({ message }: { message: Message }) {
  const styles = useStyles()
  const t = useTranslate()
  const [watched, setWatched] = useState(false)
  if (message.progress && !watched) setWatched(true)
  return (
    <div aria-live="polite" className={styles.hidden}>
      {watched && uploadAnnouncement(message, t)}
    </div>
  )
}
