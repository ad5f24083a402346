import type { AlertType, Notice } from '@inforiver-mail/contract/notice'
import { messagesUrl, PAGES } from '../routes.ts'

interface NoticeDisplay {
  readonly intent: 'success' | 'warning' | 'error'
  /** Where to see more or act on it. */
  readonly hrefOf: (notice: Pick<Notice, 'values'>) => string
}

const toSettings = () => PAGES.office365Smtp

export const NOTICE_DISPLAY = {
  'mailbox.reconnect-required': { intent: 'error', hrefOf: toSettings },
  'mailbox.app-misconfigured': { intent: 'error', hrefOf: toSettings },
  'mailbox.recovered': { intent: 'success', hrefOf: toSettings },
  'messages.failed': { intent: 'warning', hrefOf: (notice) => messagesUrl(failedOf(notice)) },
  'queue.stalled': { intent: 'warning', hrefOf: () => messagesUrl({ status: 'queued' }) },
  'quota.exceeded': { intent: 'warning', hrefOf: toSettings },
  'secret.expiring': { intent: 'warning', hrefOf: toSettings },
} as const satisfies Record<AlertType, NoticeDisplay>

/** The messages that a notice about failed ones counts: those since the first of them that still are failed. */
export function failedOf({ values: { since } }: Pick<Notice, 'values'>): { status: 'failed'; failedFrom?: string } {
  return { status: 'failed', ...(typeof since === 'string' && { failedFrom: since }) }
}

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
