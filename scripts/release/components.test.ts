import { expect, it } from 'vitest'
import { isAllowed } from './components.ts'

it.each([
  ['(MIT OR GPL-3.0-only)', true],
  ['MIT AND GPL-3.0-only', false],
  ['GPL-3.0-only', false],
  ['(MIT AND (GPL-3.0-only OR Zlib)) OR GPL-2.0-only', true],
  ['GPL-3.0-only OR (MIT AND GPL-2.0-only)', false],
  ['unknown', false],
])('judges the licence %s', (licence, allowed) => {
  expect(isAllowed(licence)).toBe(allowed)
})
