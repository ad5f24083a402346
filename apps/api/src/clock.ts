/** The one place that asks what time it is. */
export function systemClock(): Date {
  return new Date()
}
