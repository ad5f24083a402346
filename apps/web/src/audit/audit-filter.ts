import { AuditAction, type AuditFilter } from '@inforiver-mail/contract/audit'
import { beginningOf, type DayRange, readDay } from '../ui/days.ts'

/** The filter as chosen on the page and kept in its address. */
export interface PageFilter extends DayRange {
  readonly person: string
  readonly action: AuditAction | null
}

const MAX_PERSON_CHARACTERS = 254

/** Reads the filter from the address and ignores whatever is not valid. */
export function readPageFilter(search: URLSearchParams): PageFilter {
  return {
    fromDay: readDay(search.get('from')),
    toDay: readDay(search.get('to')),
    person: (search.get('person') ?? '').trim().slice(0, MAX_PERSON_CHARACTERS),
    action: AuditAction.safeParse(search.get('action')).data ?? null,
  }
}

/** The parameters for the address of the page; what is not chosen is left out. */
export function writePageFilter({ fromDay, toDay, person, action }: PageFilter): Record<string, string> {
  return {
    ...(fromDay && { from: fromDay }),
    ...(toDay && { to: toDay }),
    ...(person && { person }),
    ...(action && { action }),
  }
}

/** Returns the filter for the API. The last day is included, so `to` is the beginning of the next one. */
export function toApiFilter({ fromDay, toDay, person, action }: PageFilter): AuditFilter {
  return {
    ...(fromDay && { from: beginningOf(fromDay).toISOString() }),
    ...(toDay && { to: beginningOf(toDay, 1).toISOString() }),
    ...(person && { actor: person }),
    ...(action && { action }),
  }
}
