import { expect, it } from 'vitest'
import { retryAfterDate } from './retry-after.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')

it.each([
  ['120', '2026-11-24T10:02:00.000Z'],
  [' 1 ', '2026-11-24T10:00:01.000Z'],
  ['0', '2026-11-24T10:00:00.000Z'],
  ['Tue, 24 Nov 2026 10:05:00 GMT', '2026-11-24T10:05:00.000Z'],
  ['Tue, 24 Nov 2026 09:00:00 GMT', '2026-11-24T10:00:00.000Z'],
  ['10, 10', '2026-11-24T10:00:10.000Z'],
  ['5,120', '2026-11-24T10:02:00.000Z'],
  ['Tuesday, 24-Nov-26 10:05:00 GMT', '2026-11-24T10:05:00.000Z'],
  ['99999999999', '2026-11-25T10:00:00.000Z'],
  ['Fri, 01 Jan 2100 00:00:00 GMT', '2026-11-25T10:00:00.000Z'],
])('reads %j', (header, expected) => {
  expect(retryAfterDate(new Headers({ 'retry-after': header }), NOW)?.toISOString()).toBe(expected)
})

it.each([
  ['ahead', 'Tue, 24 Nov 2026 09:50:00 GMT', 'Tue, 24 Nov 2026 09:51:00 GMT'],
  ['behind', 'Tue, 24 Nov 2026 10:10:00 GMT', 'Tue, 24 Nov 2026 10:11:00 GMT'],
])('waits as long as a date asks for, even if our clock is 10 minutes %s', (_what, date, header) => {
  const headers = new Headers({ date, 'retry-after': header })
  expect(retryAfterDate(headers, NOW)?.toISOString()).toBe('2026-11-24T10:01:00.000Z')
})

it.each([null, '', ' ', 'soon', '-5', '-5x', '5, soon', 'NaN'])('returns null for %j', (header) => {
  expect(retryAfterDate(new Headers(header === null ? {} : { 'retry-after': header }), NOW)).toBeNull()
})
