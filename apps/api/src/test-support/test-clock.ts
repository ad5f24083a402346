/** A clock that goes only when it is told to. */
export interface TestClock {
  readonly now: () => Date
  advance(ms: number): void
}

export const SECONDS = 1_000
export const MINUTES = 60 * SECONDS
export const HOURS = 60 * MINUTES

export function createTestClock(): TestClock {
  let nowMs = Date.parse('2026-11-24T10:00:00.000Z')
  return {
    now: () => new Date(nowMs),
    advance(ms) {
      nowMs += ms
    },
  }
}
