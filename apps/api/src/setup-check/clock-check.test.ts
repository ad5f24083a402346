import { expect, it } from 'vitest'
import { checkClock, judgeClock } from './clock-check.ts'

it.each([
  [0, 'clock-right'],
  [60_000, 'clock-right'],
  [60_001, 'clock-off'],
  [-61_000, 'clock-off'],
  [300_000, 'clock-off'],
  [300_001, 'clock-wrong'],
  [-301_000, 'clock-wrong'],
])('takes a clock that is %i ms ahead of Microsoft’s for %s', (ofMicrosoft, code) => {
  expect(judgeClock({ ofMicrosoft, ofDatabase: 0 })).toMatchObject({ code })
  expect(judgeClock({ ofMicrosoft: null, ofDatabase: ofMicrosoft })).toMatchObject({ code })
})

it('reports the larger difference, with its direction', () => {
  expect(judgeClock({ ofMicrosoft: 70_000, ofDatabase: -90_400 })).toEqual({
    code: 'clock-off',
    values: { seconds: 90, direction: 'behind', clock: 'PostgreSQL' },
  })
})

it('compares with whoever answers', async () => {
  const answers = Promise.resolve({ outcome: 'answers', aheadMs: -400_000 } as const)
  const silent = Promise.resolve({ outcome: 'host-silent', reason: 'TimeoutError' } as const)
  const stopped = Promise.resolve({ state: 'stopped' } as const)

  expect(await checkClock([silent, answers], stopped)).toMatchObject({ code: 'clock-wrong' })
  expect(await checkClock([silent], stopped)).toMatchObject({ code: 'clock-not-compared' })
})
