import { beforeEach, expect, it } from 'vitest'
import { ConfigurationError } from '../configuration/config.ts'
import { newKey, vaultOf } from '../test-support/sealed-rows.ts'
import { useTestDatabase } from '../test-support/test-database.ts'
import { SEALED_COLUMNS } from '../sealed-columns.ts'
import { checkVaultKeys } from './sealed-values.ts'

const database = useTestDatabase()
beforeEach(() => database.empty('tenant_settings', 'messages', 'data_keys'))

const check = (...keys: string[]) => checkVaultKeys(database.pool, vaultOf(...keys), Object.values(SEALED_COLUMNS))

/** Stores a token that a key sealed. */
async function store(key: string, tenant = 'ten_1'): Promise<void> {
  const sealed = await vaultOf(key).seal('a token', { tenant, record: 'tenant_settings', purpose: 'refresh-token' })
  const insert = 'INSERT INTO tenant_settings (tenant_id, refresh_token_sealed) VALUES ($1, $2)'
  await database.query(insert, [tenant, sealed])
}

it('accepts the keys that sealed what is stored', async () => {
  const old = newKey('old')
  await store(old)

  await expect(check(newKey('current'), old)).resolves.toBeUndefined()
})

it('names a missing key, and says what to do', async () => {
  await store(newKey('old'))

  await expect(check(newKey('current'))).rejects.toThrow(
    new ConfigurationError(
      'Stored secrets were sealed with the vault key "old", which is missing. Put that key back into VAULT_KEYS or the key file. If it is lost for good: inforiver-mail vault forget.',
    ),
  )
})

it('names a key that has another value than before', async () => {
  await store(newKey('k1'))

  await expect(check(newKey('k1'))).rejects.toThrow(
    'Stored secrets were sealed with the vault key "k1", which has another value now.',
  )
})

it('names every key that is wrong', async () => {
  await store(newKey('k1'))
  await store(newKey('k2'), 'ten_2')

  await expect(check(newKey('k1'))).rejects.toThrow(/"k1" has another value now; "k2" is missing/)
})

it.each([
  [
    'content keys',
    { record: 'msg_1', purpose: 'content-key' },
    `INSERT INTO message_contents (message_id, tenant_id, key_sealed, content, begun_at) VALUES ('msg_1', 'ten_1', $1, '\\x00', now())`,
  ],
  [
    'data keys',
    { record: 'dky_1', purpose: 'data-key' },
    `INSERT INTO data_keys (id, tenant_id, hour, key_sealed) VALUES ('dky_1', 'ten_1', now(), $1)`,
  ],
])('checks the %s of waiting messages as well', async (_what, owner, insert) => {
  await database.query(insert, [await vaultOf(newKey('old')).seal('a key', { tenant: 'ten_1', ...owner })])

  await expect(check(newKey('current'))).rejects.toThrow('"old"')
})
