import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createBackupFile, type BackupFile } from './backup/backup-file.ts'
import { MANIFEST_HASH_NAME, MANIFEST_NAME, type Manifest } from './backup/manifest.ts'
import { writeSegments } from './backup/segments.ts'
import { writeBackup } from './backup/write-backup.ts'
import { runBackupCommand, type BackupOptions } from './backup-command.ts'
import { readConfig, type Config } from './configuration/config.ts'
import { shareProductLock, takeBackupLock, takeProductLock } from './database/product-lock.ts'
import { createIndexing } from './queue/records/search-index.ts'
import { runRestoreCommand, type RestoreCommandOptions } from './restore-command.ts'
import { createDatabaseOf15, MIGRATIONS_OF_1_5, migrationNames, noteAsOf15 } from './test-support/migrations.ts'
import { addSealedRows, newKey, vaultOf } from './test-support/sealed-rows.ts'
import { createTestPool, useTestDatabase, type TestDatabase } from './test-support/test-database.ts'
import { useFolder } from './test-support/use-created.ts'

const KEY = newKey('k1')
const AT = new Date('2026-11-26T21:45:00Z')
/** Everything that the text format of COPY has to escape, and what may be taken for something else. */
const TRICKY = `tab\t, line\n, \r\n, backslash \\ \\N \\. \\x41, quotes ' " $$, NULL, {a,"b"}, é ß 漢 𝄞 \u200d\u0001\u007f`

const folder = useFolder()
const source = useTestDatabase()
const target = useTestDatabase({ template: 'template0' })

beforeEach(async () => {
  await dropSchemas(target, `nspname !~ '^(pg_|information_schema)'`)
  await target.query(`CREATE SCHEMA public AUTHORIZATION pg_database_owner`)
  await dropSchemas(source, `nspname ~ '^before_restore'`)
  const tables = Object.keys(await contentsOf(source))
  // Disables triggers, because the audit log refuses to be emptied.
  await source.query(
    `SET LOCAL session_replication_role = replica; ${tables.map((name) => `DELETE FROM ${name}`).join('; ')}`,
  )
})

async function dropSchemas(database: TestDatabase, which: string): Promise<void> {
  const schemas = await database.query<{ name: string }>(`SELECT nspname AS name FROM pg_namespace WHERE ${which}`)
  if (schemas.length > 0) await database.query(`DROP SCHEMA ${schemas.map(({ name }) => name).join()} CASCADE`)
}

function configure(database: TestDatabase, environment: Record<string, string> = {}): Config {
  return readConfig(
    {
      AZURE_TENANT_ID: '11111111-2222-4333-8444-555555555555',
      AZURE_CLIENT_ID: '66666666-7777-4888-9999-aaaaaaaaaaaa',
      AZURE_CLIENT_SECRET: 'the-secret-of-the-test-registration',
      DATABASE_URL: database.url,
      VAULT_KEYS: KEY,
      ...environment,
    },
    folder,
  )
}

function newFile(): string {
  return join(folder, `${randomBytes(4).toString('hex')}.backup`)
}

async function backUp(config: Config, options: Partial<BackupOptions> = {}): Promise<string> {
  const to = newFile()
  await runBackupCommand({ to, withKeys: false, ...options }, config, { print() {}, clock: () => AT })
  return to
}

async function restore(from: string, config: Config, options: Partial<RestoreCommandOptions> = {}): Promise<string> {
  const lines: string[] = []
  const context = { print: (line: string) => void lines.push(line), clock: () => AT }
  await runRestoreCommand({ from, noResend: false, replace: false, ...options }, config, context)
  return lines.join('\n')
}

/** The rows of every table as text. */
async function contentsOf(database: TestDatabase): Promise<Record<string, string[]>> {
  const tables = await database.query<{ name: string }>(
    `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' ORDER BY 1`,
  )
  const contents: Record<string, string[]> = {}
  for (const { name } of tables)
    contents[name] = (await database.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t ORDER BY 1`)).map(
      ({ row }) => row,
    )
  return contents
}

async function addInstallation(database: TestDatabase): Promise<void> {
  await database.query(
    `INSERT INTO installation (id, tenant_id, entra_tenant_id, entra_client_id, created_at)
     VALUES (1, 'ten_1', '11111111-2222-4333-8444-555555555555', '66666666-7777-4888-9999-aaaaaaaaaaaa', now())`,
  )
}

describe('a restored database', () => {
  beforeEach(() => addInstallation(source))

  it('has every table as it was, whatever its values hold, and its counts and triggers', async () => {
    await addSealedRows(source, vaultOf(KEY), { messages: 3 })
    await source.query(`UPDATE messages SET subject = $1, "to" = $2, problem = $2, reference = ''`, [
      TRICKY,
      JSON.stringify([{ address: TRICKY, deep: { empty: null, number: 1.5e300 } }]),
    ])
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    await source.query('UPDATE message_contents SET content = $1', [everyByte])
    await source.query('UPDATE tenant_settings SET granted_permissions = $1', [[TRICKY, '', 'NULL', '{}']])
    const before = await contentsOf(source)

    await restore(await backUp(configure(source)), configure(target))

    expect(await contentsOf(target)).toEqual(before)
    await target.query(`DELETE FROM message_queue`)
    expect(await target.query('SELECT held FROM counters')).toEqual([{ held: 0 }])
    await expect(target.query('DELETE FROM audit_events')).rejects.toThrow('audit_events')
  })

  it('goes on with its numbers where they were', async () => {
    const add = (database: TestDatabase) =>
      database.query<{ id: string }>(
        `INSERT INTO audit_events (tenant_id, at, action, outcome, details) VALUES ('ten_1', now(), 'signed-in', 'success', '{}') RETURNING id`,
      )
    for (let count = 1; count <= 3; count++) await add(source)

    await restore(await backUp(configure(source)), configure(target))

    expect(await add(target)).toEqual(await add(source))
  })

  it('keeps what was there under another name, and is replaced only when that is asked for', async () => {
    const file = await backUp(configure(source))
    await source.query(`INSERT INTO tenants (id, created_at) VALUES ('ten_since', now())`)

    await expect(restore(file, configure(source))).rejects.toThrow('holds data already. Add --replace')
    const said = await restore(file, configure(source), { replace: true })

    expect(said).toContain('What was there before is kept in the schema before_restore_20261126_214500.')
    expect(await source.query('SELECT FROM tenants')).toEqual([])
    expect(await source.query('SELECT id FROM before_restore_20261126_214500.tenants')).toEqual([{ id: 'ten_since' }])
  })

  it('is as of one moment, while others write', async () => {
    const writer = new pg.Client({ connectionString: source.url })
    await writer.connect()
    let count = 0
    // Both rows or none, of which one is read before the other.
    const write = async () => {
      const id = `ten_${(count += 1)}`
      await writer.query(
        `WITH t AS (INSERT INTO tenants (id, created_at) VALUES ('${id}', now())) INSERT INTO mailboxes (tenant_id) VALUES ('${id}')`,
      )
    }
    await write()
    const file = newFile()
    const stopped = new AbortController()
    const writing = (async () => {
      while (!stopped.signal.aborted) await write()
    })()
    await runBackupCommand({ to: file, withKeys: false }, configure(source), { print() {} })
    stopped.abort()
    await writing
    await writer.end()

    await restore(file, configure(target))

    const [tenants, mailboxes] = await Promise.all(
      ['SELECT id FROM tenants ORDER BY 1', 'SELECT tenant_id AS id FROM mailboxes ORDER BY 1'].map((each) =>
        target.query<{ id: string }>(each),
      ),
    )
    expect(tenants).toEqual(mailboxes)
    expect(tenants?.length).toBeGreaterThan(0)
    expect(tenants?.length).toBeLessThan(count)
  })
})

describe('what waited in a backup', () => {
  const SENDING = `mark_id = 'worker', marked_by = 'gone', marked_at = now(), attempt_id = 'worker'`

  beforeEach(async () => {
    await addInstallation(source)
    await addSealedRows(source, vaultOf(KEY), { messages: 5 })
    const [held, queued, scheduled, doubtful, sending] = [0, 1, 2, 3, 4].map((index) => `msg_ten_1_00000${index}`)
    for (const [id, change] of [
      [queued, `state = 'queued', due_at = now(), held_because = NULL`],
      [scheduled, `state = 'scheduled', due_at = now() + interval '1 day', held_because = NULL`],
      [doubtful, `state = 'queued', due_at = now(), held_because = NULL, doubt = 'in-doubt'`],
      [sending, `state = 'queued', due_at = now(), held_because = NULL, ${SENDING}`],
    ])
      await source.query(`UPDATE message_queue SET ${change} WHERE message_id = $1`, [id])
    for (const id of [queued, doubtful, held])
      await source.query(`INSERT INTO message_drafts (message_id, tenant_id, draft_id) VALUES ($1, 'ten_1', $1)`, [id])
  })

  it('waits again after the restore, which says how much that is', async () => {
    const said = await restore(await backUp(configure(source)), configure(target))

    expect(said).toContain('The next start sends what waited: 1 queued, 1 held, 1 scheduled, 2 in doubt.')
    expect(await target.query('SELECT FROM message_queue')).toHaveLength(5)
  })

  it('fails with --no-resend, and can be retried', async () => {
    const said = await restore(await backUp(configure(source)), configure(target), { noResend: true })

    expect(said).toContain('Not sent again, and failed instead: 1 queued, 1 held, 1 scheduled, 2 in doubt.')
    const ended = `SELECT id, outcome, problem ->> 'code' AS code FROM messages ORDER BY id`
    expect(await target.query(ended)).toEqual(
      ['not-resent', 'not-resent', 'not-resent', 'outcome-unknown', 'outcome-unknown'].map((code, index) => ({
        id: `msg_ten_1_00000${index}`,
        outcome: 'failed',
        code,
      })),
    )
    expect(await target.query('SELECT FROM message_queue')).toEqual([])
    expect(await target.query('SELECT FROM messages WHERE content_kept AND failed_at = ended_at')).toHaveLength(5)
    expect(await target.query('SELECT queued, sending, scheduled, held FROM counters')).toEqual([
      { queued: 0, sending: 0, scheduled: 0, held: 0 },
    ])
    expect(await target.query('SELECT item_id, kind FROM mailbox_cleanups ORDER BY 1')).toEqual([
      { item_id: 'msg_ten_1_000000', kind: 'draft' },
      { item_id: 'msg_ten_1_000001', kind: 'draft' },
    ])
  })
})

describe('a backup of version 1.5', () => {
  it.each([
    ['an empty database', false],
    ['one that is in use', true],
  ])('is restored into %s and migrated, without the tables of its background work', async (_what, replace) => {
    const old = await createDatabaseOf15()
    onTestFinished(() => old.drop())
    await addInstallation(old)
    await addSealedRows(old, vaultOf(KEY), { messages: 2 })
    const file = await backUpAs15(old)
    if (replace) {
      await restore(file, configure(target))
      await makeSearchable(target) // the index and the extension in the schema that is replaced
    }

    const said = await restore(file, configure(target), { replace })

    expect(said).toContain('2 held')
    expect(await target.query('SELECT id FROM messages ORDER BY 1')).toEqual(
      await old.query('SELECT id FROM messages ORDER BY 1'),
    )
    expect(await target.query('SELECT migration_name FROM _prisma_migrations ORDER BY 1')).toEqual(
      (await migrationNames()).map((name) => ({ migration_name: name })),
    )
    await makeSearchable(target)
    expect(
      await target.query(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'message_texts_searched_idx'::regclass`),
    ).toEqual([{ indisvalid: true }])
  })

  /** Makes extension and index, as the background does after a start. */
  async function makeSearchable({ url }: TestDatabase): Promise<void> {
    const pool = createTestPool(url, 1)
    const index = createIndexing(pool, url, () => 0)
    while ((await index(new AbortController().signal)).more);
    await pool.end()
  }

  /** Writes a backup as 1.5 did, which has the tables of the library that ran its background work. */
  async function backUpAs15(database: TestDatabase): Promise<string> {
    const path = newFile()
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    const file = await createBackupFile(path, AT, () => {})
    const add = file.add.bind(file)
    let manifest = Buffer.alloc(0)
    const as15: BackupFile = {
      ...file,
      async add(name, content) {
        if (name === MANIFEST_NAME) {
          const written = JSON.parse(content.toString()) as Manifest
          const rows = (async function* () {
            yield Buffer.from('retention\t{}\n')
          })()
          const jobs = {
            area: 'jobs',
            name: 'job',
            columns: ['name', 'data'],
            ...(await writeSegments('jobs/job', rows, add)),
          }
          manifest = Buffer.from(JSON.stringify({ ...written, jobsVersion: 37, tables: [...written.tables, jobs] }))
        }
        await add(name, name === MANIFEST_NAME ? manifest : name === MANIFEST_HASH_NAME ? sha256Of(manifest) : content)
      },
    }
    const keys = { sealedColumns: [], keys: null, simulatorDirectory: null }
    await writeBackup(client, as15, { version: '1.5.0', createdAt: AT, ...keys })
    await client.end()
    await file.finish()
    return path
  }
})

function sha256Of(content: Buffer): Buffer {
  return Buffer.from(createHash('sha256').update(content).digest('hex'))
}

describe('a restore is refused, and nothing is touched,', () => {
  let file: string

  beforeEach(async () => {
    await addInstallation(source)
    await addSealedRows(source, vaultOf(KEY))
    file = await backUp(configure(source))
  })
  /** Restores a backup in vain. Returns what it says, and what is in the database then. */
  async function refusal(from: string, config: Config): Promise<{ says: string; found: unknown[] }> {
    const says = await restore(from, config, { replace: true }).catch((error: Error) => error.message)
    const found = await target.query(
      `SELECT nspname FROM pg_namespace WHERE nspname ~ 'restor' UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`,
    )
    return { says, found }
  }
  const untouched = (says: string) => ({ says: expect.stringContaining(says), found: [] })

  it('while any process uses the database', async () => {
    const other = new pg.Client({ connectionString: target.url })
    await other.connect()
    await shareProductLock(other)

    expect(await refusal(file, configure(target))).toEqual(
      untouched('Inforiver Mail is running on this database. Stop every process of it first.'),
    )
    await other.end()
  })

  it('when a key is missing, or is another', async () => {
    expect(await refusal(file, configure(target, { VAULT_KEYS: newKey('k2') }))).toEqual(untouched('"k1" is missing'))
    expect(await refusal(file, configure(target, { VAULT_KEYS: newKey('k1') }))).toEqual(
      untouched('"k1" has another value now'),
    )
  })

  it('when the key file is another, although the backup has its own keys', async () => {
    const from = await backUp(configure(source), { withKeys: true })
    const directory = await mkdtemp(join(folder, 'data-'))
    await writeFile(join(directory, 'vault-keys'), `${newKey('k2')}\n`, { mode: 0o600 })
    const embedded = configure(target, { DATABASE_URL: '', VAULT_KEYS: '', DATA_DIR: directory })

    const { says } = await refusal(from, embedded)

    expect(says).toContain('"k1" is missing')
    expect(says).toContain(`move the file ${join(directory, 'vault-keys')} away: the backup holds its own`)
    expect(await readdir(directory)).toEqual(['vault-keys'])
  })

  it('when the database is of another program', async () => {
    await target.query('CREATE TABLE theirs ()')

    expect(await refusal(file, configure(target))).toEqual({
      says: expect.stringContaining('The database holds tables of another program.'),
      found: [{ nspname: 'theirs' }],
    })
  })

  it('when the backup belongs to another app registration', async () => {
    const other = configure(target, { AZURE_CLIENT_ID: '66666666-7777-4888-9999-bbbbbbbbbbbb' })
    expect(await refusal(file, other)).toEqual(untouched('This backup belongs to another app registration'))
  })

  it('when the backup is of a version before 1.5', async () => {
    const old = await createDatabaseOf15()
    onTestFinished(() => old.drop())
    await addInstallation(old)
    await noteAsOf15(old, MIGRATIONS_OF_1_5.slice(0, -1))
    const older = await backUp(configure(old))
    expect(await refusal(older, configure(target))).toEqual(untouched(`${older} holds data from before version 1.5.0`))
  })

  it('when the backup has migrations of a newer version', async () => {
    await source.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('1', '', '20990101000000_newer', now())`,
    )
    const newer = await backUp(configure(source))
    await source.query(`DELETE FROM _prisma_migrations WHERE id = '1'`)
    expect(await refusal(newer, configure(target))).toEqual(
      untouched('it has the migration 20990101000000_newer, which this version'),
    )
  })
})

it('says after a restore that revoked keys and ended sessions are back', async () => {
  await addInstallation(source)

  expect(await restore(await backUp(configure(source)), configure(target))).toContain(
    'Service keys and sessions are those of then: revoke again what was revoked since.',
  )
})

it('says which version restores a backup of a database that a newer version has used', async () => {
  await addInstallation(source)
  const lines: string[] = []
  const print = (line: string) => void lines.push(line)
  await runBackupCommand({ to: newFile(), withKeys: false }, configure(source), { print })
  expect(lines.join('\n')).not.toContain('newer version')

  const newer = `_prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('1', '', '20990101000000_newer', now())`
  await source.query(`INSERT INTO ${newer}`)
  await runBackupCommand({ to: newFile(), withKeys: false }, configure(source), { print })
  await source.query(`DELETE FROM _prisma_migrations WHERE id = '1'`)

  expect(lines).toContain(
    'A newer version has changed the database (20990101000000_newer): restore this backup with that version, and start this one afterwards.',
  )
})

it('leaves what was there as it was when a restore fails, and the next one begins anew', async () => {
  await addInstallation(source)
  await addSealedRows(source, vaultOf(KEY))
  const file = await backUp(configure(source))
  await source.query(`INSERT INTO tenants (id, created_at) VALUES ('ten_since', now())`)
  // Another owner's: it cannot be moved in the last step, when all is restored but nothing replaced yet.
  await source.query('CREATE TABLE theirs (id integer)')
  const before = await contentsOf(source)

  await expect(restore(file, configure(source), { replace: true })).rejects.toThrow('must be owner of table theirs')

  expect(await contentsOf(source)).toEqual(before)
  await source.query('DROP TABLE theirs')
  await restore(file, configure(source), { replace: true })
  expect(await source.query(`SELECT FROM tenants WHERE id = 'ten_since'`)).toEqual([])
})

it('encloses no keys that do not open what is stored, and leaves no file', async () => {
  await addInstallation(source)
  const k2 = newKey('k2')
  await addSealedRows(source, vaultOf(k2))
  const before = await readdir(folder)

  await expect(backUp(configure(source), { withKeys: true })).rejects.toThrow(
    'The configured vault keys do not open what the database holds: "k2" is missing. Put the keys that the product runs with into VAULT_KEYS',
  )
  await expect(backUp(configure(source, { VAULT_KEYS: newKey('k2') }), { withKeys: true })).rejects.toThrow(
    '"k2" has another value now',
  )

  expect(await readdir(folder)).toEqual(before)
  await backUp(configure(source))
  await backUp(configure(source, { VAULT_KEYS: `${KEY},${k2}` }), { withKeys: true })
})

it('makes one backup of a database at a time, and none while it is restored', async () => {
  await addInstallation(source)
  const other = new pg.Client({ connectionString: source.url })
  await other.connect()
  await takeBackupLock(other)
  await expect(backUp(configure(source))).rejects.toThrow('Another backup is being made.')
  await other.query('SELECT pg_advisory_unlock_all()')
  await takeProductLock(other)
  await expect(backUp(configure(source))).rejects.toThrow('The database is being restored from a backup.')
  await other.end()
})

it('ends at once when the file cannot be written in the middle of a large table', async () => {
  await addInstallation(source)
  await source.query(
    `INSERT INTO message_contents (message_id, tenant_id, content, stored_bytes, begun_at)
     SELECT 'msg_' || n, 'ten_1', convert_to(repeat(md5(n::text), 65536), 'UTF8'), 1, now() FROM generate_series(1, 16) AS n`,
  )
  const client = new pg.Client({ connectionString: source.url })
  await client.connect()
  const file: BackupFile = {
    async add(name) {
      if (name === 'product/message_contents/00000001.zst') throw new Error('The disk is full.')
    },
    finish: () => Promise.resolve(0),
    async discard() {},
  }

  const contents = { version: '1.1.0', createdAt: AT, sealedColumns: [], keys: null, simulatorDirectory: null }
  await expect(writeBackup(client, file, contents)).rejects.toThrow('The disk is full.')
  await client.end()
})

it('backs up only what has been started once', async () => {
  await expect(backUp(configure(target))).rejects.toThrow('There is nothing to back up yet.')
})
