import { expect, it } from 'vitest'
import { beginningOf, isBackwards, LAST_DAY, readDay } from './days.ts'

it.each([
  ['2026-11-24', '2026-11-23', true],
  ['2026-11-24', '2026-11-24', false],
  ['2026-11-24', '', false],
  ['', '2026-11-24', false],
])('says whether a period from %j to %j ends before it begins: %j', (fromDay, toDay, backwards) => {
  expect(isBackwards({ fromDay, toDay })).toBe(backwards)
})

it('reads no day that is in no calendar, or whose end the API would refuse', () => {
  expect(readDay('2026-11-24')).toBe('2026-11-24')
  for (const text of [null, '', '2026-02-30', '0999-01-01', '9999-12-31']) expect(readDay(text)).toBe('')
  expect(readDay(LAST_DAY)).toBe(LAST_DAY)
  expect(beginningOf(LAST_DAY, 1).toISOString()).toMatch(/^9999-12-3/)
})
