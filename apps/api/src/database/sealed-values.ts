import { keyIdOfHead, SEALED_HEAD_CHARACTERS, type Sealed, type TokenVault } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { ConfigurationError } from '../configuration/config.ts'
import type { SealedColumn } from '../domain/sealed-column.ts'

/** A sealed value with its owner. */
export interface SealedSample {
  readonly value: string
  readonly tenant: string
  readonly record: string
  readonly purpose: string
}

type Reader = Pick<pg.Pool | pg.ClientBase, 'query'>

/** Stands for the key of a value that no vault sealed. No key can have this id. */
export const NO_KEY = '?'

/**
 * Opens one stored value per column and key, so that a start with missing or wrong keys is refused before anything is
 * sent. Readiness calls it often, so its cost does not depend on the number of messages.
 *
 * @throws {ConfigurationError} naming the keys by `kid`
 */
export async function checkVaultKeys(pool: Reader, vault: TokenVault, columns: readonly SealedColumn[]): Promise<void> {
  const faults = await findVaultFaults(vault, await sampleSealedValues(pool, columns))
  const [first] = faults
  if (!first) return
  const [kid, fault] = first
  throw new ConfigurationError(
    faults.size === 1
      ? `Stored secrets were sealed with the vault key "${kid}", which ${FAULTS[fault]}. Put that key back into VAULT_KEYS or the key file. If it is lost for good: inforiver-mail vault forget.`
      : `Stored secrets were sealed with vault keys that do not open them: ${describeVaultFaults(faults)}. Put those keys back into VAULT_KEYS or the key file. If they are lost for good: inforiver-mail vault forget.`,
  )
}

const FAULTS = { missing: 'is missing', changed: 'has another value now' } as const
type VaultFault = keyof typeof FAULTS

/** Finds the keys that sealed values of a column, each with the head of one such value. */
export async function findSealedHeads(pool: Reader, column: SealedColumn): Promise<Map<string, string>> {
  const { rows } = await pool.query<{ head: string }>(column.indexed ? distinctByIndex(column) : distinct(column))
  return new Map(rows.map(({ head }) => [keyIdOfHead(head) ?? NO_KEY, head]))
}

/** SQL for the head of a column's values, which names the key. The index is on the same expression. */
export function headOf({ column }: SealedColumn): string {
  return `left(${column}, ${SEALED_HEAD_CHARACTERS})`
}

function distinct(column: SealedColumn): string {
  return `SELECT DISTINCT ${headOf(column)} AS head FROM ${column.table} WHERE ${column.column} IS NOT NULL`
}

/** A loose index scan, from one distinct head to the next: DISTINCT would read all values. */
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

/** Reads one value for each key of each column. */
export async function sampleSealedValues(pool: Reader, columns: readonly SealedColumn[]): Promise<SealedSample[]> {
  const samples: SealedSample[] = []
  for (const column of columns)
    for (const head of (await findSealedHeads(pool, column)).values()) {
      const sample = await readSample(pool, column, head)
      if (sample !== null) samples.push(sample)
    }
  return samples
}

/** Returns null when it was deleted in the meantime. */
async function readSample(pool: Reader, column: SealedColumn, head: string): Promise<SealedSample | null> {
  const { rows } = await pool.query<Omit<SealedSample, 'purpose'>>(
    `SELECT ${column.column} AS value, tenant_id AS tenant, ${column.record} AS record FROM ${column.table}
      WHERE ${column.column} IS NOT NULL AND ${headOf(column)} = $1 LIMIT 1`,
    [head],
  )
  return rows[0] ? { ...rows[0], purpose: column.purpose } : null
}

/** Finds the keys that values need and that do not open them, by `kid` and in its order. */
export async function findVaultFaults(
  vault: TokenVault,
  samples: readonly SealedSample[],
): Promise<ReadonlyMap<string, VaultFault>> {
  const faults = new Map<string, VaultFault>()
  for (const sample of samples) {
    const fault = await sampleFault(vault, sample)
    if (fault !== null) faults.set(keyIdOfHead(sample.value) ?? NO_KEY, fault)
  }
  return new Map([...faults].toSorted(([one], [other]) => one.localeCompare(other)))
}

/** The same, in words. */
export function describeVaultFaults(faults: ReadonlyMap<string, VaultFault>): string {
  return [...faults].map(([kid, fault]) => `"${kid}" ${FAULTS[fault]}`).join('; ')
}

async function sampleFault(vault: TokenVault, { value, ...owner }: SealedSample): Promise<VaultFault | null> {
  try {
    await vault.open(value as Sealed, owner)
    return null
  } catch (error) {
    return (error as { code?: string }).code === 'unknown-key' ? 'missing' : 'changed'
  }
}
