import { randomBytes } from 'node:crypto'
import { CLOUDS } from '@inforiver-mail/m365/clouds'
import { parseVaultKeys } from '@inforiver-mail/m365/key-ring'
import { createTokenVault, type TokenVault } from '@inforiver-mail/m365/token-vault'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { ConfigurationError } from '../config.ts'
import { createTestDatabase, type TestDatabase } from '../test-support/test-database.ts'
import { openDatabase, type Database } from './database.ts'
import { openInstallation } from './installation.ts'
import { SEALED_COLUMNS } from '../sealed-columns.ts'
import { checkVaultKeys } from './sealed-values.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')
const REGISTRATION = {
  tenantId: '11111111-2222-4333-8444-555555555555',
  clientId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
}
const OWNER_OF_DATABASE = { registration: REGISTRATION, ...CLOUDS['gcc-high'] }
const OWNER = { tenant: 'ten_1', record: 'tenant_settings', purpose: 'refresh-token' }

const COLUMNS = Object.values(SEALED_COLUMNS)

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
beforeEach(() => test.empty('installation', 'tenants', 'tenant_settings', 'messages', 'data_keys'))

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
  const tenantId = await openInstallation(database, OWNER_OF_DATABASE, NOW)

  expect(tenantId).toMatch(/^ten_[0-9a-f]{32}$/)
  expect(await openInstallation(database, OWNER_OF_DATABASE, NOW)).toBe(tenantId)
})

it('belongs to one tenant when two processes start for the first time together', async () => {
  const tenants = await Promise.all(Array.from({ length: 5 }, () => openInstallation(database, OWNER_OF_DATABASE, NOW)))

  expect(new Set(tenants).size).toBe(1)
  expect(await test.query('SELECT id FROM tenants')).toEqual([{ id: tenants[0] }])
})

it.each([
  ['tenant', { ...REGISTRATION, tenantId: '99999999-2222-4333-8444-555555555555' }],
  ['client', { ...REGISTRATION, clientId: '99999999-7777-4888-9999-aaaaaaaaaaaa' }],
])('is refused to another %s, in one sentence that says what to do', async (_name, other) => {
  await openInstallation(database, OWNER_OF_DATABASE, NOW)

  await expect(openInstallation(database, { ...OWNER_OF_DATABASE, registration: other }, NOW)).rejects.toThrow(
    new ConfigurationError(
      `This database belongs to another app registration (tenant ${REGISTRATION.tenantId}, client ${REGISTRATION.clientId}). Set AZURE_TENANT_ID and AZURE_CLIENT_ID to those, or use another database (DATABASE_URL) or data folder (DATA_DIR).`,
    ),
  )
})

it('is refused to the hosts of another cloud, in sentences that name both and say what to do', async () => {
  await openInstallation(database, OWNER_OF_DATABASE, NOW)

  await expect(openInstallation(database, { ...OWNER_OF_DATABASE, ...CLOUDS.dod }, NOW)).rejects.toThrow(
    new ConfigurationError(
      'This database belongs to other hosts of Microsoft (https://login.microsoftonline.us and https://graph.microsoft.us), whose tokens must not go to https://login.microsoftonline.us and https://dod-graph.microsoft.us. Set M365_CLOUD, or AZURE_AUTHORITY_HOST and GRAPH_BASE_URL, to those, or use another database (DATABASE_URL) or data folder (DATA_DIR) and connect the mailbox there.',
    ),
  )
  await openInstallation(database, OWNER_OF_DATABASE, NOW)
})

const LOOPBACK = { authorityHost: 'http://127.0.0.1:3001', graphBaseUrl: 'http://127.0.0.1:3001' }

it.each([
  ['another host for signing in', { authorityHost: 'https://login.contoso.test' }],
  ['another Graph', { graphBaseUrl: 'https://graph.contoso.test' }],
  ['a stand-in on this machine', LOOPBACK],
])('is refused to %s', async (_what, hosts) => {
  await openInstallation(database, OWNER_OF_DATABASE, NOW)

  await expect(openInstallation(database, { ...OWNER_OF_DATABASE, ...hosts }, NOW)).rejects.toThrow(
    'belongs to other hosts of Microsoft',
  )
})

it('opens for the same hosts in another spelling', async () => {
  const tenantId = await openInstallation(database, OWNER_OF_DATABASE, NOW)
  const spelled = {
    authorityHost: 'https://LOGIN.microsoftonline.us:443/',
    graphBaseUrl: 'https://graph.microsoft.us/v1.0/',
  }

  expect(await openInstallation(database, { ...OWNER_OF_DATABASE, ...spelled }, NOW)).toBe(tenantId)
})

it('opens for a stand-in that listens on another port of this machine, and for no cloud', async () => {
  const tenantId = await openInstallation(database, { ...OWNER_OF_DATABASE, ...LOOPBACK }, NOW)
  const restarted = { authorityHost: 'https://localhost:4001', graphBaseUrl: 'http://127.0.0.1:4002' }

  expect(await openInstallation(database, { ...OWNER_OF_DATABASE, ...restarted }, NOW)).toBe(tenantId)
  await expect(openInstallation(database, OWNER_OF_DATABASE, NOW)).rejects.toThrow('belongs to other hosts')
})

it('takes the hosts of the next start where none are written down, and belongs to them from then on', async () => {
  await openInstallation(database, OWNER_OF_DATABASE, NOW)
  await test.query('UPDATE installation SET authority_host = NULL, graph_base_url = NULL')

  await openInstallation(database, { ...OWNER_OF_DATABASE, ...CLOUDS.dod }, NOW)

  await expect(openInstallation(database, OWNER_OF_DATABASE, NOW)).rejects.toThrow('belongs to other hosts')
})

it('opens with the keys that sealed what is stored', async () => {
  const [old, current] = [newKey('old'), newKey('current')]
  await store(await vaultWith(old).seal('a token', OWNER))

  await expect(checkVaultKeys(database.pool, vaultWith(current, old), COLUMNS)).resolves.toBeUndefined()
})

it('is refused when a key is missing, and the key is named', async () => {
  await store(await vaultWith(newKey('old')).seal('a token', OWNER))

  await expect(checkVaultKeys(database.pool, vaultWith(newKey('current')), COLUMNS)).rejects.toThrow(
    new ConfigurationError(
      'Stored secrets were sealed with the vault key "old", which is missing. Put that key back into VAULT_KEYS or the key file. If it is lost for good: npm run vault -- forget.',
    ),
  )
})

it('is refused when a key has another value than before', async () => {
  await store(await vaultWith(newKey('k1')).seal('a token', OWNER))

  await expect(checkVaultKeys(database.pool, vaultWith(newKey('k1')), COLUMNS)).rejects.toThrow(
    'Stored secrets were sealed with the vault key "k1", which has another value now.',
  )
})

it('names every key that is wrong', async () => {
  await store(await vaultWith(newKey('k1')).seal('a token', OWNER))
  await store(await vaultWith(newKey('k2')).seal('a token', { ...OWNER, tenant: 'ten_2' }), 'ten_2')

  await expect(checkVaultKeys(database.pool, vaultWith(newKey('k1')), COLUMNS)).rejects.toThrow(
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
    `INSERT INTO message_contents (message_id, tenant_id, key_sealed, content, begun_at) VALUES ('msg_1', 'ten_1', $1, '\\x00', now())`,
    [sealed],
  )

  await expect(checkVaultKeys(database.pool, vaultWith(newKey('current')), COLUMNS)).rejects.toThrow('"old"')
})

it('looks at the data keys of waiting messages as well', async () => {
  const sealed = await vaultWith(newKey('old')).seal('a key', { tenant: 'ten_1', record: 'dky_1', purpose: 'data-key' })
  await test.query(`INSERT INTO data_keys (id, tenant_id, hour, key_sealed) VALUES ('dky_1', 'ten_1', now(), $1)`, [
    sealed,
  ])

  await expect(checkVaultKeys(database.pool, vaultWith(newKey('current')), COLUMNS)).rejects.toThrow('"old"')
})
