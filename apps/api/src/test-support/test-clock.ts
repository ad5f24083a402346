import type { TestDatabase } from './test-database.ts'

/** A clock that goes only when it is told to: of the processes under test, of Microsoft, and of the database. */
export interface TestClock {
  readonly now: () => Date
  advance(ms: number): Promise<void>
  /** From now on the database follows it. */
  govern(database: TestDatabase): Promise<void>
}

export const SECONDS = 1_000
export const MINUTES = 60 * SECONDS
export const HOURS = 60 * MINUTES

/** `tickMs`: what passes between two looks at it; 0 where moments are compared, 1 where an order has to be told. */
export function createTestClock({ tickMs = 0 }: { tickMs?: number } = {}): TestClock {
  let nowMs = Date.parse('2026-11-24T10:00:00.000Z') - tickMs
  const governed: TestDatabase[] = []
  return {
    now: () => new Date((nowMs += tickMs)),
    async advance(ms) {
      nowMs += ms
      for (const database of governed) await database.setTime(new Date(nowMs))
    },
    async govern(database) {
      await database.stopTime()
      await database.setTime(new Date(nowMs))
      governed.push(database)
    },
  }
}
