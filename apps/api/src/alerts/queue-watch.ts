import type { Upkeep } from '../queue/queue.ts'
import type { AlertStore } from './alert-store.ts'

/** A queue in which nothing has moved for so long stands still. After a standstill of all processes it gets that time to move. */
const STALLED_AFTER_MS = 15 * 60_000

/** To be called every now and then, from the start of the process on. */
export function createQueueWatch(parts: {
  queue: Pick<Upkeep, 'findStalled' | 'findMoving'>
  store: Pick<AlertStore, 'raiseStalled' | 'listStalled' | 'dismissStalled'>
  limits: { readonly recipientsPerDay: number }
  /** What time it is by the database. */
  databaseNow: () => Promise<Date>
  elapsedMs: () => number
}): () => Promise<void> {
  const { queue, store, limits, databaseNow, elapsedMs } = parts
  const startedAt = elapsedMs()
  return async () => {
    if (elapsedMs() - startedAt >= STALLED_AFTER_MS)
      await watchQueues({ queue, store, limits, now: await databaseNow() })
  }
}

/** Raises an alert for each queue that stands still, and takes away those of queues that move again. */
export async function watchQueues(parts: {
  queue: Pick<Upkeep, 'findStalled' | 'findMoving'>
  store: Pick<AlertStore, 'raiseStalled' | 'listStalled' | 'dismissStalled'>
  limits: { readonly recipientsPerDay: number }
  now: Date
}): Promise<void> {
  const { queue, store, limits, now } = parts
  const movedBefore = new Date(now.getTime() - STALLED_AFTER_MS)
  await store.raiseStalled(
    await queue.findStalled({ now, movedBefore, recipientsPerDay: limits.recipientsPerDay }),
    now,
  )
  await store.dismissStalled(await queue.findMoving(await store.listStalled()), now)
}
