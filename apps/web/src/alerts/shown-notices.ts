import type { AlertType, Notice } from '@inforiver-mail/contract/notice'
import { PAGES } from '../routes.ts'

interface NoticeDisplay {
  readonly intent: 'success' | 'warning' | 'error'
  /** Where to see more or act on it. */
  readonly link: { readonly label: string; readonly href: string }
}

const SETTINGS = { label: 'Open Settings', href: PAGES.office365Smtp }

export const NOTICE_DISPLAY = {
  'mailbox.reconnect-required': { intent: 'error', link: SETTINGS },
  'mailbox.app-misconfigured': { intent: 'error', link: SETTINGS },
  'mailbox.recovered': { intent: 'success', link: SETTINGS },
  'messages.failed': {
    intent: 'warning',
    link: { label: 'Show failed messages', href: `${PAGES.messages}?status=failed` },
  },
  'queue.stalled': {
    intent: 'warning',
    link: { label: 'Show queued messages', href: `${PAGES.messages}?status=queued` },
  },
  'quota.exceeded': { intent: 'warning', link: SETTINGS },
  'secret.expiring': { intent: 'warning', link: SETTINGS },
} as const satisfies Record<AlertType, NoticeDisplay>

/** Types that the settings page already shows in full, for as long as they apply. */
const SHOWN_BY_SETTINGS: ReadonlySet<AlertType> = new Set([
  'mailbox.reconnect-required',
  'mailbox.app-misconfigured',
  'mailbox.recovered',
  'secret.expiring',
])

/** The notices to show on a page, without those that the page itself shows. */
export function noticesOn(path: string, notices: readonly Notice[]): readonly Notice[] {
  return path === PAGES.office365Smtp ? notices.filter(({ type }) => !SHOWN_BY_SETTINGS.has(type)) : notices
}
