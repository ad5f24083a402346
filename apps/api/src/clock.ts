/**
 * Where the product takes the time from; ids.ts and postgres-server.ts read it themselves. The queue uses the clock of the
 * database instead.
 */
export function systemClock(): Date {
  return new Date()
}

/** Returns the milliseconds since the process started, by a monotonic clock. */
export function elapsedMs(): number {
  return performance.now()
}
