import type { AlertStore } from './alert-store.ts'

/** After a standstill of all processes the queue gets time to move, before it counts as stalled. */
const GRACE_MS = 15 * 60_000

/** To be called every now and then, from the start of the process on. */
export function createQueueWatch(parts: {
  store: AlertStore
  limits: { readonly recipientsPerDay: number }
  /** What time it is by the database. */
  databaseNow: () => Promise<Date>
  elapsedMs: () => number
}): () => Promise<void> {
  const { store, limits, databaseNow, elapsedMs } = parts
  const startedAt = elapsedMs()
  return async () => {
    if (elapsedMs() - startedAt >= GRACE_MS) await store.raiseStalledQueues(await databaseNow(), limits)
  }
}
