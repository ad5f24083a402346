import { randomBytes } from 'node:crypto'
import { parseVaultKeys } from '@inforiver-mail/m365/key-ring'
import { createTokenVault, type TokenVault } from '@inforiver-mail/m365/token-vault'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { ConfigurationError } from '../config.ts'
import { createTestDatabase, type TestDatabase } from '../test-support/test-database.ts'
import { openDatabase, type Database } from './database.ts'
import { openInstallation } from './installation.ts'
import { checkVaultKeys } from './sealed-values.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')
const REGISTRATION = {
  tenantId: '11111111-2222-4333-8444-555555555555',
  clientId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
}
const OWNER = { tenant: 'ten_1', record: 'tenant_settings', purpose: 'refresh-token' }

let test: TestDatabase
let database: Database

beforeAll(async () => {
  test = await createTestDatabase()
  database = await openDatabase(test.url, () => {})
})
afterAll(async () => {
  await database.close()
  await test.drop()
})
beforeEach(() => test.query('TRUNCATE installation, tenants, tenant_settings, messages CASCADE'))

function vaultWith(...keys: string[]): TokenVault {
  const parsed = parseVaultKeys(keys.join())
  if (parsed.outcome !== 'read') throw new Error('The keys of the test are faulty.')
  return createTokenVault(parsed.keyRing)
}

function newKey(kid: string): string {
  return `${kid}:${randomBytes(32).toString('base64')}`
}

async function store(refreshToken: string, tenantId = 'ten_1'): Promise<void> {
  await test.query('INSERT INTO tenant_settings (tenant_id, refresh_token_sealed) VALUES ($1, $2)', [
    tenantId,
    refreshToken,
  ])
}

it('belongs to the app registration of its first start, and opens for it again', async () => {
  const tenantId = await openInstallation(database, REGISTRATION, NOW)

  expect(tenantId).toMatch(/^ten_[0-9a-f]{32}$/)
  expect(await openInstallation(database, REGISTRATION, NOW)).toBe(tenantId)
})

it('belongs to one tenant when two processes start for the first time together', async () => {
  const tenants = await Promise.all(Array.from({ length: 5 }, () => openInstallation(database, REGISTRATION, NOW)))

  expect(new Set(tenants).size).toBe(1)
  expect(await test.query('SELECT id FROM tenants')).toEqual([{ id: tenants[0] }])
})

it.each([
  ['tenant', { ...REGISTRATION, tenantId: '99999999-2222-4333-8444-555555555555' }],
  ['client', { ...REGISTRATION, clientId: '99999999-7777-4888-9999-aaaaaaaaaaaa' }],
])('is refused to another %s, in one sentence that says what to do', async (_name, other) => {
  await openInstallation(database, REGISTRATION, NOW)

  await expect(openInstallation(database, other, NOW)).rejects.toThrow(
    new ConfigurationError(
      `This database belongs to another app registration (tenant ${REGISTRATION.tenantId}, client ${REGISTRATION.clientId}). Set AZURE_TENANT_ID and AZURE_CLIENT_ID to those, or use another database (DATABASE_URL) or data folder (DATA_DIR).`,
    ),
  )
})

it('opens with the keys that sealed what is stored', async () => {
  const [old, current] = [newKey('old'), newKey('current')]
  await store(await vaultWith(old).seal('a token', OWNER))

  await expect(checkVaultKeys(database.pool, vaultWith(current, old))).resolves.toBeUndefined()
})

it('is refused when a key is missing, and the key is named', async () => {
  await store(await vaultWith(newKey('old')).seal('a token', OWNER))

  await expect(checkVaultKeys(database.pool, vaultWith(newKey('current')))).rejects.toThrow(
    new ConfigurationError(
      'Stored secrets were sealed with the vault key "old", which is missing. Put that key back into VAULT_KEYS or the key file.',
    ),
  )
})

it('is refused when a key has another value than before', async () => {
  await store(await vaultWith(newKey('k1')).seal('a token', OWNER))

  await expect(checkVaultKeys(database.pool, vaultWith(newKey('k1')))).rejects.toThrow(
    'Stored secrets were sealed with the vault key "k1", which has another value now.',
  )
})

it('names every key that is wrong', async () => {
  await store(await vaultWith(newKey('k1')).seal('a token', OWNER))
  await store(await vaultWith(newKey('k2')).seal('a token', { ...OWNER, tenant: 'ten_2' }), 'ten_2')

  await expect(checkVaultKeys(database.pool, vaultWith(newKey('k1')))).rejects.toThrow(
    /"k1" has another value now; "k2" is missing/,
  )
})

it('looks at the keys of waiting messages as well', async () => {
  const sealed = await vaultWith(newKey('old')).seal('a key', {
    tenant: 'ten_1',
    record: 'msg_1',
    purpose: 'content-key',
  })
  await test.query(
    `INSERT INTO messages (id, tenant_id, service, status, "to", subject, created_at, content_key_sealed)
     VALUES ('msg_1', 'ten_1', 'test', 'queued', '[]', 'Waiting', now(), $1)`,
    [sealed],
  )

  await expect(checkVaultKeys(database.pool, vaultWith(newKey('current')))).rejects.toThrow('"old"')
})
