import type { RetryAfter } from './scenario.ts'

/** The value of the header of that name. A date has no fractions of a second, so that it may come up to one early. */
export function retryAfterValue({ form, seconds }: RetryAfter, now: Date): string {
  return form === 'seconds' ? String(seconds) : new Date(now.getTime() + seconds * 1000).toUTCString()
}
