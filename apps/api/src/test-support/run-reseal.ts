import { openDatabase } from '../database/database.ts'
import { SEALED_COLUMNS } from '../sealed-columns.ts'
import { reseal } from '../vault-rotation/reseal.ts'
import { createSealedStore } from '../vault-rotation/sealed-store.ts'
import { ringOf, vaultOf } from './sealed-rows.ts'

/** Reseals in a process of its own until it is killed. Reports when it has begun. */
process.once('message', ({ url, keys }: { url: string; keys: string[] }) => void start(url, keys))

async function start(url: string, keys: string[]): Promise<void> {
  const database = await openDatabase(url, () => {})
  await reseal({
    store: createSealedStore(database, Object.values(SEALED_COLUMNS)),
    vault: vaultOf(...keys),
    kid: ringOf(...keys).sealing.kid,
    clock: () => new Date(),
    signal: new AbortController().signal,
    onProgress: (resealed) => {
      if (resealed > 0) process.send?.(resealed)
    },
  })
}
