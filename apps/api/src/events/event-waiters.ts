import { setTimeout as delay } from 'node:timers/promises'
import { DONE, startPolling, type Polling } from '../polling.ts'
import type { Events } from '../queue/events.ts'

const LOOK_EVERY_MS = 250
const AFTER_FAILURE_MS = 1_000
const MAX_WAITING = 100

/** Requests that wait for events. Together they ask the database four times a second, and not at all while none waits. */
export interface EventWaiters {
  /**
   * Resolves when a tenant has an event after a position, when the time is over, or when `signal` aborts. Returns false
   * at once when too many wait already.
   */
  wait(tenantId: string, position: number, options: { ms: number; signal: AbortSignal }): Promise<boolean>
  stop(): Promise<void>
}

interface Waiter {
  readonly tenantId: string
  readonly position: number
  readonly wake: () => void
}

export function createEventWaiters({
  events,
  onFailure,
  lookEveryMs = LOOK_EVERY_MS,
  maxWaiting = MAX_WAITING,
}: {
  events: Pick<Events, 'ends'>
  onFailure: (error: unknown) => void
  lookEveryMs?: number
  maxWaiting?: number
}): EventWaiters {
  const waiting = new Set<Waiter>()
  let polling: Polling | null = null

  return {
    async wait(tenantId, position, { ms, signal }) {
      if (waiting.size >= maxWaiting) return false
      const { promise, resolve } = Promise.withResolvers<void>()
      const waiter = { tenantId, position, wake: resolve }
      waiting.add(waiter)
      const timer = new AbortController()
      try {
        polling ??= startPolling(look, { afterFailureMs: AFTER_FAILURE_MS, onFailure })
        await Promise.race([
          promise,
          delay(ms, undefined, { signal: AbortSignal.any([signal, timer.signal]) }).catch(() => {}),
        ])
      } finally {
        waiting.delete(waiter)
        timer.abort()
      }
      return true
    },
    async stop() {
      for (const { wake } of waiting) wake()
      await polling?.stop()
    },
  }

  async function look(): Promise<number | typeof DONE> {
    if (waiting.size === 0) {
      polling = null
      return DONE
    }
    const ends = await events.ends([...new Set([...waiting].map(({ tenantId }) => tenantId))])
    for (const { tenantId, position, wake } of waiting) if ((ends.get(tenantId) ?? 0) > position) wake()
    return lookEveryMs
  }
}
