import type { Sealed, SealOwner, TokenVault } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { ConfigurationError } from '../config.ts'

/** Every column that holds sealed values, and whom they are sealed for. */
const COLUMNS = [
  { table: 'tenant_settings', column: 'refresh_token_sealed', record: `'tenant_settings'`, purpose: 'refresh-token' },
  { table: 'tenant_settings', column: 'access_token_sealed', record: `'tenant_settings'`, purpose: 'access-token' },
  { table: 'messages', column: 'content_key_sealed', record: 'id', purpose: 'content-key' },
] as const

/**
 * What of a sealed value tells its key: `{"alg":"dir","enc":"A256GCM","kid":"` and 32 characters are 91 in base64. Only
 * one value of each beginning is looked into, because there may be very many, and readiness asks often.
 */
const HEAD_CHARACTERS = 96

/**
 * Opens one stored value for each key that sealed any, so that a start with missing or wrong keys is refused before
 * anything is sent. Consents and sign-ins under way are left out: they last ten minutes.
 *
 * @throws {ConfigurationError} naming the keys by `kid`.
 */
export async function checkVaultKeys(pool: pg.Pool, vault: TokenVault): Promise<void> {
  const faults = new Map<string, string>()
  for (const { table, column, record, purpose } of COLUMNS) {
    const { rows } = await pool.query<{ kid: string; value: Sealed; tenant: string; record: string }>(
      `SELECT DISTINCT ON (kid) kid, value, tenant, record
         FROM (SELECT DISTINCT left(${column}, ${HEAD_CHARACTERS}) AS head FROM ${table} WHERE ${column} IS NOT NULL) AS heads
        CROSS JOIN LATERAL (SELECT ${column} AS value, tenant_id AS tenant, ${record} AS record FROM ${table}
                             WHERE left(${column}, ${HEAD_CHARACTERS}) = head LIMIT 1) AS stored
        CROSS JOIN LATERAL (SELECT ${kidOf('value')} AS kid) AS named`,
    )
    for (const { kid, value, tenant, record: ownerRecord } of rows) {
      const fault = await openFault(vault, value, { tenant, record: ownerRecord, purpose })
      if (fault) faults.set(kid, fault)
    }
  }
  if (faults.size === 0) return
  const [[kid, fault] = ['', '']] = faults
  throw new ConfigurationError(
    faults.size === 1
      ? `Stored secrets were sealed with the vault key "${kid}", which ${fault}. Put that key back into VAULT_KEYS or the key file.`
      : `Stored secrets were sealed with vault keys that do not open them: ${[...faults].map(([name, why]) => `"${name}" ${why}`).join('; ')}. Put those keys back into VAULT_KEYS or the key file.`,
  )
}

/** The `kid` in the protected header of a compact JWE, in SQL. */
function kidOf(value: string): string {
  const header = `translate(split_part(${value}, '.', 1), '-_', '+/')`
  const padded = `rpad(${header}, (ceil(length(${header}) / 4.0) * 4)::int, '=')`
  return `(convert_from(decode(${padded}, 'base64'), 'UTF8')::json ->> 'kid')`
}

async function openFault(vault: TokenVault, value: Sealed, owner: SealOwner): Promise<string | null> {
  try {
    await vault.open(value, owner)
    return null
  } catch (error) {
    return (error as { code?: string }).code === 'unknown-key' ? 'is missing' : 'has another value now'
  }
}
