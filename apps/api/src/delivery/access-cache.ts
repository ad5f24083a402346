import { LRUCache } from 'lru-cache'
import { atMost } from '../runtime/cache-bound.ts'
import type { Timers } from '../runtime/clock.ts'
import type { Access, GrantedAccess, RequestAccess } from '../domain/mailbox-access.ts'

const MAX_TENANTS = 10_000
/** Covers the wait for another process that refreshes, and a refresh after it. */
const REQUEST_TIMEOUT_MS = 60_000

/** @param stamp changes with the tenant's settings and tokens */
export type CachedAccess = (tenantId: string, stamp: string, signal: AbortSignal) => Access | Promise<Access>

/**
 * Keeps the opened access token of a tenant for as long as its settings and tokens stay the same. A claimed message
 * brings their stamp along, so that a reset or a reconnect counts from the next claim on, in every process. Concurrent
 * callers share one request; `signal` ends the wait of its caller only.
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
  return (tenantId, stamp, signal) => {
    signal.throwIfAborted()
    const cached = entries.get(tenantId)
    if (cached?.stamp === stamp && (cached.granted === null || clock() < cached.granted.renewAt))
      return cached.granted ?? unlessAborted(cached.access, signal)
    const entry: Entry = {
      stamp,
      access: requestAccess(tenantId, { signal: timers.deadline(REQUEST_TIMEOUT_MS) }),
      granted: null,
    }
    entries.set(tenantId, entry)
    const forget = () => {
      if (entries.peek(tenantId) === entry) entries.delete(tenantId)
    }
    entry.access.then((answer) => {
      if (answer.outcome === 'granted') entry.granted = answer
      else forget()
    }, forget)
    return unlessAborted(entry.access, signal)
  }
}

interface Entry {
  readonly stamp: string
  readonly access: Promise<Access>
  /** Null until access is granted. */
  granted: GrantedAccess | null
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
