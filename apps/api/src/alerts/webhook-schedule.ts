const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** What the Standard Webhooks specification recommends, under "Deliverability and reliability". */
const PAUSES_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
]
const JITTER = 0.1 // not all that failed together comes back together

/** When an alert is tried again after so many attempts; null when it is given up. `chance` between 0 and 1. */
export function nextAttemptAt(attempts: number, now: Date, chance: () => number): Date | null {
  const pauseMs = PAUSES_MS[attempts - 1]
  return pauseMs === undefined ? null : new Date(now.getTime() + Math.round(pauseMs * (1 + JITTER * chance())))
}
