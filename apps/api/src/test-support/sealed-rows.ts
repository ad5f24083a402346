import { randomBytes } from 'node:crypto'
import { parseVaultKeys, type KeyRing } from '@inforiver-mail/m365/key-ring'
import { createTokenVault, type Sealed, type TokenVault } from '@inforiver-mail/m365/token-vault'
import type { TestDatabase } from './test-database.ts'

/** Makes a new key in the notation of VAULT_KEYS. */
export function newKey(kid: string): string {
  return `${kid}:${randomBytes(32).toString('base64')}`
}

/** Makes a key ring, of which the first key seals. */
export function ringOf(...keys: string[]): KeyRing {
  const parsed = parseVaultKeys(keys.join())
  if (parsed.outcome !== 'read') throw new Error('The keys of the test are faulty.')
  return parsed.keyRing
}

export function vaultOf(...keys: string[]): TokenVault {
  return createTokenVault(ringOf(...keys))
}

/** Adds a row of each kind with a sealed value, for one tenant, and more messages if wanted. */
export async function addSealedRows(
  database: TestDatabase,
  vault: TokenVault,
  { tenant = 'ten_1', messages = 1 }: { tenant?: string; messages?: number } = {},
): Promise<void> {
  const seal = (secret: string, record: string, purpose: string) => vault.seal(secret, { tenant, record, purpose })
  await database.query('INSERT INTO tenants (id, created_at) VALUES ($1, now()) ON CONFLICT DO NOTHING', [tenant])
  await database.query(
    `INSERT INTO tenant_settings (tenant_id, version, status, from_email, mailbox, connected_at, refresh_token_sealed, access_token_sealed,
       access_token_expires_at, access_token_obtained_at, grant_version)
     VALUES ($1, 1, 'connected', 'ada@contoso.com', 'own', now(), $2, $3, now() + interval '1 hour', now(), 7)`,
    [
      tenant,
      await seal('the refresh token', 'tenant_settings', 'refresh-token'),
      await seal('the access token', 'tenant_settings', 'access-token'),
    ],
  )
  await database.query(
    `INSERT INTO consents (id, tenant_id, user_id, session_id_hash, purpose, status, from_email, large_attachments, requested_permissions,
       settings_version, state_hash, secrets_sealed, created_at, expires_at)
     VALUES ($1, $2, 'usr_1', 'session', 'configure', 'pending', 'ada@contoso.com', false, '{}', 1, $1, $3, now(), now() + interval '10 minutes')`,
    [`con_${tenant}`, tenant, await seal('the consent', `con_${tenant}`, 'consent')],
  )
  await database.query(
    `INSERT INTO pending_sign_ins (state_hash, tenant_id, browser_hash, secrets_sealed, return_to, expires_at)
     VALUES ($1, $2, 'browser', $3, '/', now() + interval '10 minutes')`,
    [`state of ${tenant}`, tenant, await seal('the sign-in', `state of ${tenant}`, 'sign-in')],
  )
  await database.query(
    `INSERT INTO webhooks (id, tenant_id, url, secret_sealed, created_at) VALUES ($1, $2, 'https://hooks.contoso.com/mail', $3, now())`,
    [`whk_${tenant}`, tenant, await seal('the webhook', `whk_${tenant}`, 'webhook-secret')],
  )
  const ids = Array.from({ length: messages }, (_, index) => `msg_${tenant}_${String(index).padStart(6, '0')}`)
  await addMessages(database, vault, tenant, ids)
}

/** Adds messages as version 1.0.0 stored them, each under a key of its own. */
export async function addMessages(
  database: TestDatabase,
  vault: TokenVault,
  tenant: string,
  ids: readonly string[],
): Promise<void> {
  const keys = await Promise.all(ids.map((id) => vault.seal('the key', { tenant, record: id, purpose: 'content-key' })))
  await addHeld(database, tenant, ids)
  await database.query(
    `INSERT INTO message_contents (message_id, tenant_id, key_sealed, content, stored_bytes, begun_at)
     SELECT id, $1, key, '\\x00', 1, now() FROM unnest($2::text[], $3::text[]) AS m(id, key)`,
    [tenant, ids, keys],
  )
}

/** Adds messages whose keys are derived from one data key, which is `hoursAgo` old. */
export async function addMessagesUnderDataKey(
  database: TestDatabase,
  vault: TokenVault,
  tenant: string,
  { dataKey, ids, hoursAgo = 0 }: { dataKey: string; ids: readonly string[]; hoursAgo?: number },
): Promise<void> {
  await database.query(
    `INSERT INTO data_keys (id, tenant_id, hour, key_sealed) VALUES ($1, $2, date_trunc('hour', now()) - $3 * interval '1 hour', $4)`,
    [dataKey, tenant, hoursAgo, await vault.seal('the data key', { tenant, record: dataKey, purpose: 'data-key' })],
  )
  await addHeld(database, tenant, ids)
  await database.query(
    `INSERT INTO message_contents (message_id, tenant_id, data_key, content, stored_bytes, begun_at)
     SELECT id, $1, $3, '\\x00', 1, now() FROM unnest($2::text[]) AS m(id)`,
    [tenant, ids, dataKey],
  )
}

async function addHeld(database: TestDatabase, tenant: string, ids: readonly string[]): Promise<void> {
  await database.query(
    `INSERT INTO messages (id, tenant_id, service, "to", subject, created_at)
     SELECT id, $1, 'reports', '[]', 'Waiting', now() FROM unnest($2::text[]) AS m(id)`,
    [tenant, ids],
  )
  await database.query(
    `INSERT INTO message_queue (message_id, tenant_id, state, waits_since, held_because, recipients, size, upload_bytes,
                                on_unknown_outcome, save_to_sent_items)
     SELECT id, $1, 'held', now(), 'not-configured', 1, 'small', 0, 'retry', true FROM unnest($2::text[]) AS m(id)`,
    [tenant, ids],
  )
}

/** Reads every stored sealed value. It finds the columns by name, so that it misses none. */
export async function allSealed(database: TestDatabase): Promise<Sealed[]> {
  const columns = await database.query<{ table: string; column: string }>(
    `SELECT table_name AS table, column_name AS column FROM information_schema.columns
      WHERE table_schema = 'public' AND column_name LIKE '%sealed'`,
  )
  const rows = await Promise.all(
    columns.map(({ table, column }) =>
      database.query<{ value: Sealed }>(`SELECT ${column} AS value FROM ${table} WHERE ${column} IS NOT NULL`),
    ),
  )
  return rows.flat().map(({ value }) => value)
}
