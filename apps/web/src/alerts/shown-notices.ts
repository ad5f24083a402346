import { type AlertType, CAUSE_VALUE, type Notice, SERVICE_VALUE } from '@inforiver-mail/contract/notice'
import type { InLanguage } from '../api/server-text.ts'
import type { TextValues, Translate } from '../language/translate.ts'
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
  'mailbox.refused': { intent: 'error', hrefOf: toSettings },
  'mailbox.token-refused': { intent: 'error', hrefOf: toSettings },
  'mailbox.recovered': { intent: 'success', hrefOf: toSettings },
  'messages.failed': { intent: 'warning', hrefOf: (notice) => messagesUrl(failedOf(notice)) },
  'microsoft.unreachable': { intent: 'error', hrefOf: () => messagesUrl({ status: 'queued' }) },
  'microsoft.recovered': { intent: 'success', hrefOf: () => messagesUrl({ status: 'queued' }) },
  'queue.stalled': { intent: 'warning', hrefOf: () => messagesUrl({ status: 'queued' }) },
  'quota.exceeded': { intent: 'warning', hrefOf: toSettings },
  'secret.expiring': { intent: 'warning', hrefOf: toSettings },
  'storage.nearly-full': { intent: 'warning', hrefOf: () => PAGES.messages },
  'storage.recovered': { intent: 'success', hrefOf: () => PAGES.messages },
} as const satisfies Record<AlertType, NoticeDisplay>

/** The messages that a notice about failed ones counts: those since the first of them that still are failed. */
export function failedOf({ values: { since } }: Pick<Notice, 'values'>): { status: 'failed'; failedFrom?: string } {
  return { status: 'failed', ...(typeof since === 'string' && { failedFrom: since }) }
}

/** Types that the settings page already shows in full, for as long as they apply. */
const SHOWN_BY_SETTINGS: ReadonlySet<AlertType> = new Set([
  'mailbox.reconnect-required',
  'mailbox.app-misconfigured',
  'mailbox.refused',
  'mailbox.token-refused',
  'mailbox.recovered',
  'quota.exceeded',
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

/** How many causes, or services, fit into a line. */
const CAUSES = 2
const BYTES_PER_MB = 1024 * 1024

/** A notice in one line, in the page's language; the server's English where the page has no words for it. */
export function noticeLine(
  { type, values, title }: Pick<Notice, 'type' | 'values' | 'title'>,
  t: Translate,
): { readonly text: string } & InLanguage {
  const texts = Object.entries(values).filter(([, value]) => typeof value === 'string' || typeof value === 'number')
  const byDraft = values['byDraft'] === true ? 'yes' : 'no'
  // A type that only a newer version knows comes as the nearest known one.
  const isNewer = values['newer'] !== undefined
  const worded = isNewer
    ? null
    : t.known(`notices.${type}.title`, { ...(Object.fromEntries(texts) as TextValues), byDraft })
  const causes = type === 'messages.failed' ? causesOf(values, t) : servicesOf(values, t)
  if (worded === null && t.language !== 'en') return { text: title, lang: 'en' }
  if (isNewer || causes === '') return { text: worded ?? title }
  return { text: t('notices.because', { title: worded ?? title, causes }) }
}

/** The services that hold most of the storage. */
function servicesOf(values: Notice['values'], t: Translate): string {
  return numbersOf(values, SERVICE_VALUE)
    .slice(0, CAUSES)
    .map(({ name, count }) => t('notices.service', { service: name, megabytes: Math.round(count / BYTES_PER_MB) }))
    .join(', ')
}

/** The numbers that a notice has under names with this beginning, the largest first. */
function numbersOf(values: Notice['values'], prefix: string): { readonly name: string; readonly count: number }[] {
  return Object.entries(values)
    .flatMap(([name, count]) =>
      name.startsWith(prefix) && typeof count === 'number' ? [{ name: name.slice(prefix.length), count }] : [],
    )
    .toSorted((one, other) => other.count - one.count)
}

/** The most frequent causes with their counts, and how many failed for others: together as many as the notice counts. */
function causesOf(values: Notice['values'], t: Translate): string {
  const all = Number(values['count'])
  const named = numbersOf(values, CAUSE_VALUE).slice(0, CAUSES)
  const others = all - named.reduce((sum, { count }) => sum + count, 0)
  if (named.length === 0) return ''
  return [
    ...named.map(({ name: code, count }) => {
      const cause = t.known(`overview.cause.${code}`) ?? code
      return count === all ? cause : t('notices.cause', { cause, count })
    }),
    ...(others > 0 ? [t('notices.other-causes', { count: others })] : []),
  ].join(', ')
}
