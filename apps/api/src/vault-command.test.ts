import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemTimers } from './runtime/clock.ts'
import { ConfigurationError, type Config } from './configuration/config.ts'
import { holdProductLock } from './database/product-lock.ts'
import { freePort } from './test-support/database-server.ts'
import {
  addMessages,
  addMessagesUnderDataKey,
  addSealedRows,
  allSealed,
  newKey,
  vaultOf,
} from './test-support/sealed-rows.ts'
import { createTestDatabase, type TestDatabase } from './test-support/test-database.ts'
import type { TestProduct } from './test-support/test-product.ts'
import { connectMailbox, createServiceClient } from './test-support/test-service.ts'
import { runVaultCommand } from './vault-command.ts'
import { useFixture } from './test-support/use-fixture.ts'

const OLD = newKey('old')
const NEW = newKey('new')
const NO_LIMIT = { MAILBOX_MESSAGES_PER_MINUTE: '0' }

const fixture = useFixture()
beforeEach(() => fixture.clear())

interface Run {
  readonly code: number
  readonly text: string
}

async function vault(
  command: string,
  config: Config,
  wait: (ms: number) => Promise<unknown> = async () => {},
): Promise<Run> {
  const lines: string[] = []
  const code = await runVaultCommand(command.split(' '), config, { print: (line) => void lines.push(line), wait })
  return { code, text: lines.join('\n') }
}

const withKeys = (...keys: string[]) => fixture.configure({ VAULT_KEYS: keys.join() })

describe('inforiver-mail vault rotate', () => {
  it('reports when the old key can go, and a start then needs the new key alone', async () => {
    await addSealedRows(fixture.database, vaultOf(OLD), { messages: 3 })

    const run = await vault('rotate', await withKeys(NEW, OLD))

    expect(run.code).toBe(0)
    expect(run.text).toContain('8 stored secrets sealed with new now.')
    expect(run.text).toContain('No stored value needs the key old any more.')
    const product = await fixture.startProduct({ environment: { VAULT_KEYS: NEW } })
    await product.close()
    await expect(fixture.startProduct({ environment: { VAULT_KEYS: OLD } })).rejects.toThrow('"new", which is missing')
  })

  it('reports that the old key is still needed, also by its exit code, while a value cannot be resealed', async () => {
    await addSealedRows(fixture.database, vaultOf(OLD), { messages: 2 })
    await fixture.database.query(
      `UPDATE message_contents SET key_sealed = (SELECT key_sealed FROM message_contents WHERE message_id LIKE '%0') WHERE message_id LIKE '%1'`,
    )

    const run = await vault('rotate', await withKeys(NEW, OLD))

    expect(run.code).toBe(2)
    expect(run.text).toContain('The key old is still needed: 1 stored secret could not be resealed.')
    expect(run.text).not.toContain('No stored value needs')
  })

  it('changes nothing, and says what to do, while a process still seals with the old key', async () => {
    await addSealedRows(fixture.database, vaultOf(OLD))
    const before = await allSealed(fixture.database)
    const product = await fixture.startProduct({ environment: { VAULT_KEYS: OLD, ROLE: 'api' } })

    const run = await vault('rotate', await withKeys(NEW, OLD))
    await product.close()

    expect(run.code).toBe(2)
    expect(run.text).toContain('A running process still seals new values with old, not with new. Restart every process')
    expect(await allSealed(fixture.database)).toEqual(before)
  })

  it('refuses to rotate without a key that is needed, and names it', async () => {
    await addSealedRows(fixture.database, vaultOf(OLD))

    await expect(vault('rotate', await withKeys(NEW))).rejects.toThrow('"old", which is missing')
  })

  it('says how to begin when there is one key only', async () => {
    await addSealedRows(fixture.database, vaultOf(OLD))

    const run = await vault('rotate', await withKeys(OLD))

    expect(run.code).toBe(0)
    expect(run.text).toContain('Put a new one in front of it in VAULT_KEYS')
  })
})

describe('inforiver-mail vault status', () => {
  it('shows how many stored secrets each key seals, and which key is missing', async () => {
    await addSealedRows(fixture.database, vaultOf(OLD), { messages: 3 })

    const run = await vault('status', await withKeys(NEW))

    expect(run).toEqual({ code: 0, text: 'new: 0 stored secrets (seals new values)\nold: 8 stored secrets (MISSING)' })
  })
})

it.each(['status', 'rotate', 'forget'])(
  'refuses %s before the database is of this version, and changes nothing',
  async (command) => {
    const migrations = 'SELECT migration_name, finished_at FROM _prisma_migrations ORDER BY migration_name'
    const older = await createTestDatabase()
    const empty = await createTestDatabase({ template: 'template0' })
    try {
      await older.query(
        'DELETE FROM _prisma_migrations WHERE migration_name = (SELECT max(migration_name) FROM _prisma_migrations)',
      )
      const before = await older.query(migrations)
      const on = ({ url }: TestDatabase) => fixture.configure({ VAULT_KEYS: NEW, DATABASE_URL: url })

      await expect(vault(command, await on(older))).rejects.toThrow('The database is of an older version.')
      await expect(vault(command, await on(empty))).rejects.toThrow('The database is empty.')

      expect(await older.query(migrations)).toEqual(before)
      expect(await empty.query(`SELECT FROM pg_tables WHERE schemaname = 'public'`)).toEqual([])
    } finally {
      await older.drop()
      await empty.drop()
    }
  },
)

it('says why the database cannot be reached', async () => {
  const url = `postgresql://somebody:hidden@127.0.0.1:${await freePort()}/mail`
  const config = await fixture.configure({ VAULT_KEYS: NEW, DATABASE_URL: url })

  const refusal = await vault('status', config).catch((error: unknown) => error)

  expect(refusal).toBeInstanceOf(ConfigurationError)
  expect((refusal as Error).message).toMatch(/^The database cannot be reached \(ECONNREFUSED\)\./)
})

describe('inforiver-mail vault forget', () => {
  beforeEach(async () => {
    await addSealedRows(fixture.database, vaultOf(OLD), { tenant: 'ten_lost', messages: 2 })
    await addSealedRows(fixture.database, vaultOf(NEW), { tenant: 'ten_kept', messages: 1 })
  })

  /** Adds drafts to the messages whose ids match. */
  async function addDrafts(ids: string): Promise<void> {
    await fixture.database.query(
      `INSERT INTO message_drafts (message_id, tenant_id, draft_id)
       SELECT message_id, tenant_id, 'draft of ' || message_id FROM message_queue WHERE message_id LIKE $1`,
      [ids],
    )
    await fixture.database.query('UPDATE message_queue SET has_draft = true WHERE message_id LIKE $1', [ids])
  }

  it.each(['forget', 'forget all', 'forget messages'])(
    'lists what is lost and changes nothing by %s',
    async (command) => {
      const before = await allSealed(fixture.database)

      const run = await vault(command, await withKeys(NEW))

      expect(run.code).toBe(2)
      expect(run.text).toContain(
        'messages: 2 content keys sealed with old cannot be opened (msg_ten_lost_000000, msg_ten_lost_000001).',
      )
      expect(run.text).toContain('tokens: 1 refresh token sealed with old cannot be opened (ten_lost).')
      expect(run.text).toContain('Nothing was changed.')
      expect(run.text).not.toContain('ten_kept')
      expect(await allSealed(fixture.database)).toEqual(before)
    },
  )

  it('gives up everything that is lost and nothing else, so that the start is no longer refused', async () => {
    const kept = vaultOf(NEW)
    const before = (await allSealed(fixture.database)).filter((value) => kept.keyIdOf(value) === 'new')

    const run = await vault('forget all --yes', await withKeys(NEW))

    expect(run.code).toBe(0)
    expect(run.text).toContain('Every stored secret can be opened now.')
    expect((await allSealed(fixture.database)).toSorted()).toEqual(before.toSorted())
    const product = await fixture.startProduct({ environment: { VAULT_KEYS: NEW } })
    await product.close()
  })

  const FIRST = 'msg_ten_lost_000000'
  const change = (...statements: string[]) => fixture.database.query(statements.join(';'))
  const IN_DOUBT = `UPDATE message_queue SET doubt = 'in-doubt', looks = 1 WHERE message_id = '${FIRST}'`

  it.each<[string, () => Promise<unknown>, string, object[]]>([
    [
      'requires a new connection, and says why',
      async () => {},
      `SELECT tenant_id, status, problem ->> 'title' AS title, refresh_token_sealed IS NULL AS gone, access_token_sealed IS NULL AS too
         FROM tenant_settings ORDER BY tenant_id DESC`,
      [
        {
          tenant_id: 'ten_lost',
          status: 'reconnect-required',
          title: 'The tokens of the connection are lost',
          gone: true,
          too: true,
        },
        { tenant_id: 'ten_kept', status: 'connected', title: null, gone: false, too: false },
      ],
    ],
    [
      'fails messages, and says why',
      async () => {},
      `SELECT id, status, problem ->> 'code' AS code, c.message_id IS NULL AS gone
         FROM message_states LEFT JOIN message_contents c ON c.message_id = id ORDER BY id DESC`,
      [
        { id: 'msg_ten_lost_000001', status: 'failed', code: 'content-lost', gone: true },
        { id: FIRST, status: 'failed', code: 'content-lost', gone: true },
        { id: 'msg_ten_kept_000000', status: 'held', code: null, gone: false },
      ],
    ],
    [
      'does not hide that a message may have been sent before',
      () => change(IN_DOUBT),
      `SELECT problem ->> 'code' AS code, problem ->> 'detail' AS detail FROM message_states WHERE id = '${FIRST}'`,
      [{ code: 'outcome-unknown', detail: expect.stringContaining('it may have been sent before') }],
    ],
    [
      'deletes the attachments of a lost message',
      () =>
        change(
          `UPDATE message_contents SET chunked = true, stored_bytes = 3 WHERE message_id LIKE '%000000'`,
          `INSERT INTO message_chunks SELECT message_id, 0, 0, tenant_id, now(), '\\x00' FROM message_contents WHERE chunked`,
        ),
      'SELECT message_id FROM message_chunks',
      [{ message_id: 'msg_ten_kept_000000' }],
    ],
    [
      'queues the deletion of the draft of a lost message',
      () => addDrafts('%000000'),
      'SELECT tenant_id, item_id, kind FROM mailbox_cleanups',
      [{ tenant_id: 'ten_lost', item_id: `draft of ${FIRST}`, kind: 'draft' }],
    ],
    [
      'leaves the draft of a message that may have been sent, because it may be the mail itself',
      async () => (await addDrafts(FIRST), change(IN_DOUBT)),
      'SELECT 1 FROM mailbox_cleanups',
      [],
    ],
    [
      'removes a message that was still arriving',
      () =>
        change(
          `DELETE FROM message_queue WHERE message_id = '${FIRST}'`,
          `DELETE FROM messages WHERE id = '${FIRST}'`,
          `UPDATE message_contents SET content = NULL, chunked = true WHERE message_id = '${FIRST}'`,
        ),
      `SELECT 1 FROM message_contents WHERE message_id = '${FIRST}'`,
      [],
    ],
    [
      'restarts an upload when only its address is lost',
      async () => {
        const owner = { tenant: 'ten_kept', record: 'msg_ten_kept_000000', purpose: 'upload-url' }
        await addDrafts('msg_ten_kept_000000')
        await fixture.database.query(
          `UPDATE message_drafts SET upload_url_sealed = $1, upload_position = 5 WHERE message_id = 'msg_ten_kept_000000'`,
          [await vaultOf(OLD).seal('https://upload.example', owner)],
        )
      },
      `SELECT status, upload_url_sealed AS url, upload_position::int AS position
         FROM message_drafts JOIN message_states ON id = message_id WHERE id = 'msg_ten_kept_000000'`,
      [{ status: 'held', url: null, position: 0 }],
    ],
    [
      'writes to the audit log how much was given up in which tenant',
      async () => {},
      `SELECT tenant_id, actor, details FROM audit_events WHERE action = 'vault-forgotten' AND details ->> 'what' = 'content-key'`,
      [{ tenant_id: 'ten_lost', actor: null, details: { what: 'content-key', records: 2 } }],
    ],
  ])('%s', async (_promise, prepare, query, expected) => {
    await prepare()

    await vault('forget all --yes', await withKeys(NEW))

    expect(await fixture.database.query(query)).toEqual(expected)
  })

  it('gives up only what the command line names', async () => {
    await vault('forget messages --yes', await withKeys(NEW))
    expect(await fixture.database.query(`SELECT DISTINCT status FROM tenant_settings`)).toEqual([
      { status: 'connected' },
    ])

    await vault('forget tokens --yes', await withKeys(NEW))
    expect(await fixture.database.query('SELECT status FROM tenant_settings ORDER BY 1')).toEqual([
      { status: 'connected' },
      { status: 'reconnect-required' },
    ])
  })

  it('finds what cannot be opened because a key has another value than before', async () => {
    const run = await vault('forget all --yes', await withKeys(NEW, newKey('old')))

    expect(run.code).toBe(0)
    expect(run.text).toContain('messages: 2 content keys sealed with old cannot be opened')
  })

  it.each([
    ['is missing here', [NEW]],
    ['has another value here', [NEW, newKey('old')]],
  ])('gives up nothing beside a running process, which has the key that %s', async (_, keys) => {
    const product = await fixture.startProduct({ environment: { VAULT_KEYS: `${OLD},${NEW}`, ROLE: 'api' } })
    const states = () => fixture.database.query('SELECT id, status FROM message_states ORDER BY id')
    const before = await states()

    await expect(vault('forget all --yes', await withKeys(...keys))).rejects.toThrow(
      new ConfigurationError(
        'Inforiver Mail runs and may still have what is missing here (old). Put that back; or let Inforiver Mail send what waits, and stop it before anything is given up.',
      ),
    )

    expect(await states()).toEqual(before)
    await product.close()
  })

  it('gives up nothing beside a process that does not show which key it seals with', async () => {
    const lock = await holdProductLock(fixture.database.url, () => {}, systemTimers)
    const before = await allSealed(fixture.database)

    await expect(vault('forget all --yes', await withKeys(NEW))).rejects.toThrow(
      'Another process of Inforiver Mail uses the database and may still have what is missing here (old).',
    )

    expect(await allSealed(fixture.database)).toEqual(before)
    await lock.stop()
    await expect
      .poll(async () => (await vault('forget all --yes', await withKeys(NEW)).catch(() => null))?.code)
      .toBe(0)
  })

  it('finds a single value that was copied from another row', async () => {
    await addMessages(fixture.database, vaultOf(NEW), 'ten_kept', ['msg_moved'])
    await fixture.database.query(
      `UPDATE message_contents SET key_sealed = (SELECT key_sealed FROM message_contents WHERE message_id = 'msg_ten_kept_000000')
        WHERE message_id = 'msg_moved'`,
    )

    const run = await vault('forget', await withKeys(NEW, OLD))

    expect(run.text).toContain('messages: 1 content key sealed with new cannot be opened (msg_moved).')
  })

  describe('with a data key that is lost', () => {
    beforeEach(async () => {
      const ids = ['msg_under_lost_1', 'msg_under_lost_2']
      await addMessagesUnderDataKey(fixture.database, vaultOf(OLD), 'ten_lost', { dataKey: 'dky_lost', ids })
      const kept = { dataKey: 'dky_kept', ids: ['msg_under_kept'] }
      await addMessagesUnderDataKey(fixture.database, vaultOf(NEW), 'ten_kept', kept)
    })

    it('lists it with what depends on it, and changes nothing', async () => {
      const before = await allSealed(fixture.database)

      const run = await vault('forget messages', await withKeys(NEW))

      expect(run.code).toBe(2)
      expect(run.text).toContain(
        'messages: 1 data key sealed with old cannot be opened (dky_lost). The messages of its hour that wait fail; failed ones can no longer be retried.',
      )
      expect(await allSealed(fixture.database)).toEqual(before)
    })

    it('fails the messages under it, deletes their content and the key, and leaves those under other keys', async () => {
      await vault('forget messages --yes', await withKeys(NEW))

      expect(
        await fixture.database.query(
          `SELECT id, status, problem ->> 'code' AS code FROM message_states WHERE id LIKE '%under%' ORDER BY id DESC`,
        ),
      ).toEqual([
        { id: 'msg_under_lost_2', status: 'failed', code: 'content-lost' },
        { id: 'msg_under_lost_1', status: 'failed', code: 'content-lost' },
        { id: 'msg_under_kept', status: 'held', code: null },
      ])
      expect(
        await fixture.database.query(`SELECT message_id AS id FROM message_contents WHERE message_id LIKE '%under%'`),
      ).toEqual([{ id: 'msg_under_kept' }])
      expect(await fixture.database.query('SELECT id FROM data_keys')).toEqual([{ id: 'dky_kept' }])
    })
  })

  it('does nothing when every stored secret can be opened', async () => {
    const run = await vault('forget all --yes', await withKeys(NEW, OLD))

    expect(run).toEqual({ code: 0, text: 'Every stored secret can be opened. There is nothing to forget.' })
  })
})

describe('inforiver-mail vault', () => {
  it.each(['', 'rotat', 'forget everything', 'rotate now', 'status --yes', 'forget messages tokens'])(
    'prints its usage when it is called with "%s"',
    async (command) => {
      const run = await vault(command, await withKeys(NEW))

      expect(run.code).toBe(64)
      expect(run.text).toContain('inforiver-mail vault rotate')
    },
  )
})

describe('with the embedded database and its key file', () => {
  let directory: string
  let environment: Record<string, string>
  let product: TestProduct | null = null

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'inforiver-mail-vault-'))
    environment = { DATABASE_URL: '', VAULT_KEYS: '', DATA_DIR: directory, ...NO_LIMIT }
  })
  afterAll(async () => {
    await product?.close()
    await rm(directory, { recursive: true, force: true })
  })

  const keyFile = () => readFile(join(directory, 'vault-keys'), 'utf8')

  it('reports that there is no database yet', async () => {
    await writeFile(join(directory, 'vault-keys'), `${OLD}\n`, { mode: 0o600 })

    await expect(vault('status', await fixture.configure(environment))).rejects.toThrow('There is no database in')
  })

  it('rotates while the product runs, which uses the new key at once', async () => {
    product = await fixture.startProduct({ environment })
    await connectMailbox(product)
    const service = await createServiceClient(product)
    const waiting = await service.submit({ sendAt: new Date(Date.now() + 3_600_000).toISOString() })

    const run = await vault('rotate', product.config)

    expect(run.code).toBe(0)
    expect(run.text).toContain('No stored value needs the key old any more.')
    expect(await keyFile()).toMatch(/^key-[0-9a-f]{8}:[^,]+\n$/)
    expect((await stat(join(directory, 'vault-keys'))).mode & 0o777).toBe(0o600)
    const { id } = await service.submit()
    await service.until(id, { status: 'sent' })
    expect(await service.read(waiting.id)).toMatchObject({ status: 'scheduled' })
    expect((await vault('status', product.config)).text).toMatch(
      /^key-[0-9a-f]{8}: \d+ stored secrets \(seals new values\)$/,
    )
  })

  it('rotates while the product is stopped, without waiting, and leaves no database running', async () => {
    await product?.close()
    const before = await keyFile()
    const waits: number[] = []

    const run = await vault('rotate', await fixture.configure(environment), async (ms) => void waits.push(ms))

    expect(run.code).toBe(0)
    expect(waits).toEqual([])
    expect(await keyFile()).not.toBe(before)
    await expect(stat(join(directory, 'postgres', 'postmaster.pid'))).rejects.toThrow('ENOENT')
  })

  it('completes an interrupted rotation instead of beginning another', async () => {
    const [key = ''] = (await keyFile()).split('\n')
    await writeFile(join(directory, 'vault-keys'), `${NEW},${key}\n`)

    const run = await vault('rotate', await fixture.configure(environment))

    expect(run.code).toBe(0)
    expect(await keyFile()).toBe(`${NEW}\n`)
  })

  it('gives up nothing beside a running product, which still has the keys of a file that is lost', async () => {
    product = await fixture.startProduct({ environment })
    const service = await createServiceClient(product)
    const waiting = await service.submit({ sendAt: new Date(Date.now() + 3_600_000).toISOString() })
    await rm(join(directory, 'vault-keys'))

    await expect(vault('forget all --yes', product.config)).rejects.toThrow(
      new ConfigurationError(
        'Inforiver Mail runs and still has its keys. Let it send what waits, and stop it before anything is given up.',
      ),
    )

    expect(await service.read(waiting.id)).toMatchObject({ status: 'scheduled' })
    await product.close()
  })

  it('starts without the key file only when what it sealed is given up, and makes no other until then', async () => {
    const missing = `The key file ${join(directory, 'vault-keys')} is missing, and stored secrets were sealed with its keys.`
    await expect(fixture.startProduct({ environment })).rejects.toThrow(missing)
    const config = await fixture.configure(environment)
    await expect(vault('status', config)).rejects.toThrow('put it back from a backup')
    expect((await vault('forget all', config)).text).toContain('cannot be opened')
    expect(await vault('forget webhooks --yes', config)).toMatchObject({
      code: 2,
      text: expect.stringContaining('Nothing was changed.'),
    })
    await expect(stat(join(directory, 'vault-keys'))).rejects.toThrow('ENOENT')

    expect((await vault('forget all --yes', config)).code).toBe(0)

    product = await fixture.startProduct({ environment })
    expect((await fetch(`${product.url}/readyz`)).status).toBe(200)
  })
})
