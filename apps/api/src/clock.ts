/** The one place that asks the machine what time it is. The queue follows the clock of the database instead. */
export function systemClock(): Date {
  return new Date()
}

/** Milliseconds since the process began: what is measured by it does not notice that somebody sets the clock. */
export function elapsedMs(): number {
  return performance.now()
}
