import { systemTimers } from '../runtime/clock.ts'
import { openDatabase } from '../database/database.ts'
import { SEALED_COLUMNS } from '../sealed-columns.ts'
import { reseal } from '../vault/reseal.ts'
import { createSealedStore, type SealedStore } from '../vault/sealed-store.ts'
import { ringOf, vaultOf } from './sealed-rows.ts'

/** Reseals in a process of its own, and stands still once it has resealed some messages, until it is killed. */
process.once('message', ({ url, keys }: { url: string; keys: string[] }) => void start(url, keys))

async function start(url: string, keys: string[]): Promise<void> {
  const database = await openDatabase(url, () => {})
  const store = createSealedStore(database, Object.values(SEALED_COLUMNS))
  const standingStill: SealedStore = {
    ...store,
    async replace(column, changes) {
      const replaced = await store.replace(column, changes)
      if (column.table !== 'message_contents') return replaced
      process.send?.(replaced)
      return new Promise(() => {})
    },
  }
  await reseal({
    store: standingStill,
    vault: vaultOf(...keys),
    kid: ringOf(...keys).sealing.kid,
    clock: () => new Date(),
    signal: new AbortController().signal,
    wait: systemTimers.sleep,
  })
}
