import { expect, it } from 'vitest'
import { createPlaces, createShares, type Holder } from './shares.ts'

/** Takes as much as a holder gets, piece by piece. */
function takeAll(shares: ReturnType<typeof createShares>, holder: Holder, piece = 1): number {
  let taken = 0
  while (shares.take(holder, piece) !== null) taken += piece
  return taken
}

it.each([
  ['alone three quarters', 100, { 'service a': 75 }],
  ['each further one three quarters of the rest', 100, { 'service a': 75, 'service b': 18, 'service c': 5 }],
  ['of eight places six, and two others one each', 8, { 'service a': 6, 'service b': 1, sessions: 1, 'service c': 0 }],
  ['all sessions together as much as a service', 400, { sessions: 300, 'service a': 75 }],
])('gives a service that takes all it gets %s', (_what, total, expected) => {
  const places = createPlaces(total)

  expect(
    Object.fromEntries(Object.keys(expected).map((holder) => [holder, takeAll(places, holder as Holder)])),
  ).toEqual(expected)
})

it('gives two that take in turn 3/7 each', () => {
  const places = createPlaces(700)
  const taken = { 'service a': 0, 'service b': 0 }
  for (let turn = 0; turn < 700; turn++)
    for (const holder of ['service a', 'service b'] as const) if (places.take(holder)) taken[holder] += 1

  expect(taken).toEqual({ 'service a': 300, 'service b': 300 })
})

it('takes part of a share back, and the rest later, once', () => {
  const places = createPlaces(100)
  const giveBack = places.take('service a', 75)
  giveBack?.(30)
  expect(takeAll(places, 'service a')).toBe(30)

  giveBack?.()
  giveBack?.()
  expect(takeAll(places, 'service a')).toBe(45)
})

it('takes nothing back from a service when another one comes, and gives it nothing more', () => {
  const places = createPlaces(100)
  const giveBack = places.take('service a', 75)
  expect(places.take('service b', 18)).not.toBeNull()
  giveBack?.(10)

  expect(takeAll(places, 'service a')).toBe(0)
})

it('keeps what only some holders may take free for them', () => {
  const shares = createShares((taken, holder) => 100 - taken - (holder === 'sessions' ? 0 : 20))
  expect(takeAll(shares, 'service a')).toBe(60)
  expect(takeAll(shares, 'service b')).toBe(15)

  expect(shares.take('sessions', 15)).not.toBeNull()
})
