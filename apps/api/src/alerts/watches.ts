import { isNearlyFull } from '../queue/intake/storage.ts'
import type { Upkeep } from '../queue/queue.ts'
import type { AlertStore } from './alert-store.ts'

/** A queue stands still once nothing has moved for this long. After a restart it gets as long to move. */
const STALLED_AFTER_MS = 15 * 60_000

interface Watched {
  readonly queue: Pick<Upkeep, 'findStalled' | 'findMoving'>
  readonly store: Pick<AlertStore, 'raiseStalled' | 'listStalled' | 'dismissStalled'>
  readonly recipientsPerDay: number
}

/** Returns a function to be called periodically from the start of the process. */
export function createQueueWatch({
  databaseNow,
  elapsedMs,
  ...watched
}: Watched & {
  /** Reads the clock of the database. */
  databaseNow: () => Promise<Date>
  elapsedMs: () => number
}): () => Promise<void> {
  const startedAt = elapsedMs()
  return async () => {
    if (elapsedMs() - startedAt >= STALLED_AFTER_MS) await watchQueues({ ...watched, now: await databaseNow() })
  }
}

/** Raises an alert for each queue that stands still, and dismisses those of queues that move again. */
export async function watchQueues({ queue, store, recipientsPerDay, now }: Watched & { now: Date }): Promise<void> {
  const movedBefore = new Date(now.getTime() - STALLED_AFTER_MS)
  await store.raiseStalled(await queue.findStalled({ now, movedBefore, recipientsPerDay }), now)
  await store.dismissStalled(await queue.findMoving(await store.listStalled()), now)
}

/** Below this part there is room again. It is less than what raises the alert, so that not every message raises another. */
const ROOM_AGAIN = 0.75

/** Returns a function to be called periodically: it raises an alert when the storage is nearly full, and when no longer. */
export function createStorageWatch({
  queue,
  store,
  tenantId,
  databaseNow,
}: {
  queue: Pick<Upkeep, 'readStorage' | 'findLargestServices'>
  store: Pick<AlertStore, 'raiseStorage'>
  tenantId: string
  /** Reads the clock of the database. */
  databaseNow: () => Promise<Date>
}): () => Promise<void> {
  return async () => {
    const use = await queue.readStorage(tenantId)
    if (isNearlyFull(use)) {
      const facts = { ...use, services: await queue.findLargestServices(tenantId) }
      await store.raiseStorage({ tenantId, type: 'storage.nearly-full', facts }, await databaseNow())
    } else if (use.usedBytes < ROOM_AGAIN * use.limitBytes) {
      await store.raiseStorage({ tenantId, type: 'storage.recovered', facts: use }, await databaseNow())
    }
  }
}
