import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { CHUNK_BYTES, createContentCipher } from '@inforiver-mail/m365/content-cipher'
import { parseVaultKeys } from '@inforiver-mail/m365/key-ring'
import { createTokenVault, type Sealed } from '@inforiver-mail/m365/token-vault'
import { applyFirstRelease } from './released-database.ts'
import type { TestDatabase } from './test-database.ts'
import { RANGE_BYTES } from './upload-ground.ts'

const DATA = new URL('./release-1.0.0/data.sql', import.meta.url)
const KEYS = new URL('./release-1.0.0/keys.json', import.meta.url)

/** When the data were left. */
const LEFT_AT = new Date('2026-11-24T10:00:00.000Z')
/** The attachment of the message that was being uploaded. */
export const UPLOADED_FILE = Buffer.alloc(RANGE_BYTES + 300_000, '1.0.0 ')

interface ReleasedKeys {
  readonly vaultKeys: string
  /** Of the service *reports* of the installed tenant. */
  readonly serviceKey: string
  /** Of a service of the tenant `ten_2`, which has no mailbox. */
  readonly secondServiceKey: string
}

/** Replaces everything in a database by tables and data of version 1.0.0. */
export async function loadReleasedData(database: TestDatabase): Promise<ReleasedKeys> {
  const keys = JSON.parse(await readFile(KEYS, 'utf8')) as ReleasedKeys
  const [owner] = await database.query<{ name: string }>(
    'SELECT quote_ident(pg_get_userbyid(datdba)) AS name FROM pg_database WHERE datname = current_database()',
  )
  await database.query(
    `DROP SCHEMA IF EXISTS test_support CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION ${owner?.name}`,
  )
  await applyFirstRelease(database.url)
  // Without triggers, so that the order of the tables does not matter.
  await database.query(`SET LOCAL session_replication_role = replica; ${await readFile(DATA, 'utf8')}`)
  await sealChunks(database, keys)
  return keys
}

async function sealChunks(database: TestDatabase, { vaultKeys }: ReleasedKeys): Promise<void> {
  const parsed = parseVaultKeys(vaultKeys)
  if (parsed.outcome !== 'read') throw new Error(parsed.faults.join(' '))
  const [message] = await database.query<{ id: string; tenant: string; sealed: Sealed }>(
    `SELECT id, tenant_id AS tenant, content_key_sealed AS sealed FROM messages WHERE subject = 'uploading'`,
  )
  if (!message) throw new Error('The message that was being uploaded is missing.')
  const { id, tenant, sealed } = message
  const key = await createTokenVault(parsed.keyRing).open(sealed, { tenant, record: id, purpose: 'content-key' })
  const cipher = createContentCipher(key, randomBytes)
  for (let chunk = 0; chunk * CHUNK_BYTES < UPLOADED_FILE.length; chunk++) {
    const piece = UPLOADED_FILE.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES)
    const last = (chunk + 1) * CHUNK_BYTES >= UPLOADED_FILE.length
    await database.query(
      'INSERT INTO message_chunks (message_id, tenant_id, part, chunk, stored_at, content) VALUES ($1, $2, 0, $3, $4, $5)',
      [id, tenant, chunk, LEFT_AT, cipher.seal(piece, { tenant, message: id, part: 'attachment-0', chunk, last })],
    )
  }
}
