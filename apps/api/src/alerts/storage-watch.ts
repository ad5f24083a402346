import type { Upkeep } from '../queue/queue.ts'
import { isNearlyFull } from '../queue/intake/storage.ts'
import type { AlertStore } from './alert-store.ts'

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
  store: Pick<AlertStore, 'isStorageNearlyFull' | 'raiseStorage'>
  tenantId: string
  /** Reads the clock of the database. */
  databaseNow: () => Promise<Date>
}): () => Promise<void> {
  return async () => {
    const use = await queue.readStorage(tenantId)
    const wasNearlyFull = await store.isStorageNearlyFull(tenantId)
    if (isNearlyFull(use) && !wasNearlyFull) {
      const services = await queue.findLargestServices(tenantId)
      await store.raiseStorage(
        { tenantId, type: 'storage.nearly-full', facts: { ...use, services } },
        await databaseNow(),
      )
    } else if (wasNearlyFull && use.usedBytes < ROOM_AGAIN * use.limitBytes) {
      await store.raiseStorage({ tenantId, type: 'storage.recovered', facts: use }, await databaseNow())
    }
  }
}
