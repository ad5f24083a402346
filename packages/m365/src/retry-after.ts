const MAX_WAIT_MS = 24 * 60 * 60_000 // an absurd value must not stop a mailbox for good

/**
 * When a `Retry-After` in seconds or as an HTTP date ends (RFC 9110 section 10.2.3); null when it is missing or
 * unusable. A date is compared with the `Date` of the answer, which comes from the same clock, and not with our own.
 */
export function retryAfterDate(headers: Pick<Headers, 'get'>, now: Date): Date | null {
  const value = headers.get('retry-after')?.trim() ?? ''
  if (value === '') return null
  const isSeconds = /^\d+(\.\d+)?$/.test(value)
  const waitMs = isSeconds ? Number(value) * 1_000 : Date.parse(value) - answeredAtMs(headers, now)
  if (Number.isNaN(waitMs)) return null
  return new Date(now.getTime() + Math.min(Math.max(waitMs, 0), MAX_WAIT_MS))
}

function answeredAtMs(headers: Pick<Headers, 'get'>, now: Date): number {
  const answeredAt = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(answeredAt) ? now.getTime() : answeredAt
}
