import type { TestDatabase } from './test-database.ts'

/** A clock for products, Microsoft and the database, which only moves when a test advances it. */
export interface TestClock {
  readonly now: () => Date
  advance(ms: number): Promise<void>
  /** Makes the database use this clock. */
  govern(database: TestDatabase): Promise<void>
}

export const SECONDS = 1_000
export const MINUTES = 60 * SECONDS
export const HOURS = 60 * MINUTES
export const DAYS = 24 * HOURS

/** `tickMs` passes with each reading: 0 makes moments comparable, 1 makes their order visible. */
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
