import { Delivery, MessageStatus } from '@inforiver-mail/contract/message'
import { exportMessages, MessageFilter } from '@inforiver-mail/contract/message-list'
import { beginningOf, type DayRange, readDay } from '../ui/days.ts'

/** The filter as chosen on the page and kept in its address. Empty means any. */
export interface PageFilter extends DayRange {
  readonly search: string
  readonly status: MessageStatus | ''
  readonly service: string
  readonly problem: string
  readonly delivery: Delivery | ''
  readonly recipient: string
  readonly subject: string
  readonly reference: string
  readonly possibleDuplicate: boolean
  /** A moment, which links of other pages give. */
  readonly failedFrom: string
}

/** Those whose value is a text. */
export const TEXT_FILTERS = ['service', 'problem', 'recipient', 'subject', 'reference'] as const

export const MAX_TEXT_CHARACTERS = 512

/** The names that a filter has in an address, where they differ. */
const NAMES = { fromDay: 'from', toDay: 'to' } as const

/** The parameter of the day that the list is shown from; it is no filter, since newer messages stay above it. */
const DAY_SHOWN = 'day'

/** Reads the filter from the address of the page and ignores whatever is not valid. */
export function readPageFilter(search: URLSearchParams): PageFilter {
  const text = (name: string) => (search.get(name) ?? '').trim().slice(0, MAX_TEXT_CHARACTERS)
  return {
    search: text('search'),
    status: MessageStatus.safeParse(search.get('status')).data ?? '',
    service: text('service'),
    problem: text('problem'),
    delivery: Delivery.safeParse(search.get('delivery')).data ?? '',
    recipient: text('recipient'),
    subject: text('subject'),
    reference: text('reference'),
    fromDay: readDay(search.get('from')),
    toDay: readDay(search.get('to')),
    possibleDuplicate: search.get('possibleDuplicate') === 'true',
    failedFrom: MessageFilter.safeParse({ failedFrom: search.get('failedFrom') }).data?.failedFrom ?? '',
  }
}

/** The day that the list is shown from, such as `2026-11-24`; empty for the newest message. */
export function readDayShown(search: URLSearchParams): string {
  return readDay(search.get(DAY_SHOWN))
}

/** The parameters for the address of the page; what is not chosen is left out. */
export function writeAddress(filter: PageFilter, dayShown: string): Record<string, string> {
  const chosen = Object.entries({ ...filter, [DAY_SHOWN]: dayShown })
    .filter(([, value]) => value !== '' && value !== false)
    .map(([name, value]) => [name in NAMES ? NAMES[name as keyof typeof NAMES] : name, String(value)])
  return Object.fromEntries(chosen)
}

/** Returns the filter for the API. The last day is included, so `submittedTo` is the beginning of the next one. */
export function toApiFilter(filter: PageFilter): MessageFilter {
  const { search, status, delivery, fromDay, toDay, possibleDuplicate, failedFrom } = filter
  const texts = TEXT_FILTERS.filter((name) => filter[name] !== '').map((name) => [name, filter[name]])
  return {
    ...(search && !isTooShort(filter) && { search }),
    ...(status && { status }),
    ...(delivery && { delivery }),
    ...Object.fromEntries(texts),
    ...(fromDay && { submittedFrom: beginningOf(fromDay).toISOString() }),
    ...(toDay && { submittedTo: beginningOf(toDay, 1).toISOString() }),
    ...(possibleDuplicate && { possibleDuplicate }),
    ...(failedFrom && { failedFrom }),
  }
}

/** Too few characters to search for are left out until there are more. */
export function isTooShort({ search }: PageFilter): boolean {
  return search !== '' && !MessageFilter.safeParse({ search }).success
}

export function exportUrl(filter: MessageFilter): string {
  const search = new URLSearchParams(Object.entries(filter).map(([name, value]) => [name, String(value)])).toString()
  return search ? `${exportMessages.path}?${search}` : exportMessages.path
}
