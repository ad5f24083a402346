/** A clock that goes only when it is told to. */
export interface TestClock {
  readonly now: () => Date
  advance(ms: number): void
}

export const SECONDS = 1_000
export const MINUTES = 60 * SECONDS
export const HOURS = 60 * MINUTES

/** `tickMs`: what passes between two looks at it; 0 where moments are compared, 1 where an order has to be told. */
export function createTestClock({ tickMs = 0 }: { tickMs?: number } = {}): TestClock {
  let nowMs = Date.parse('2026-11-24T10:00:00.000Z') - tickMs
  return {
    now: () => new Date((nowMs += tickMs)),
    advance(ms) {
      nowMs += ms
    },
  }
}
