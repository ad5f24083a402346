import { rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../configuration/config.ts'
import {
  createDatabaseOf15,
  makeRelease,
  MIGRATIONS_OF_1_5,
  migrationNames,
  noteAsOf15,
  readSchema,
  withEngine,
} from '../../test-support/migrations.ts'
import { PRODUCT_ROLE } from '../../test-support/database-server.ts'
import { createTestDatabase, type TestDatabase } from '../../test-support/test-database.ts'
import { VERSION } from '../../runtime/version.ts'
import { holdMigrations, migrate } from './migrate.ts'
import { shareProductLock, takeProductLock } from '../product-lock.ts'
import { BASELINE } from './version-1-5.ts'

const WAITS_FOR_TABLE = "datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'relation'"

/** A migration of a next release, which changes two tables. */
const NEXT = '20990101000000_next'
const CHANGE_TABLES = 'ALTER TABLE tenants ADD COLUMN next TEXT; ALTER TABLE messages ADD COLUMN next TEXT'

let of15: TestDatabase
let database: TestDatabase

beforeAll(async () => {
  of15 = await createDatabaseOf15()
})
afterAll(() => of15.drop())
beforeEach(async () => {
  database = await createTestDatabase({ template: 'template0' })
})
afterEach(() => database.drop())

/** Puts a database of version 1.5 in the place of the empty one. */
async function useDatabaseOf15(): Promise<void> {
  await database.drop()
  database = await of15.copy()
}

/** Puts a database that is migrated already in the place of the empty one. */
async function useMigrated(): Promise<void> {
  await database.drop()
  database = await createTestDatabase()
}

/** Begins a transaction. */
async function begin(statement: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  await client.query(`BEGIN; ${statement}`)
  return client
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

it('waits for a backup without having others wait for its tables', async () => {
  await useDatabaseOf15()
  const backup = new pg.Client({ connectionString: database.url })
  await backup.connect()
  await holdMigrations(backup)
  await backup.query('BEGIN')
  await backup.query('LOCK TABLE messages IN ACCESS SHARE MODE')

  const migrated = migrate(database.url)
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
  await useMigrated()
  const release = await makeRelease('2.1.0', { [NEXT]: CHANGE_TABLES })
  const other = await begin('LOCK TABLE messages IN ACCESS SHARE MODE')

  await expect(migrate(database.url, { release, lockTimeoutMs: 10 })).rejects.toThrow(
    'The database cannot be migrated now: something else uses its tables.',
  )
  await other.end()
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
  it('names each migration when it is applied, and says before that only the backup leads back to 1.5', async () => {
    await useDatabaseOf15()
    const said: string[] = []

    await migrate(database.url, { onProgress: (message) => said.push(message) })

    expect(said).toEqual([
      'the database is of version 1.5: once it is migrated, nothing but the backup made before leads back to that version',
      ...(await migrationNames()).map((name) => `applying the migration ${name} to the database`),
    ])
  })

  it('reports every few seconds that it waits for another process', async () => {
    const other = new pg.Client({ connectionString: database.url })
    await other.connect()
    await other.query('SELECT pg_advisory_lock(719283002)')
    const said: string[] = []

    const migrated = migrate(database.url, {
      onProgress: (message) => said.push(message),
      progressEveryMs: 20,
    })
    await expect
      .poll(() => said.join('\n'))
      .toMatch(/^waiting for another process that migrates or backs up the database, for \d+ s now$/m)
    await other.end()
    await migrated
  })
})

describe('a database of version 1.5', () => {
  const history = () => database.query('SELECT * FROM _prisma_migrations ORDER BY migration_name')

  beforeEach(() => useDatabaseOf15())

  it('is taken over as it is but for its background work, and lets no older version start from then on', async () => {
    await database.query("INSERT INTO tenants (id, created_at) VALUES ('ten_1', now())")
    await database.query(`CREATE SCHEMA background_work AUTHORIZATION ${PRODUCT_ROLE} CREATE TABLE job (id uuid)`)

    await migrate(database.url)

    expect(await database.query('SELECT id FROM tenants')).toEqual([{ id: 'ten_1' }])
    expect(await database.query(`SELECT FROM pg_namespace WHERE nspname = 'background_work'`)).toEqual([])
    expect((await applied()).map((row) => row.migration_name)).toEqual(await migrationNames())
    const { directory } = await makeRelease('1.5.0')
    await rm(join(directory, BASELINE), { recursive: true })
    await expect(migrate(database.url, { release: { directory, version: '1.5.0' } })).rejects.toThrow(
      `it has the migration ${BASELINE}, which takes version 2.0.0 or newer, and this is 1.5.0.`,
    )
  })

  it('keeps the alerts and events that are on their way to a webhook', async () => {
    await database.query(`
      INSERT INTO webhooks (id, tenant_id, url, secret_sealed, created_at) VALUES ('whk_1', 'ten_1', 'https://hooks.contoso.com', '', now());
      INSERT INTO alert_events (id, tenant_id, type, at, facts, publish_at, published_at)
      SELECT 'alt_' || n, 'ten_1', 'mailbox.recovered', now(), '{}', now(), now() FROM generate_series(1, 3) AS n;
      INSERT INTO webhook_deliveries (webhook_id, alert_id, attempts, next_attempt_at, outcome)
      VALUES ('whk_1', 'alt_1', 1, NULL, 'delivered'), ('whk_1', 'alt_2', 3, '2026-12-01T10:00:00Z', 'refused'), ('whk_1', 'alt_3', 0, '2026-12-01T09:00:00Z', NULL);
      INSERT INTO webhook_retries (webhook_id, position, attempts, next_attempt_at) VALUES ('whk_1', 1790000000000001, 2, '2026-12-01T11:00:00Z');
      INSERT INTO webhook_streams (id, webhook_id, position, due_at) VALUES ('str_1', 'whk_1', 1790000000000002, now())`)

    await migrate(database.url)

    expect(
      await database.query(
        `SELECT coalesce(alert_id, position::text) AS what, attempts, next_attempt_at AS at FROM webhook_deliveries ORDER BY next_attempt_at`,
      ),
    ).toEqual([
      { what: 'alt_3', attempts: 0, at: new Date('2026-12-01T09:00:00Z') },
      { what: 'alt_2', attempts: 3, at: new Date('2026-12-01T10:00:00Z') },
      { what: '1790000000000001', attempts: 2, at: new Date('2026-12-01T11:00:00Z') },
    ])
    expect(await database.query('SELECT position FROM webhook_streams')).toEqual([{ position: '1790000000000002' }])
  })

  it('keeps when messages failed or were cancelled, what is left of them, and which attempt may still tell', async () => {
    await database.query(`
      INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, sent_at, ended_at)
      SELECT 'msg_' || outcome, 'ten_1', 'crm', outcome, '[]', '', now(), CASE outcome WHEN 'sent' THEN now() END, '2026-12-01T09:00:00Z'
        FROM unnest(ARRAY['sent', 'failed', 'cancelled']) AS outcome;
      INSERT INTO unsent_messages (message_id, tenant_id, service, outcome, created_at, ended_at, has_content, attempt_id)
      SELECT id, tenant_id, service, outcome, created_at, ended_at, outcome = 'failed', CASE outcome WHEN 'failed' THEN 'att_1' END
        FROM messages WHERE outcome <> 'sent'`)

    await migrate(database.url)

    const at = new Date('2026-12-01T09:00:00Z')
    expect(
      await database.query(
        'SELECT outcome, failed_at, cancelled_at, content_kept, attempt_id FROM messages ORDER BY 1',
      ),
    ).toEqual([
      { outcome: 'cancelled', failed_at: null, cancelled_at: at, content_kept: false, attempt_id: null },
      { outcome: 'failed', failed_at: at, cancelled_at: null, content_kept: true, attempt_id: 'att_1' },
      { outcome: 'sent', failed_at: null, cancelled_at: null, content_kept: false, attempt_id: null },
    ])
  })

  it('keeps what was counted of events, what was entered beside it, and whether mail goes out', async () => {
    await database.query(`
      INSERT INTO tenants (id, created_at) VALUES ('ten_1', now());
      INSERT INTO outcome_counts (tenant_id, hour, sent, failed, bounced) VALUES ('ten_1', '2026-11-30T10:00:00Z', 4, 0, 2);
      INSERT INTO outcome_progress (tenant_id, position, last_sent_at) VALUES ('ten_1', 2, '2026-11-30T10:30:00Z');
      INSERT INTO sending_limits (tenant_id, licences, internal_domains, position) VALUES ('ten_1', 250, ARRAY['contoso.com'], 1);
      INSERT INTO mail_states (tenant_id, mail, since, seen_at) VALUES ('ten_1', 'flowing', '2026-11-30T09:00:00Z', now());
      INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, sent_at, ended_at, from_email)
      SELECT 'msg_' || n, 'ten_1', 'crm', 'sent', '[{"address":"a@fabrikam.com"},{"address":"b@contoso.com"}]', '', now(), now(), now(), 'ada@contoso.com'
        FROM generate_series(1, 3) AS n;
      INSERT INTO message_events (tenant_id, position, at, message_id, service, type)
      SELECT 'ten_1', n, now(), 'msg_' || n, 'crm', 'message.sent'
        FROM generate_series(1, 3) AS n`)

    await migrate(database.url)

    expect(
      await database.query('SELECT kind, sum(count)::int AS count FROM event_counts GROUP BY 1 ORDER BY 1'),
    ).toEqual([
      { kind: 'bounced', count: 2 },
      { kind: 'external', count: 2 },
      { kind: 'sent', count: 4 },
    ])
    expect(
      await database.query(
        'SELECT mail, mail_since, position, last_sent_at, licences, internal_domains FROM mail_overviews',
      ),
    ).toEqual([
      {
        mail: 'flowing',
        mail_since: new Date('2026-11-30T09:00:00Z'),
        position: '2',
        last_sent_at: new Date('2026-11-30T10:30:00Z'),
        licences: 250,
        internal_domains: ['contoso.com'],
      },
    ])
  })

  it('goes on with what is retried or cancelled together, but for a list that was not complete', async () => {
    await database.query(`
      INSERT INTO bulk_changes (id, tenant_id, action, begun_at, ready)
      VALUES (1, 'ten_1', 'cancel', now(), true), (2, 'ten_1', 'retry', now(), false), (3, 'ten_1', 'retry', now(), true);
      SELECT setval('bulk_changes_id_seq', 3);
      INSERT INTO bulk_change_messages (change_id, message_id)
      SELECT 1, 'msg_' || n FROM generate_series(1000, 1449) AS n UNION ALL VALUES (2, 'msg_2'), (3, 'msg_3')`)

    await migrate(database.url)

    expect(
      await database.query(
        'SELECT action, cardinality(message_ids) AS count, message_ids[1] AS first FROM bulk_changes ORDER BY id',
      ),
    ).toEqual([
      { action: 'cancel', count: 200, first: 'msg_1000' },
      { action: 'cancel', count: 200, first: 'msg_1200' },
      { action: 'cancel', count: 50, first: 'msg_1400' },
      { action: 'retry', count: 1, first: 'msg_3' },
    ])
  })

  it('is not touched while a process of that version runs, which is named', async () => {
    const before = await history()
    const running = new pg.Client({ connectionString: database.url })
    await running.connect()
    await shareProductLock(running)
    const { rows } = await running.query<{ shown: string }>(
      `SELECT coalesce(host(inet_client_addr()), 'this machine') || ' (pid ' || pg_backend_pid() || ' of PostgreSQL)' AS shown`,
    )

    const refusal = await migrate(database.url).catch((error: unknown) => error)

    expect(refusal).toMatchObject({ name: 'ConfigurationError', isLasting: true })
    expect((refusal as Error).message).toMatch(/^Inforiver Mail 1\.5, or a backup of it, still uses the database: /)
    expect((refusal as Error).message).toContain(rows[0]?.shown)
    expect(await history()).toEqual(before)
    await running.end()
    await expect(migrate(database.url)).resolves.toBeUndefined()
  })

  it('is migrated by one of those that start together, while the others wait and none of that version can start', async () => {
    const reader = await begin('LOCK TABLE _prisma_migrations IN SHARE MODE')
    const one = migrate(database.url)
    await expect.poll(() => countWaiting()).toBe(1)
    const other = migrate(database.url)
    await expect.poll(() => countWaiting()).toBe(2)
    const started = new pg.Client({ connectionString: database.url })
    await started.connect()
    expect(await shareProductLock(started)).toBe(false)
    await started.end()
    await reader.end()

    await Promise.all([one, other])
    expect((await applied()).map((row) => row.migration_name)).toEqual(await migrationNames())
  })

  it.each([
    ['1.0', (names: readonly string[]) => names.slice(0, 10)],
    ['1.4', (names: readonly string[]) => names.slice(0, -1)],
    ['1.5 that has not finished its migrations', (names: readonly string[]) => names.toSpliced(20, 1)],
  ])('is not touched where it is one of %s', async (_version, pick) => {
    await noteAsOf15(database, pick(MIGRATIONS_OF_1_5))
    const before = await history()

    await expect(migrate(database.url)).rejects.toThrow(
      new ConfigurationError(
        `The database holds data from before version 1.5.0, or of a 1.5 that has not finished its migrations. Inforiver Mail ${VERSION} takes data of 1.5 alone: bring them to 1.5 first, by starting that version on them.`,
        { isLasting: true },
      ),
    )
    expect(await history()).toEqual(before)
  })
})

it.each([
  ['an empty database', async () => {}],
  ['one of version 1.5', () => useDatabaseOf15()],
])('leaves %s to a restore that is under way', async (_what, use) => {
  await use()
  const restore = new pg.Client({ connectionString: database.url })
  await restore.connect()
  await takeProductLock(restore)

  await expect(migrate(database.url)).rejects.toThrow('The database is being restored from a backup')
  await restore.end()
})

it('leaves neither columns nor a row of an interrupted migration', async () => {
  await useMigrated()
  const release = await makeRelease('2.1.0', { [NEXT]: CHANGE_TABLES })
  const other = await begin('LOCK TABLE messages IN ACCESS SHARE MODE') // the migration changes tenants before this table

  const migrated = migrate(database.url, { release }).catch((error: unknown) => error)
  await expect.poll(() => database.query(`SELECT pid FROM pg_stat_activity WHERE ${WAITS_FOR_TABLE}`)).toHaveLength(1)
  await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${WAITS_FOR_TABLE}`)

  expect(await migrated).toMatchObject({ code: '57P01' })
  await other.end()
  expect((await applied()).map((row) => row.migration_name)).not.toContain(NEXT)
  expect(
    await database.query(
      "SELECT 1 FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'next'",
    ),
  ).toEqual([])
  await expect(migrate(database.url, { release })).resolves.toBeUndefined()
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

const FUTURE = `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
  VALUES ('1', 'x', '20991231000000_future', now(), 1)`

it.each<[string, string, () => Promise<unknown>]>([
  [
    'a database with tables of another program',
    'The database holds tables of another program. Give Inforiver Mail a database of its own.',
    () => database.query(`CREATE TABLE theirs (id integer)`),
  ],
  [
    'a database of a newer version',
    'The database was used by a newer Inforiver Mail (it has the migration 20991231000000_future, which this version does not know). Start the newer version, or restore the backup made before the update.',
    async () => (await useMigrated(), database.query(FUTURE)),
  ],
  [
    'an account without rights',
    'The account of DATABASE_URL lacks a right: permission denied for schema public. Let it own its database and all tables in there.',
    () => database.query('ALTER SCHEMA public OWNER TO CURRENT_USER'),
  ],
])('refuses %s in one sentence, and changes nothing', async (_what, sentence, prepare) => {
  await prepare()
  const before = await structure(database)

  await expect(migrate(database.url)).rejects.toThrow(new ConfigurationError(sentence))

  expect(await structure(database)).toEqual(before)
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
  await database.query('CREATE FUNCTION mail_now() RETURNS timestamptz RETURN now()') // of defaults
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
