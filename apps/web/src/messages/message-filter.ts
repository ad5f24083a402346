import { exportMessages, MessageFilter, MIN_SEARCH_CHARACTERS } from '@inforiver-mail/contract/message-list'
import { MessageStatus } from '@inforiver-mail/contract/message'
import { beginningOf, readDay } from '../ui/days.ts'

/** The filter as chosen on the page and kept in its address. Days are in the reader's time zone; empty means any. */
export interface PageFilter {
  readonly status: MessageStatus | ''
  readonly search: string
  readonly recipient: string
  readonly service: string
  readonly problem: string
  /** Such as `2026-11-24`. */
  readonly fromDay: string
  readonly toDay: string
  readonly possibleDuplicate: boolean
}

export const MAX_TEXT_CHARACTERS = 512

/** Reads the filter from the address of the page and ignores whatever is not valid. */
export function readPageFilter(search: URLSearchParams): PageFilter {
  const text = (name: string) => (search.get(name) ?? '').trim().slice(0, MAX_TEXT_CHARACTERS)
  return {
    status: MessageStatus.safeParse(search.get('status')).data ?? '',
    search: text('search'),
    recipient: text('recipient'),
    service: text('service'),
    problem: text('problem'),
    fromDay: readDay(search.get('from')),
    toDay: readDay(search.get('to')),
    possibleDuplicate: search.get('possibleDuplicate') === 'true',
  }
}

/** The parameters for the address of the page; what is not chosen is left out. */
export function writePageFilter(filter: PageFilter): Record<string, string> {
  const { status, search, recipient, service, problem, fromDay, toDay, possibleDuplicate } = filter
  return {
    ...(search && { search }),
    ...(status && { status }),
    ...(recipient && { recipient }),
    ...(service && { service }),
    ...(problem && { problem }),
    ...(fromDay && { from: fromDay }),
    ...(toDay && { to: toDay }),
    ...(possibleDuplicate && { possibleDuplicate: 'true' }),
  }
}

/** Returns the filter for the API. The last day is included, so `submittedTo` is the beginning of the next one. */
export function toApiFilter(filter: PageFilter): MessageFilter {
  const { status, search, recipient, service, problem, fromDay, toDay, possibleDuplicate } = filter
  return {
    ...(search && !isTooShort(filter) && { search }),
    ...(status && { status }),
    ...(recipient && { recipient }),
    ...(service && { service }),
    ...(problem && { problem }),
    ...(fromDay && { submittedFrom: beginningOf(fromDay).toISOString() }),
    ...(toDay && { submittedTo: beginningOf(toDay, 1).toISOString() }),
    ...(possibleDuplicate && { possibleDuplicate }),
  }
}

/** Too few characters to search for are left out until there are more. */
export function isTooShort({ search }: PageFilter): boolean {
  return search !== '' && !MessageFilter.safeParse({ search }).success
}

export const TOO_SHORT = `At least ${MIN_SEARCH_CHARACTERS} characters.`

export function isBackwards({ fromDay, toDay }: PageFilter): boolean {
  return fromDay !== '' && toDay !== '' && toDay < fromDay
}

export function exportUrl(filter: MessageFilter): string {
  const search = new URLSearchParams(Object.entries(filter).map(([name, value]) => [name, String(value)])).toString()
  return search ? `${exportMessages.path}?${search}` : exportMessages.path
}
