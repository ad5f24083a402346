import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { isLocked } from './is-unavailable.ts'
import { readMigrationState } from './migrations/migrate.ts'
import type { SealedColumn } from '../domain/sealed-column.ts'
import { checkVaultKeys } from './sealed-values.ts'
import type { WriteCheck } from './write-check.ts'

/**
 * What has to hold before the product can be used. Each check resolves to null, to a sentence that says what is wrong, or to
 * undefined where somebody else's lock, or requests that wait for one with all connections of the pool, keep it from looking.
 * The check of the database needs none of them.
 */
export function readinessChecks({
  pool,
  vault,
  sealedColumns,
  writeCheck,
}: {
  pool: pg.Pool
  vault: TokenVault
  sealedColumns: readonly SealedColumn[]
  writeCheck: WriteCheck
}): Readonly<Record<string, () => Promise<string | null | undefined>>> {
  const unlessKept = (look: () => Promise<string | null>) => async () => {
    if (pool.idleCount === 0 && pool.totalCount >= pool.options.max) return undefined
    return look().catch((error: unknown) => {
      if (isLocked(error)) return undefined
      throw error
    })
  }
  return {
    database: () => writeCheck.check(),
    migrations: unlessKept(async () => {
      const [pending] = (await readMigrationState(pool)).pending
      return pending ? `The migration ${pending} is not applied: start this version again.` : null
    }),
    vaultKeys: unlessKept(async () => {
      await checkVaultKeys(pool, vault, sealedColumns)
      return null
    }),
  }
}
