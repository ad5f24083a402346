import type { Timers } from '../runtime/clock.ts'
import { DONE, startPolling, type Polling } from '../runtime/polling.ts'
import type { Events } from '../queue/records/events.ts'

const LOOK_EVERY_MS = 250
const AFTER_FAILURE_MS = 1_000

interface Waiter {
  readonly tenantId: string
  readonly position: number
  readonly wake: () => void
}

/** Requests that wait for events. Together they ask the database four times a second, and not at all while none waits. */
export function createEventWaiters({
  events,
  timers,
  onFailure,
  lookEveryMs = LOOK_EVERY_MS,
}: {
  events: Pick<Events, 'ends'>
  timers: Timers
  onFailure: (error: unknown) => void
  lookEveryMs?: number
}) {
  const waiting = new Set<Waiter>()
  let polling: Polling | null = null

  return {
    /** Resolves when a tenant has an event after a position, when the time is over, or when `signal` aborts. */
    async wait(tenantId: string, position: number, { ms, signal }: { ms: number; signal: AbortSignal }): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>()
      const waiter = { tenantId, position, wake: resolve }
      waiting.add(waiter)
      const over = new AbortController()
      try {
        polling ??= startPolling(look, { timers, afterFailureMs: AFTER_FAILURE_MS, onFailure })
        await Promise.race([promise, timers.sleep(ms, AbortSignal.any([signal, over.signal])).catch(() => {})])
      } finally {
        waiting.delete(waiter)
        over.abort()
      }
    },
    async stop(): Promise<void> {
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
