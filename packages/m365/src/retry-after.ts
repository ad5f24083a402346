const MAX_WAIT_MS = 24 * 60 * 60_000 // longer than a message is tried: an absurd value must not stop a mailbox for good

/** When a `Retry-After` in seconds or as an HTTP date (RFC 9110 section 10.2.3) ends; null when it says nothing usable. */
export function retryAfterDate(header: string | null, now: Date): Date | null {
  const value = header?.trim() ?? ''
  if (value === '') return null
  const waitMs = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now.getTime()
  if (Number.isNaN(waitMs)) return null
  return new Date(now.getTime() + Math.min(Math.max(waitMs, 0), MAX_WAIT_MS))
}
