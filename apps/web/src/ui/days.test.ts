import { expect, it } from 'vitest'
import { isBackwards } from './days.ts'

it.each([
  ['2026-11-24', '2026-11-23', true],
  ['2026-11-24', '2026-11-24', false],
  ['2026-11-24', '', false],
  ['', '2026-11-24', false],
])('says whether a period from %j to %j ends before it begins: %j', (fromDay, toDay, backwards) => {
  expect(isBackwards({ fromDay, toDay })).toBe(backwards)
})
