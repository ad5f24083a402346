const SECONDS = /^\d+(\.\d+)?(\s*,\s*\d+(\.\d+)?)*$/
/** Every form of a date has letters. `Date.parse` alone takes "10, 10" for a day in 2001. */
const DATE = /[a-z]/i
const MAX_WAIT_MS = 24 * 60 * 60_000 // an absurd value must not stop a mailbox for good

/**
 * When a `Retry-After` in seconds or as an HTTP date ends (RFC 9110 section 10.2.3); null when it is missing or
 * unusable. Where a gateway has added one of its own, the longest counts. A date is compared with the `Date` of the answer,
 * which comes from the same clock, and not with our own.
 */
export function retryAfterDate(headers: Pick<Headers, 'get'>, now: Date): Date | null {
  const value = headers.get('retry-after')
  if (value === null) return null
  const waitMs = waitMsOf(value.trim(), headers, now)
  if (Number.isNaN(waitMs)) return null
  return new Date(now.getTime() + Math.min(Math.max(waitMs, 0), MAX_WAIT_MS))
}

/** NaN where the value is unusable. */
function waitMsOf(value: string, headers: Pick<Headers, 'get'>, now: Date): number {
  if (SECONDS.test(value)) return Math.max(...value.split(',').map(Number)) * 1_000
  return DATE.test(value) ? Date.parse(value) - answeredAtMs(headers, now) : NaN
}

function answeredAtMs(headers: Pick<Headers, 'get'>, now: Date): number {
  const answeredAt = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(answeredAt) ? now.getTime() : answeredAt
}
