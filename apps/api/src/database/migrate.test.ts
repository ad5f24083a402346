import { createHash } from 'node:crypto'
import { createServer, type AddressInfo } from 'node:net'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ConfigurationError } from '../config.ts'
import {
  applyAsReleased,
  applyFirstRelease,
  FIRST_RELEASE,
  migrationNames,
  readMigration,
  readSchema,
  withEngine,
} from '../test-support/released-database.ts'
import { createTestDatabase, type TestDatabase } from '../test-support/test-database.ts'
import { holdMigrations, migrate, UNCOMPARED_UNTIL } from './migrate.ts'

const WAITS_FOR_TABLE = "datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'relation'"

/** The first migration of all, and the first after version 1.0.0: for tests of what happens before one is applied. */
const FIRST = { only: new Set((await migrationNames()).slice(0, 1)) }
const FIRST_UPDATE = { only: new Set((await migrationNames()).filter((name) => name > FIRST_RELEASE).slice(0, 1)) }

let released: TestDatabase
let database: TestDatabase

beforeAll(async () => {
  released = await createTestDatabase({ template: 'template0' })
  await applyFirstRelease(released.url)
})
afterAll(() => released.drop())
beforeEach(async () => {
  database = await createTestDatabase({ template: 'template0' })
})
afterEach(() => database.drop())

/** Puts a database of version 1.0.0 in the place of the empty one. */
async function useReleased(): Promise<void> {
  await database.drop()
  database = await released.copy()
}

/** Puts a database that is migrated already in the place of the empty one. */
async function useMigrated(): Promise<void> {
  await database.drop()
  database = await createTestDatabase()
}

function splitStatements(sql: string): string[] {
  return sql.split(';').filter((statement) => statement.trim() !== '')
}

/** Runs statements with the rights of the product. */
async function asProduct(statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

/** Runs ALTER DATABASE: what it sets holds for new connections. */
async function onDatabase(change: string): Promise<void> {
  await database.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I ', current_database()) || ${pg.escapeLiteral(change)}; END $$`,
  )
}

async function countWaiting(): Promise<number> {
  const waiting = await database.query(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  )
  return waiting.length
}

async function applied(): Promise<{ migration_name: string; applied_steps_count: number }[]> {
  return database.query(
    'SELECT migration_name, applied_steps_count FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY started_at, migration_name',
  )
}

it('applies every migration to an empty database, in order and once, when two processes start together', async () => {
  await Promise.all([migrate(database.url), migrate(database.url)])

  expect((await applied()).map((row) => row.migration_name)).toEqual(await migrationNames())
  expect(await database.query('SELECT 1 FROM _prisma_migrations')).toHaveLength((await migrationNames()).length)
})

it('waits for another process that is migrating', async () => {
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  await other.query('SELECT pg_advisory_lock(719283002)') // the number that every version uses

  const migrated = migrate(database.url, FIRST)
  await expect
    .poll(() =>
      database.query(
        `SELECT 1 FROM pg_locks JOIN pg_database d ON d.oid = pg_locks.database
          WHERE d.datname = current_database() AND locktype = 'advisory' AND NOT granted`,
      ),
    )
    .toHaveLength(1)
  await other.end()

  await expect(migrated).resolves.toBeUndefined()
})

it('waits for it longer than the lock_timeout of the role, the database or the address', async () => {
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  await other.query('SELECT pg_advisory_lock(719283002)')
  const said: string[] = []

  const migrated = migrate(`${database.url}?options=-c%20lock_timeout%3D10ms`, {
    ...FIRST,
    onProgress: (message) => said.push(message),
    progressEveryMs: 20,
  }).catch((error: unknown) => error)
  await expect.poll(() => said.length).toBeGreaterThan(2)
  await other.end()

  expect(await migrated).toBeUndefined()
})

it('waits for a backup without having others wait for its tables', async () => {
  await useReleased()
  const backup = new pg.Client({ connectionString: database.url })
  await backup.connect()
  await holdMigrations(backup)
  await backup.query('BEGIN')
  await backup.query('LOCK TABLE messages IN ACCESS SHARE MODE')

  const migrated = migrate(database.url, FIRST_UPDATE)
  await expect
    .poll(() =>
      database.query(
        `SELECT locktype FROM pg_locks JOIN pg_database d ON d.oid = pg_locks.database
          WHERE d.datname = current_database() AND NOT granted`,
      ),
    )
    .toEqual([{ locktype: 'advisory' }])
  await backup.end()

  await expect(migrated).resolves.toBeUndefined()
})

it('says what to do when a table does not become free', async () => {
  await useReleased()
  const other = new pg.Client({ connectionString: database.url })
  await other.connect()
  await other.query('BEGIN')
  await other.query('LOCK TABLE messages IN ACCESS SHARE MODE')

  await expect(migrate(database.url, { ...FIRST_UPDATE, lockTimeoutMs: 10 })).rejects.toThrow(
    'The database cannot be migrated now: something else uses its tables.',
  )
  await other.end()
})

it('is repeated when it meets somebody who locks its tables in another order', async () => {
  const names = await migrationNames()
  const name = '20261128140000_few_reported' // it changes recipient_outcomes, makes a function, and changes search_blocks
  await migrate(database.url, { only: new Set(names.slice(0, names.indexOf(name))) })
  const begin = async (statement: string) => {
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    await client.query(`BEGIN; ${statement}`)
    return client
  }
  await onDatabase(`SET deadlock_timeout = '1min'`) // so that the migration is the one that is rolled back
  const dump = await begin('LOCK TABLE search_blocks IN ACCESS SHARE MODE')
  await onDatabase('RESET deadlock_timeout')
  const other = await begin(
    `CREATE FUNCTION note_submission_of_outcome() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
  )

  const migrated = migrate(database.url, { only: new Set([name]) })
  await expect.poll(() => countWaiting()).toBe(1)
  const dumped = dump.query('LOCK TABLE recipient_outcomes IN ACCESS SHARE MODE')
  await expect.poll(() => countWaiting()).toBe(2)
  await other.end()
  await dumped
  await dump.end()

  await expect(migrated).resolves.toBeUndefined()
  expect((await applied()).map((row) => row.migration_name)).toContain(name)
})

it('starts beside a backup where nothing is to be migrated', async () => {
  await useMigrated()
  const backup = new pg.Client({ connectionString: database.url })
  await backup.connect()
  await holdMigrations(backup)

  await expect(migrate(database.url)).resolves.toBeUndefined()
  await backup.end()
})

describe('during a long update', () => {
  const names = async (after: string) => (await migrationNames()).filter((name) => name > after)

  it('names each migration when it is applied', async () => {
    await useReleased()
    const said: string[] = []

    await migrate(database.url, { onProgress: (message) => said.push(message) })

    expect(said).toEqual((await names(FIRST_RELEASE)).map((name) => `applying the migration ${name} to the database`))
  })

  it('reports every few seconds that a migration is still being applied', async () => {
    await useReleased()
    const other = new pg.Client({ connectionString: database.url })
    await other.connect()
    await other.query('BEGIN')
    await other.query('LOCK TABLE messages IN ACCESS SHARE MODE')
    const said: string[] = []

    const migrated = migrate(database.url, {
      ...FIRST_UPDATE,
      onProgress: (message) => said.push(message),
      progressEveryMs: 20,
    })
    const [first = ''] = await names(FIRST_RELEASE)
    const still = new RegExp(`^still applying the migration ${first}, for \\d+ s now$`)
    await expect.poll(() => said.filter((message) => still.test(message)).length).toBeGreaterThan(1)
    await other.end()
    await migrated

    const begun = said.find((message) => !message.startsWith('waiting for another process')) // even the lock may take long
    expect(begun).toBe(`applying the migration ${first} to the database`)
    const afterwards = said.length
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(said).toHaveLength(afterwards)
  })

  it('reports every few seconds that it waits for another process', async () => {
    const other = new pg.Client({ connectionString: database.url })
    await other.connect()
    await other.query('SELECT pg_advisory_lock(719283002)')
    const said: string[] = []

    const migrated = migrate(database.url, {
      ...FIRST,
      onProgress: (message) => said.push(message),
      progressEveryMs: 20,
    })
    await expect
      .poll(() => said.join('\n'))
      .toMatch(/^waiting for another process that migrates or backs up the database, for \d+ s now$/m)
    await other.end()
    await migrated
  })

  it('reports nothing for an empty database, nor when there is nothing to apply', async () => {
    const said: string[] = []

    await migrate(database.url, { onProgress: (message) => said.push(message) })
    await migrate(database.url, { onProgress: (message) => said.push(message) })

    expect(said).toEqual([])
  })
})

it('applies nothing the second time', async () => {
  await useMigrated()
  const before = await database.query('SELECT * FROM _prisma_migrations')

  await migrate(database.url)

  expect(await database.query('SELECT * FROM _prisma_migrations')).toEqual(before)
})

it('applies what a database of an older version lacks, and keeps what is in it', async () => {
  await applyAsReleased(database.url, 1)
  await database.query("INSERT INTO tenants (id, created_at) VALUES ('ten_1', now())")

  await migrate(database.url)

  expect(await database.query('SELECT id FROM tenants')).toEqual([{ id: 'ten_1' }])
  expect((await applied()).map((row) => row.migration_name)).toEqual(await migrationNames())
})

it('counts the bytes that a database of version 1.0.0 has stored', async () => {
  await useReleased()
  await database.query(
    `INSERT INTO messages (id, tenant_id, service, status, "to", subject, created_at, content_key_sealed, content, chunked, stored_bytes)
     VALUES ('small', 'ten_1', 's', 'held', '[]', '', now(), 'sealed', '\\x0102', false, 0),
            ('large', 'ten_1', 's', 'held', '[]', '', now(), 'sealed', '\\x010203', true, 1000),
            ('arriving', 'ten_2', 's', 'receiving', '[]', '', now(), 'sealed', NULL, true, 4000000),
            ('sent', 'ten_2', 's', 'sent', '[]', '', now(), NULL, NULL, true, 0);
     INSERT INTO message_chunks (message_id, part, chunk, tenant_id, stored_at, content)
     SELECT id, 0, 0, tenant_id, now(), '\\x01020304' FROM messages WHERE id IN ('large', 'arriving')`,
  )

  await migrate(database.url)

  expect(await database.query('SELECT tenant_id, stored_bytes::int FROM mailbox_totals ORDER BY tenant_id')).toEqual([
    { tenant_id: 'ten_1', stored_bytes: 9 },
    { tenant_id: 'ten_2', stored_bytes: 4 },
  ])
  expect(
    await database.query('SELECT message_id AS id, stored_bytes::int FROM message_contents ORDER BY message_id'),
  ).toEqual([
    { id: 'arriving', stored_bytes: 4 },
    { id: 'large', stored_bytes: 7 },
    { id: 'small', stored_bytes: 2 },
  ])
})

it('records a migration as Prisma does, with the releases that can use the database', async () => {
  await useMigrated()

  const names = await migrationNames()
  const rows = await database.query<{ migration_name: string; checksum: string }>(
    'SELECT migration_name, checksum, rolled_back_at, logs FROM _prisma_migrations ORDER BY migration_name',
  )
  expect(rows.map((row) => row.migration_name)).toEqual(names)
  const usable: unknown = expect.stringMatching(/^usable from \d+\.\d+\.0$/)
  for (const row of rows)
    expect(row).toMatchObject({
      checksum: createHash('sha256')
        .update(await readMigration(row.migration_name))
        .digest('hex'),
      rolled_back_at: null,
      logs: row.migration_name <= UNCOMPARED_UNTIL ? null : usable,
    })
  await expect(applyAsReleased(database.url, names.length)).resolves.toBeUndefined() // Prisma has nothing to do, and no objection
})

it('leaves neither tables nor a row of an interrupted migration', async () => {
  const other = new pg.Client({ connectionString: database.url })
  await applyAsReleased(database.url, 1)
  await other.connect()
  await other.query('BEGIN')
  await other.query('LOCK TABLE messages IN ACCESS SHARE MODE') // the second migration changes tenants before this table

  const migrated = migrate(database.url).catch((error: unknown) => error)
  await expect.poll(() => database.query(`SELECT pid FROM pg_stat_activity WHERE ${WAITS_FOR_TABLE}`)).toHaveLength(1)
  await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${WAITS_FOR_TABLE}`)

  expect(await migrated).toMatchObject({ code: '57P01' })
  await other.end()
  expect(await database.query('SELECT 1 FROM _prisma_migrations')).toHaveLength(1)
  expect(
    await database.query("SELECT 1 FROM information_schema.columns WHERE column_name = 'mailbox_paused_until'"),
  ).toHaveLength(0)
  await expect(migrate(database.url)).resolves.toBeUndefined()
})

/** Version 1.0.0 was killed at that point: the row is open, and each statement before was committed. */
describe.each([
  ['20261124000000_init', 0],
  ['20261124000000_init', 7],
  ['20261124120000_queue', 12], // an index was dropped, and not yet recreated
  ['20261124120000_queue', 14], // it was recreated, so dropping it would succeed again
  ['20261124220000_audit', Infinity], // everything was committed but the row
  ['20261124230000_token_age', 1],
])('completes the migration %s', (name, done) => {
  it(`that was killed after ${done === Infinity ? 'its last statement' : `${done} statements`}, and keeps the data`, async () => {
    const names = await migrationNames()
    const statements = splitStatements(await readMigration(name))
    await applyAsReleased(database.url, names.indexOf(name))
    await asProduct([
      `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('open', 'x', '${name}')`,
      ...statements.slice(0, done),
    ])
    const hasTenants = names.indexOf(name) > 0
    if (hasTenants) await asProduct(["INSERT INTO tenants (id, created_at) VALUES ('ten_1', now())"])

    await migrate(database.url)

    expect((await applied()).map((row) => row.migration_name).sort()).toEqual(names)
    expect(await database.query('SELECT id FROM tenants')).toEqual(hasTenants ? [{ id: 'ten_1' }] : [])
    const whole = await createTestDatabase()
    expect(await structure(database)).toEqual(await structure(whole))
    expect(await writtenInMigrations(database)).toEqual(await writtenInMigrations(whole))
    await whole.drop()
  })
})

it('recognises an applied migration whose row was lost', async () => {
  await useMigrated()
  const last = (await migrationNames()).at(-1)
  await database.query('DELETE FROM _prisma_migrations WHERE migration_name = $1', [last])

  await migrate(database.url)

  expect((await applied()).map((row) => row.migration_name)).toEqual(await migrationNames())
})

it('refuses a database with tables of another program, in one sentence', async () => {
  await asProduct(['CREATE TABLE theirs (id integer)'])

  await expect(migrate(database.url)).rejects.toThrow(
    new ConfigurationError('The database holds tables of another program. Give Inforiver Mail a database of its own.'),
  )
})

it('refuses a database of a newer version, in one sentence', async () => {
  await useMigrated()
  await database.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
     VALUES ('1', 'x', '20991231000000_future', now(), 1)`,
  )

  await expect(migrate(database.url)).rejects.toThrow(
    new ConfigurationError(
      'The database was used by a newer Inforiver Mail (it has the migration 20991231000000_future, which this version does not know). Start the newer version, or restore the backup made before the update.',
    ),
  )
})

it('refuses a database that cannot be reached, in one sentence without its address', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))

  const refusal = await migrate(`postgresql://somebody:hidden@127.0.0.1:${port}/mail`).catch((error: unknown) => error)

  expect(refusal).toBeInstanceOf(ConfigurationError)
  expect((refusal as Error).message).toMatch(/^The database cannot be reached \(ECONNREFUSED\)\. Check DATABASE_URL/)
  expect((refusal as Error).message).not.toContain('hidden')
})

it('refuses an account without rights, in one sentence', async () => {
  await database.query('ALTER SCHEMA public OWNER TO CURRENT_USER')

  await expect(migrate(database.url)).rejects.toThrow(
    new ConfigurationError(
      'The account of DATABASE_URL lacks a right: permission denied for schema public. Let it own its database and all tables in there.',
    ),
  )
})

it('refuses a database that does not exist, in one sentence', async () => {
  const url = new URL(database.url)
  url.pathname = '/no_such_database'

  await expect(migrate(url.href)).rejects.toThrow(/^The database does not exist \(3D000\)\./)
})

it('creates exactly the tables, columns, keys and indexes of schema.prisma', async () => {
  const schema = await readSchema()
  const { stdout } = await withEngine(database.url, (engine) =>
    engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content: schema }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    }),
  )
  await database.query(stdout ?? '')
  const wanted = await structure(database)
  const migrated = await createTestDatabase()

  const found = await structure(migrated)
  await migrated.drop()

  expect(found).toEqual(wanted)
})

/** What Prisma can express about a schema. Partial indexes, how an index is stored, views, functions and triggers are in the migrations only. */
async function structure(of: TestDatabase): Promise<unknown> {
  return {
    columns: await of.query(
      `SELECT table_name, column_name, udt_name, datetime_precision, is_nullable, column_default
         FROM information_schema.columns JOIN information_schema.tables USING (table_catalog, table_schema, table_name)
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> '_prisma_migrations'
        ORDER BY table_name, column_name`,
    ),
    constraints: await of.query(
      `SELECT conrelid::regclass::text AS table, conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
          AND conrelid::regclass::text <> '_prisma_migrations' ORDER BY conname`,
    ),
    indexes: await of.query(
      `SELECT regexp_replace(indexdef, ' WITH [(][a-z_]+=[^)]*[)]', '') AS indexdef FROM pg_indexes JOIN pg_index ON indexrelid = indexname::regclass
        WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' AND indpred IS NULL ORDER BY indexname`,
    ),
  }
}

async function writtenInMigrations(of: TestDatabase): Promise<unknown> {
  return {
    indexes: await of.query(`SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname`),
    views: await of.query(`SELECT viewname, definition FROM pg_views WHERE schemaname = 'public' ORDER BY viewname`),
    triggers: await of.query(
      `SELECT pg_get_triggerdef(oid) AS definition FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname`,
    ),
    functions: await of.query(
      `SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname`,
    ),
    storage: await of.query(
      `SELECT relname, reloptions FROM pg_class WHERE relnamespace = 'public'::regnamespace AND reloptions IS NOT NULL ORDER BY relname`,
    ),
  }
}
