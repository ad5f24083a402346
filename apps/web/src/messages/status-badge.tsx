import { Badge, type BadgeProps, makeStyles } from '@fluentui/react-components'
import { CalendarClockRegular } from '@fluentui/react-icons/svg/calendar-clock'
import { CheckmarkCircleRegular } from '@fluentui/react-icons/svg/checkmark-circle'
import { ClockRegular } from '@fluentui/react-icons/svg/clock'
import { ErrorCircleRegular } from '@fluentui/react-icons/svg/error-circle'
import { PauseCircleRegular } from '@fluentui/react-icons/svg/pause-circle'
import { ProhibitedRegular } from '@fluentui/react-icons/svg/prohibited'
import { SendRegular } from '@fluentui/react-icons/svg/send'
import type { MessageStatus } from '@inforiver-mail/contract/message'
import type { ComponentType } from 'react'
import { STATUS_LABELS } from './message-words.ts'

const LOOKS = {
  scheduled: { color: 'informative', Icon: CalendarClockRegular },
  queued: { color: 'informative', Icon: ClockRegular },
  sending: { color: 'brand', Icon: SendRegular },
  sent: { color: 'success', Icon: CheckmarkCircleRegular },
  failed: { color: 'danger', Icon: ErrorCircleRegular },
  held: { color: 'warning', Icon: PauseCircleRegular },
  cancelled: { color: 'subtle', Icon: ProhibitedRegular },
} as const satisfies Record<MessageStatus, { color: BadgeProps['color']; Icon: ComponentType }>

const useStyles = makeStyles({
  badge: { whiteSpace: 'nowrap', flexShrink: 0 }, // its height is that of one line
})

export function StatusBadge({ status, size }: { status: MessageStatus; size: 'medium' | 'large' }) {
  const styles = useStyles()
  const { color, Icon } = LOOKS[status]
  return (
    <Badge className={styles.badge} appearance="tint" size={size} color={color} icon={<Icon aria-hidden />}>
      {STATUS_LABELS[status]}
    </Badge>
  )
}
