import { expect, it } from 'vitest'
import { viewCredential, warningStep } from './credential-watch.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')
const DAY_MS = 24 * 60 * 60_000
const inDays = (days: number) => new Date(NOW.getTime() + days * DAY_MS)
const justAfter = (days: number) => new Date(inDays(days).getTime() + 1)

it.each([
  [inDays(400), 400, 'ok'],
  [justAfter(60), 61, 'ok'],
  [inDays(60), 60, 'notice'],
  [justAfter(7), 8, 'notice'],
  [inDays(7), 7, 'warning'],
  [inDays(0.1), 1, 'warning'],
  [inDays(0), 0, 'expired'],
  [inDays(-10), 0, 'expired'],
] as const)('shows one that expires at %s with %i days left as %s', (expiresAt, daysLeft, level) => {
  expect(viewCredential({ kind: 'secret', expiresAt }, NOW)).toEqual({
    kind: 'secret',
    expiresAt: expiresAt.toISOString(),
    daysLeft,
    level,
  })
})

it('has nothing to warn about when the expiry is unknown', () => {
  expect(viewCredential({ kind: 'secret', expiresAt: null }, NOW)).toEqual({
    kind: 'secret',
    expiresAt: null,
    daysLeft: null,
    level: 'ok',
  })
})

it.each([
  [justAfter(60), null],
  [inDays(60), 60],
  [justAfter(30), 60],
  [inDays(30), 30],
  [inDays(7), 7],
  [justAfter(1), 7],
  [inDays(1), 1],
  [inDays(0), 0],
  [inDays(-100), 0],
])('reaches for %s the step of %s days ahead', (expiresAt, daysAhead) => {
  expect(warningStep(expiresAt, NOW)).toBe(daysAhead)
})
