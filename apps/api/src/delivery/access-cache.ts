import { LRUCache } from 'lru-cache'
import { atMost } from '../runtime/cache-bound.ts'
import type { Timers } from '../runtime/clock.ts'
import type { Access, RequestAccess } from '../domain/mailbox-access.ts'

const MAX_TENANTS = 1_000
/** Covers the wait for another process that refreshes, and a refresh after it. */
const REQUEST_TIMEOUT_MS = 60_000

/** @param stamp changes with the tenant's settings and tokens */
export type CachedAccess = (tenantId: string, stamp: string, signal: AbortSignal) => Promise<Access>

/**
 * Keeps the opened access token of a tenant for as long as its settings and tokens stay the same. A claimed message
 * brings their stamp along, so that a reset or a reconnect counts from the next claim on, in every process. Concurrent
 * callers share one request, which ends with `signal`: they have the same, as all end with the process.
 */
export function createAccessCache({
  requestAccess,
  clock,
  timers,
}: {
  requestAccess: RequestAccess
  clock: () => Date
  timers: Pick<Timers, 'deadline'>
}): CachedAccess {
  const entries = new LRUCache<string, Entry>(atMost(MAX_TENANTS))
  return async (tenantId, stamp, signal) => {
    signal.throwIfAborted()
    const cached = entries.get(tenantId)
    if (cached?.stamp === stamp && (cached.renewAt === null || clock() < cached.renewAt)) return cached.access
    const deadline = timers.deadline(REQUEST_TIMEOUT_MS)
    const entry: Entry = {
      stamp,
      access: requestAccess(tenantId, { signal: AbortSignal.any([signal, deadline]) }),
      renewAt: null,
    }
    entries.set(tenantId, entry)
    const forget = () => {
      if (entries.peek(tenantId) === entry) entries.delete(tenantId)
    }
    entry.access.then((answer) => {
      if (answer.outcome === 'granted') entry.renewAt = answer.renewAt
      else forget()
    }, forget)
    return entry.access
  }
}

interface Entry {
  readonly stamp: string
  readonly access: Promise<Access>
  /** Null until access is granted. */
  renewAt: Date | null
}
