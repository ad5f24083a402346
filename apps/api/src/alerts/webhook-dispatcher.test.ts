import { expect, it } from 'vitest'
import { pauseAfter } from './webhook-dispatcher.ts'

const SECONDS = 1_000
const HOURS = 3_600 * SECONDS

/** Returns the pauses until an alert is given up. */
function pauses(chance: () => number): number[] {
  const found: number[] = []
  for (let attempts = 1; attempts < 100; attempts++) {
    const pause = pauseAfter(attempts, chance)
    if (pause === null) return found
    found.push(pause)
  }
  return found
}

it('tries again after 5 seconds at first, after a day at last, and ten times in all', () => {
  const found = pauses(() => 0)

  expect(found).toHaveLength(9)
  expect(found.at(0)).toBe(5 * SECONDS)
  expect(found.at(-1)).toBe(24 * HOURS)
  expect(found.toSorted((one, other) => one - other)).toEqual(found)
})

it('spreads the attempts by up to a tenth of the pause', () => {
  expect(pauses(() => 1).at(-1)).toBe(26.4 * HOURS)
})
