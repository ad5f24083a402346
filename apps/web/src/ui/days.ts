/** A period of whole days in the reader's time zone, such as `2026-11-24`; an empty day is no limit. */
export interface DayRange {
  readonly fromDay: string
  readonly toDay: string
}

/** Years have four digits, and so has that of the day after, in every time zone. */
export const LAST_DAY = '9999-12-30'

/** Reads a day such as `2026-11-24` from an address; empty when it is none. */
export function readDay(text: string | null): string {
  // Years from 1000 on only, so that a day and its ISO form match.
  if (text === null || !/^[1-9]\d{3}-\d\d-\d\d$/.test(text) || text > LAST_DAY) return ''
  return toDay(beginningOf(text)) === text ? text : ''
}

/** When a day begins in the reader's time zone. */
export function beginningOf(day: string, daysLater = 0): Date {
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number)
  return new Date(year, month - 1, date + daysLater)
}

export function isBackwards({ fromDay, toDay }: DayRange): boolean {
  return fromDay !== '' && toDay !== '' && toDay < fromDay
}

function toDay(date: Date): string {
  const two = (number: number) => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
