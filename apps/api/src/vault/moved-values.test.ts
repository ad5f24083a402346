import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import { beforeAll, beforeEach, expect, it } from 'vitest'
import type { SealedColumn } from '../domain/sealed-column.ts'
import { SEALED_COLUMNS } from '../sealed-columns.ts'
import { addSealedRows, newKey, vaultOf } from '../test-support/sealed-rows.ts'
import { useOpenDatabase } from '../test-support/test-database.ts'
import { createSealedStore, type SealedStore, type StoredValue } from './sealed-store.ts'

const { refreshToken, accessToken, consent, signIn, webhook } = SEALED_COLUMNS

const { test, database } = useOpenDatabase()
let store: SealedStore
let vault: TokenVault

beforeAll(() => {
  store = createSealedStore(database, Object.values(SEALED_COLUMNS))
})
beforeEach(async () => {
  await test.empty('tenants', 'tenant_settings', 'consents', 'pending_sign_ins', 'webhooks', 'messages', 'data_keys')
  vault = vaultOf(newKey('k1'))
  await addSealedRows(test, vault, { tenant: 'ten_1', messages: 2 })
  await addSealedRows(test, vault, { tenant: 'ten_2', messages: 2 })
})

/** Opens the stored values of a column; null for those that do not open. */
async function opened(column: SealedColumn): Promise<Record<string, string | null>> {
  const values = await store.read(column, { after: '', exceptKid: null, limit: 100 })
  const secrets = await Promise.all(values.map(({ value, owner }) => vault.open(value, owner).catch(() => null)))
  return Object.fromEntries(values.map(({ key }, index) => [key, secrets[index] ?? null]))
}

async function values(column: SealedColumn): Promise<StoredValue[]> {
  return store.read(column, { after: '', exceptKid: null, limit: 100 })
}

async function put(column: SealedColumn, key: string, value: string | undefined): Promise<void> {
  await test.query(`UPDATE ${column.table} SET ${column.column} = $1 WHERE ${column.key} = $2`, [value, key])
}

it.each([refreshToken, accessToken, consent, signIn, webhook])(
  'does not open a value of $table.$column that was moved to another tenant',
  async (column) => {
    const [one, other] = await values(column)

    await put(column, other?.key ?? '', one?.value)

    expect(Object.values(await opened(column))).toEqual([expect.stringContaining('the '), null])
  },
)

it('does not open a refresh token in the column of access tokens, or the reverse', async () => {
  const [refresh] = await values(refreshToken)
  const [access] = await values(accessToken)

  await put(refreshToken, 'ten_1', access?.value)
  await put(accessToken, 'ten_1', refresh?.value)

  expect(await opened(refreshToken)).toMatchObject({ ten_1: null })
  expect(await opened(accessToken)).toMatchObject({ ten_1: null })
})

it('does not open a value that was moved to another table, even under the same id', async () => {
  const [sealed] = await values(consent)
  await test.query(`UPDATE webhooks SET id = $1 WHERE tenant_id = 'ten_1'`, [sealed?.key])

  await put(webhook, sealed?.key ?? '', sealed?.value)

  expect(await opened(webhook)).toMatchObject({ [sealed?.key ?? '']: null })
})
