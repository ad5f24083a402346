import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { pendingMigrations } from './migrate.ts'
import { checkVaultKeys, type SealedColumn } from './sealed-values.ts'
import type { WriteCheck } from './write-check.ts'

/**
 * What has to hold before the product can be used. Each check resolves to null, or to a sentence that says what is
 * wrong.
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
}): Readonly<Record<string, () => Promise<string | null>>> {
  return {
    database: () => writeCheck.check(),
    async migrations() {
      const [pending] = await pendingMigrations(pool)
      return pending ? `The migration ${pending} is not applied: start this version again.` : null
    },
    async vaultKeys() {
      await checkVaultKeys(pool, vault, sealedColumns)
      return null
    },
  }
}
