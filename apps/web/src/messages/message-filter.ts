import { Delivery, MessageStatus } from '@inforiver-mail/contract/message'
import { MessageFilter } from '@inforiver-mail/contract/message-list'
import type { Translate } from '../language/translate.ts'
import { beginningOf, type DayRange, readDay } from '../ui/days.ts'
import { serviceNamed, serviceText } from './message-text.ts'

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

/** The filters whose value is a text. */
const TEXT_FILTERS = ['service', 'problem', 'recipient', 'subject', 'reference'] as const

export const MAX_TEXT_CHARACTERS = 512

/** The names that a filter has in an address, where they differ. */
const NAMES = { fromDay: 'from', toDay: 'to' } as const

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

/** The parameters of the address that `readPageFilter` ignores, as they stand there. */
export function ignoredParameters(search: URLSearchParams): string[] {
  const read = writeAddress(readPageFilter(search), readPlace(search))
  return [...search]
    .filter(
      ([name, value]) => value.trim() !== '' && !(name in read) && !(name === 'possibleDuplicate' && value === 'false'),
    )
    .map(([name, value]) => `${name}=${value}`.slice(0, 100))
}

/** Which page of the list is shown; both are empty for the newest messages. */
export interface ListPlace {
  /** The day whose newest message the page begins with, such as `2026-11-24`. */
  readonly day: string
  /** A cursor of the API. */
  readonly cursor: string
}

/** Reads from the address which page of the list is shown. */
export function readPlace(search: URLSearchParams): ListPlace {
  return { day: readDay(search.get('day')), cursor: search.get('cursor') ?? '' }
}

/** The parameters for the address of the page; what is not chosen is left out. */
export function writeAddress(filter: PageFilter, place: ListPlace): Record<string, string> {
  const chosen = Object.entries({ ...filter, ...place })
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

/** The filters that a person adds one by one. */
export const FILTER_KINDS = ['status', ...TEXT_FILTERS, 'delivery', 'days', 'possibleDuplicate'] as const
export type FilterKind = (typeof FILTER_KINDS)[number]

/** What a draft has for one kind of filter; spaces around a text are none of it. */
export function entryOf(kind: FilterKind, draft: PageFilter, t: Translate): Partial<PageFilter> {
  if (kind === 'days') return { fromDay: draft.fromDay, toDay: draft.toDay }
  if (kind === 'service') return { service: serviceNamed(draft.service.trim(), t) }
  const value = draft[kind]
  return { [kind]: typeof value === 'string' ? value.trim() : value }
}

/** A filter that is chosen. */
export interface Pill {
  /** Null for one that only a link gives, and that cannot be edited. */
  readonly kind: FilterKind | null
  /** Such as "Status: Failed". */
  readonly text: string
  /** What removes it. */
  readonly cleared: Partial<PageFilter>
}

/** Lists the filters that are chosen, except the search, whose field is always shown. */
export function pillsOf(filter: PageFilter, t: Translate): Pill[] {
  const { status, delivery, possibleDuplicate, failedFrom, fromDay, toDay } = filter
  const pill = (kind: FilterKind, value: string, cleared: Partial<PageFilter>): Pill => ({
    kind,
    text: t('messages.pill', { name: t(`messages.filter.${kind}`), value }),
    cleared,
  })
  const chosen = [
    status && pill('status', t(`messages.status.${status}`), { status: '' }),
    ...TEXT_FILTERS.map(
      (name) =>
        filter[name] && pill(name, name === 'service' ? serviceText(filter.service, t) : filter[name], { [name]: '' }),
    ),
    delivery && pill('delivery', t(`messages.delivery.${delivery}`), { delivery: '' }),
    (fromDay || toDay) && pill('days', daysText(filter, t), { fromDay: '', toDay: '' }),
    possibleDuplicate && {
      kind: null,
      text: t('messages.filter.possibleDuplicate'),
      cleared: { possibleDuplicate: false },
    },
    failedFrom && {
      kind: null,
      text: t('messages.failed-since', { at: t.time(failedFrom, 'short') }),
      cleared: { failedFrom: '' },
    },
  ]
  return chosen.filter((each) => typeof each === 'object')
}

function daysText({ fromDay, toDay }: PageFilter, t: Translate): string {
  const text = (day: string) => t.time(beginningOf(day), 'day')
  if (toDay === '') return t('messages.days.from', { day: text(fromDay) })
  if (fromDay === '') return t('messages.days.to', { day: text(toDay) })
  return fromDay === toDay ? text(fromDay) : t('messages.days.between', { from: text(fromDay), to: text(toDay) })
}
