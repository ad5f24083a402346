import type { AlertStore } from './alert-store.ts'

/** After a standstill of all processes the queue gets time to move, before it counts as stalled. */
const GRACE_MS = 15 * 60_000

/** To be called every now and then, from the start of the process on. */
export function createQueueWatch(parts: {
  store: AlertStore
  limits: { readonly recipientsPerDay: number }
  clock: () => Date
}): () => Promise<void> {
  const { store, limits, clock } = parts
  const startedAt = clock()
  return async () => {
    const now = clock()
    if (now.getTime() - startedAt.getTime() >= GRACE_MS) await store.raiseStalledQueues(now, limits)
  }
}
