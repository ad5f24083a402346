import type { AlertType, Notice } from '@inforiver-mail/contract/notice'
import { PAGES } from '../routes.ts'

interface NoticeDisplay {
  readonly intent: 'success' | 'warning' | 'error'
  /** Where to see more or act on it. */
  readonly href: string
}

export const NOTICE_DISPLAY = {
  'mailbox.reconnect-required': { intent: 'error', href: PAGES.office365Smtp },
  'mailbox.app-misconfigured': { intent: 'error', href: PAGES.office365Smtp },
  'mailbox.recovered': { intent: 'success', href: PAGES.office365Smtp },
  'messages.failed': { intent: 'warning', href: `${PAGES.messages}?status=failed` },
  'queue.stalled': { intent: 'warning', href: `${PAGES.messages}?status=queued` },
  'quota.exceeded': { intent: 'warning', href: PAGES.office365Smtp },
  'secret.expiring': { intent: 'warning', href: PAGES.office365Smtp },
} as const satisfies Record<AlertType, NoticeDisplay>

/** Types that the settings page already shows in full, for as long as they apply. */
const SHOWN_BY_SETTINGS: ReadonlySet<AlertType> = new Set([
  'mailbox.reconnect-required',
  'mailbox.app-misconfigured',
  'mailbox.recovered',
  'secret.expiring',
])

/** How many notices are shown before the others are unfolded. */
const UNFOLDED = 2

/** The notices to show on a page, without those that the page itself shows. */
export function noticesOn(path: string, notices: readonly Notice[]): readonly Notice[] {
  return path === PAGES.office365Smtp ? notices.filter(({ type }) => !SHOWN_BY_SETTINGS.has(type)) : notices
}

const URGENCY = { error: 0, warning: 1, success: 2 } as const

/** Two notices, the most urgent and newest, and how many there are besides; all of them once they are unfolded. */
export function fold(
  notices: readonly Notice[],
  isUnfolded: boolean,
): { readonly shown: readonly Notice[]; readonly more: number } {
  const urgency = ({ type }: Notice) => URGENCY[NOTICE_DISPLAY[type].intent]
  const sorted = notices.toSorted((one, other) => urgency(one) - urgency(other))
  const more = Math.max(0, notices.length - UNFOLDED)
  return { shown: isUnfolded ? sorted : sorted.slice(0, UNFOLDED), more }
}
