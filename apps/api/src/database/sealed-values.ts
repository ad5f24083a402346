import { keyIdOfHead, SEALED_HEAD_CHARACTERS, type Sealed, type TokenVault } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { ConfigurationError } from '../config.ts'

/** A column that holds sealed values, and whom they are sealed for. */
export interface SealedColumn {
  readonly table: string
  readonly column: string
  /** The column that tells its rows apart. */
  readonly key: string
  /** The record that a value is sealed for, in SQL. */
  readonly record: string
  readonly purpose: string
  /** Whether the values' beginnings are indexed: such a table may have very many rows. */
  readonly indexed: boolean
}

/** Stands for the key of values that no vault sealed; no key has this id. */
export const NO_KEY = '?'

/**
 * Opens one stored value for each column and each key that sealed any, so that a start with missing or wrong keys is
 * refused before anything is sent. Readiness asks often: it takes no longer when very many messages wait.
 *
 * @throws {ConfigurationError} naming the keys by `kid`.
 */
export async function checkVaultKeys(
  pool: pg.Pool,
  vault: TokenVault,
  columns: readonly SealedColumn[],
): Promise<void> {
  const faults = new Map<string, string>()
  for (const column of columns) {
    for (const [kid, head] of await findSealedHeads(pool, column)) {
      const fault = await openFault(pool, vault, column, head)
      if (fault) faults.set(kid, fault)
    }
  }
  if (faults.size === 0) return
  const [[kid, fault] = ['', '']] = faults
  throw new ConfigurationError(
    faults.size === 1
      ? `Stored secrets were sealed with the vault key "${kid}", which ${fault}. Put that key back into VAULT_KEYS or the key file. If it is lost for good: npm run vault -- forget.`
      : `Stored secrets were sealed with vault keys that do not open them: ${[...faults].map(([name, why]) => `"${name}" ${why}`).join('; ')}. Put those keys back into VAULT_KEYS or the key file. If they are lost for good: npm run vault -- forget.`,
  )
}

/** The keys that sealed the values of a column, each with the beginning of one such value. */
export async function findSealedHeads(pool: pg.Pool, column: SealedColumn): Promise<Map<string, string>> {
  const { rows } = await pool.query<{ head: string }>(column.indexed ? distinctByIndex(column) : distinct(column))
  return new Map(rows.map(({ head }) => [keyIdOfHead(head) ?? NO_KEY, head]))
}

/** SQL for the beginning of a column's values; the index is on the same expression. */
export function headOf({ column }: SealedColumn): string {
  return `left(${column}, ${SEALED_HEAD_CHARACTERS})`
}

function distinct(column: SealedColumn): string {
  return `SELECT DISTINCT ${headOf(column)} AS head FROM ${column.table} WHERE ${column.column} IS NOT NULL`
}

/** From one beginning to the next in the index; reading all values to tell few beginnings apart would take its time. */
function distinctByIndex(column: SealedColumn): string {
  const head = headOf(column)
  const next = (after: string) =>
    `SELECT ${head} FROM ${column.table} WHERE ${column.column} IS NOT NULL ${after} ORDER BY ${head} LIMIT 1`
  return `
WITH RECURSIVE heads AS (
  SELECT (${next('')}) AS head
   UNION ALL
  SELECT (${next(`AND ${head} > heads.head`)}) FROM heads WHERE heads.head IS NOT NULL
)
SELECT head FROM heads WHERE head IS NOT NULL`
}

async function openFault(pool: pg.Pool, vault: TokenVault, column: SealedColumn, head: string): Promise<string | null> {
  const { rows } = await pool.query<{ value: Sealed; tenant: string; record: string }>(
    `SELECT ${column.column} AS value, tenant_id AS tenant, ${column.record} AS record FROM ${column.table}
      WHERE ${column.column} IS NOT NULL AND ${headOf(column)} = $1 LIMIT 1`,
    [head],
  )
  const [row] = rows
  if (!row) return null // it has gone meanwhile
  try {
    await vault.open(row.value, { tenant: row.tenant, record: row.record, purpose: column.purpose })
    return null
  } catch (error) {
    return (error as { code?: string }).code === 'unknown-key' ? 'is missing' : 'has another value now'
  }
}
