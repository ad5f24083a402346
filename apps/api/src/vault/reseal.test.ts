import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { sealedPrefix, type Sealed, type TokenVault } from '@inforiver-mail/m365/token-vault'
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { systemTimers } from '../runtime/clock.ts'
import { checkVaultKeys } from '../database/sealed-values.ts'
import { SEALED_COLUMNS } from '../sealed-columns.ts'
import {
  addMessages,
  addMessagesUnderDataKey,
  addSealedRows,
  allSealed,
  newKey,
  vaultOf,
} from '../test-support/sealed-rows.ts'
import { useOpenDatabase } from '../test-support/test-database.ts'
import { announceSealingKey } from './presence-store.ts'
import { reseal, type Resealing } from './reseal.ts'
import { createSealedStore, type SealedStore } from './sealed-store.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')
const OLD = newKey('old')
const NEW = newKey('new')
const RUN_RESEAL = fileURLToPath(new URL('../test-support/run-reseal.ts', import.meta.url))

const COLUMNS = Object.values(SEALED_COLUMNS)

const { test, database } = useOpenDatabase()
let store: SealedStore

beforeAll(() => {
  store = createSealedStore(database, COLUMNS)
})
beforeEach(() =>
  test.empty(
    'installation',
    'tenants',
    'tenant_settings',
    'consents',
    'pending_sign_ins',
    'webhooks',
    'messages',
    'data_keys',
  ),
)

async function rotate(
  changes: { store?: SealedStore; vault?: TokenVault; signal?: AbortSignal; wait?: () => Promise<void> } = {},
): Promise<Resealing> {
  return reseal({
    store,
    vault: vaultOf(NEW, OLD),
    kid: 'new',
    clock: () => NOW,
    signal: new AbortController().signal,
    wait: systemTimers.sleep,
    ...changes,
  })
}

async function kids(): Promise<string[]> {
  const vault = vaultOf(NEW)
  return [...new Set((await allSealed(test)).map((value) => vault.keyIdOf(value)))].sort()
}

it('reseals every column that holds sealed values, and each still opens where it belongs', async () => {
  await addSealedRows(test, vaultOf(OLD), { messages: 3 })
  const stored = (await allSealed(test)).length

  expect(await rotate()).toEqual({ outcome: 'done', resealed: stored })

  expect(await kids()).toEqual(['new'])
  const opened = await test.query<{ value: Sealed }>(
    `SELECT key_sealed AS value FROM message_contents WHERE message_id = 'msg_ten_1_000001'`,
  )
  const owner = { tenant: 'ten_1', record: 'msg_ten_1_000001', purpose: 'content-key' }
  expect(await vaultOf(NEW).open(opened[0]?.value as Sealed, owner)).toBe('the key')
})

it('reseals a data key and leaves the messages under it unchanged', async () => {
  const ids = ['msg_1', 'msg_2']
  await addMessagesUnderDataKey(test, vaultOf(OLD), 'ten_1', { dataKey: 'key_1', ids })
  const before = await test.query('SELECT * FROM message_contents ORDER BY message_id')

  expect(await rotate()).toEqual({ outcome: 'done', resealed: 1 })

  const [stored] = await test.query<{ value: Sealed }>('SELECT key_sealed AS value FROM data_keys')
  const owner = { tenant: 'ten_1', record: 'key_1', purpose: 'data-key' }
  expect(await vaultOf(NEW).open(stored?.value as Sealed, owner)).toBe('the data key')
  expect(await test.query('SELECT * FROM message_contents ORDER BY message_id')).toEqual(before)
})

it('knows every column of the schema that holds sealed values', async () => {
  const columns = await test.query<{ name: string }>(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
      WHERE table_schema = 'public' AND column_name LIKE '%sealed' ORDER BY 1`,
  )

  const known = COLUMNS.map(({ table, column }) => `${table}.${column}`)
  expect(columns.map(({ name }) => name)).toEqual(known.toSorted())
})

it('lets a process start with the new key alone, and none with the old one alone', async () => {
  await addSealedRows(test, vaultOf(OLD))
  await expect(checkVaultKeys(database.pool, vaultOf(NEW), COLUMNS)).rejects.toThrow('"old", which is missing')

  await rotate()

  await expect(checkVaultKeys(database.pool, vaultOf(NEW), COLUMNS)).resolves.toBeUndefined()
  await expect(checkVaultKeys(database.pool, vaultOf(OLD), COLUMNS)).rejects.toThrow('"new", which is missing')
})

it('leaves everything openable when its process is killed in the middle', async () => {
  await addSealedRows(test, vaultOf(OLD), { messages: 500 })
  const child = fork(RUN_RESEAL, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.send({ url: test.url, keys: [NEW, OLD] })
  await new Promise((resolve) => child.once('message', resolve)) // some messages are resealed
  child.kill('SIGKILL')
  await exited

  expect(await kids()).toEqual(['new', 'old'])
  await expect(checkVaultKeys(database.pool, vaultOf(NEW, OLD), COLUMNS)).resolves.toBeUndefined()
  expect(await rotate()).toMatchObject({ outcome: 'done' })
  expect(await kids()).toEqual(['new'])
})

it('never puts back a value that was replaced meanwhile', async () => {
  await addSealedRows(test, vaultOf(OLD))
  const owner = { tenant: 'ten_1', record: 'tenant_settings', purpose: 'refresh-token' }
  const refreshed = await vaultOf(NEW).seal('the rotated refresh token', owner)
  const refreshing: SealedStore = {
    ...store,
    async replace(column, changes) {
      if (column.column === 'refresh_token_sealed')
        await test.query('UPDATE tenant_settings SET refresh_token_sealed = $1', [refreshed])
      return store.replace(column, changes)
    },
  }

  expect(await rotate({ store: refreshing })).toMatchObject({ outcome: 'done' })

  expect(await test.query('SELECT refresh_token_sealed AS value FROM tenant_settings')).toEqual([{ value: refreshed }])
})

it('skips a locked row, and comes back for it', async () => {
  await addSealedRows(test, vaultOf(OLD), { messages: 3 })
  const release = await test.lockRow('message_contents', 'msg_ten_1_000001', 'message_id')

  const skipped: unknown[][] = []
  const old = 'SELECT message_id FROM message_contents WHERE starts_with(key_sealed, $1)'
  async function wait(): Promise<void> {
    skipped.push(await test.query(old, [sealedPrefix('old')]))
    await release()
  }

  expect(await rotate({ wait })).toMatchObject({ outcome: 'done' })
  expect(skipped).toEqual([[{ message_id: 'msg_ten_1_000001' }]])
  expect(await kids()).toEqual(['new'])
})

it('reseals what is sealed with an older key while it runs', async () => {
  await addSealedRows(test, vaultOf(OLD), { messages: 1_000 })
  let added = 0
  const busy: SealedStore = {
    ...store,
    async replace(column, changes) {
      if (column.table === 'message_contents' && added < 3) {
        added += 1
        await addMessages(test, vaultOf(OLD), 'ten_1', [`msg_0_late_${added}`])
      }
      return store.replace(column, changes)
    },
  }

  expect(await rotate({ store: busy })).toMatchObject({ outcome: 'done' })

  expect(added).toBe(3)
  expect(await kids()).toEqual(['new'])
})

it('leaves a value that does not open, reports it, and reseals the others', async () => {
  await addSealedRows(test, vaultOf(OLD), { messages: 3 })
  await addMessages(test, vaultOf(newKey('lost')), 'ten_1', ['msg_lost'])

  const resealed = (await allSealed(test)).length - 1
  expect(await rotate({ wait: async () => {} })).toEqual({ outcome: 'left', resealed })

  expect(await kids()).toEqual(['lost', 'new'])
})

it('records the rotation in the audit log once', async () => {
  await test.query(`INSERT INTO installation VALUES (1, 'ten_1', 'entra', 'client', now())`)
  await addSealedRows(test, vaultOf(OLD))
  const resealed = (await allSealed(test)).length

  await rotate()
  await rotate()

  expect(
    await test.query(`SELECT tenant_id, actor, outcome, details FROM audit_events WHERE action = 'vault-rotated'`),
  ).toEqual([{ tenant_id: 'ten_1', actor: null, outcome: 'done', details: { key: 'new', resealed } }])
})

describe('a running process', () => {
  async function announce(kid: () => string): Promise<{ stop(): Promise<void> }> {
    const presence = await announceSealingKey(test.url, kid, systemTimers)
    onTestFinished(() => presence.stop())
    return presence
  }

  it('prevents a rotation while it seals with another key', async () => {
    await addSealedRows(test, vaultOf(OLD))
    await announce(() => 'new')
    await announce(() => 'old')

    expect(await rotate()).toEqual({ outcome: 'disagreement', kids: ['old'] })

    expect(await kids()).toEqual(['old'])
  })

  it('announces another key when it takes it over', async () => {
    let kid = 'old'
    await announce(() => kid)
    expect(await store.findSealingKids()).toEqual(new Set(['old']))

    kid = 'new'

    await expect.poll(() => store.findSealingKids()).toEqual(new Set(['new']))
  })
})

describe('the keys in use', () => {
  it('are counted over all columns', async () => {
    await addSealedRows(test, vaultOf(OLD), { messages: 3 })
    await addSealedRows(test, vaultOf(NEW), { tenant: 'ten_2', messages: 1 })

    expect(await store.count()).toEqual(
      new Map([
        ['old', 8],
        ['new', 6],
      ]),
    )
    expect(await store.findKids()).toEqual(new Set(['old', 'new']))
  })
})
