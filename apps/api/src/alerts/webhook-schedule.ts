const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** Recommended by the Standard Webhooks specification, "Deliverability and reliability". */
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
/** A receiver that answers this wants no more (Standard Webhooks, "Deliverability and reliability"). */
export const GONE = 410

const JITTER = 0.1 // spreads what failed together

/** Returns in how many ms to try again after this many attempts; null to give up. `chance` returns a number between 0 and 1. */
export function pauseAfter(attempts: number, chance: () => number): number | null {
  const pauseMs = PAUSES_MS[attempts - 1]
  return pauseMs === undefined ? null : Math.round(pauseMs * (1 + JITTER * chance()))
}
