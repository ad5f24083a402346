import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { applyAsReleased, applyFirstRelease, migrationNames } from '../test-support/released-database.ts'
import { createTestDatabase, createTestPool, type TestDatabase } from '../test-support/test-database.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { migrate } from './migrate.ts'

const QUEUE_TABLES = '20261126210000_queue_tables'
const RUN_MIGRATE = fileURLToPath(new URL('../test-support/run-migrate.ts', import.meta.url))

const MIB = 1024 * 1024
/** Larger than real chunks, so that two make a large message. */
const CHUNK_BYTES = 2 * MIB
const CHUNKED = { chunked: true, stored_bytes: 4 * MIB, attachment_bytes: 4 * MIB }
const CREATED = '2026-11-24T10:00:00.000Z'
const TRIED = '2026-11-24T10:05:00.000Z'
const LATER = '2026-11-24T11:00:00.000Z'
const OUTCOME_UNKNOWN = { code: 'outcome-unknown', title: 'Unknown', detail: 'It may have been sent.' }
const REFUSED = { code: 'refused', title: 'Refused', detail: 'No.' }

/** Columns of version 1.0.0 that all messages of the test share. */
const COMMON = {
  tenant_id: 'ten_1',
  service: 'reports',
  to: [{ address: 'max@contoso.com' }],
  subject: 'Q3',
  created_at: CREATED,
}
const CONTENT = { content_key_sealed: 'sealed key', content: '\\x010203' }
const TRIED_ONCE = { from_email: 'ada@contoso.com', attempt_count: 1, trying_ms: 60_000 }
const HALF_WAY = {
  ...CONTENT,
  ...TRIED_ONCE,
  ...CHUNKED,
  draft_id: 'draft',
  uploading: true,
  upload_attached: 1,
  upload_url_sealed: 'sealed address',
  upload_expires_at: LATER,
  upload_position: 2 * MIB,
  uploaded_bytes: 1 * MIB,
}
const LIVE = '2099-01-01T00:00:00.000Z'

type Columns = Readonly<Record<string, unknown>>

const QUEUED = { status: 'queued', ...CONTENT, next_attempt_at: CREATED }
const AGAIN = { ...QUEUED, ...TRIED_ONCE, next_attempt_at: TRIED }
/** Its lease has expired. */
const SENDING = { ...QUEUED, ...TRIED_ONCE, status: 'sending', lease_owner: 'dead', lease_until: TRIED }
const FAILED = { status: 'failed', ...TRIED_ONCE, ended_at: TRIED, problem: REFUSED }
const SENT = { status: 'sent', ...TRIED_ONCE, sent_at: TRIED, ended_at: TRIED, tenant_id: 'ten_2' }
const HALF_WAY_STATE = { uploading: true, is_large: true, upload_bytes: 3 * MIB }

/** A message in each state of version 1.0.0, and its state after the migration. */
const MESSAGES: Readonly<Record<string, { readonly old: Columns; readonly stands: Columns | null }>> = {
  receiving: { old: { status: 'receiving', content_key_sealed: 'sealed key', chunked: true }, stands: null },
  scheduled: {
    old: { ...QUEUED, status: 'scheduled', send_at: LATER, next_attempt_at: LATER },
    stands: { status: 'scheduled', send_at: LATER, next_attempt_at: LATER, doubt: 'none' },
  },
  queued: {
    old: { ...QUEUED, recipients: 3, reference: 'INV-1' },
    stands: {
      status: 'queued',
      next_attempt_at: CREATED,
      doubt: 'none',
      attempt_count: 0,
      trying_ms: 0,
      recipients: 3,
      reference: 'INV-1',
    },
  },
  'queued-again': {
    old: { ...AGAIN, attempt_count: 7 },
    stands: { status: 'queued', next_attempt_at: TRIED, doubt: 'none', ...TRIED_ONCE, attempt_count: 7 },
  },
  ...Object.fromEntries(
    [0, 1, 2].map((lookups) => [
      `in-doubt-${lookups}`,
      {
        old: { ...AGAIN, lookups },
        stands: { status: 'queued', next_attempt_at: TRIED, doubt: 'in-doubt', looks: lookups },
      },
    ]),
  ),
  'maybe-twice': {
    old: { ...AGAIN, possible_duplicate: true },
    stands: { status: 'queued', possible_duplicate: true, doubt: 'none' },
  },
  medium: {
    old: { ...QUEUED, content: `\\x${'00'.repeat(70_000)}`, attachment_bytes: 60_000 },
    stands: { status: 'queued', is_large: false, upload_bytes: 90_000 },
  },
  large: {
    old: { ...QUEUED, ...CHUNKED },
    stands: { status: 'queued', is_large: true, upload_bytes: 4 * MIB, uploading: false },
  },
  sending: {
    old: { ...SENDING, lease_owner: 'worker', lease_until: LIVE },
    // The holder of the lease may have sent it, and its outcome counts until somebody else tries.
    stands: {
      status: 'sending',
      next_attempt_at: CREATED,
      doubt: 'none',
      lease_owner: 'worker',
      lease_until: LIVE,
      attempt_id: 'worker',
    },
  },
  'sending-run-out': {
    old: SENDING,
    stands: { status: 'sending', lease_owner: 'dead', lease_until: TRIED, attempt_id: 'dead', doubt: 'none' },
  },
  'sending-in-doubt': {
    old: { ...SENDING, lookups: 1 },
    stands: { status: 'sending', lease_owner: 'dead', doubt: 'in-doubt', looks: 1 },
  },
  'uploading-now': {
    old: { ...SENDING, ...HALF_WAY },
    stands: { status: 'sending', attempt_id: null, ...HALF_WAY_STATE },
  },
  'uploading-later': {
    old: { ...AGAIN, ...HALF_WAY },
    stands: { status: 'queued', next_attempt_at: TRIED, ...HALF_WAY_STATE },
  },
  drafted: {
    old: { ...AGAIN, draft_id: 'draft', lookups: 0 },
    stands: { status: 'queued', uploading: false, doubt: 'in-doubt', looks: 0 },
  },
  ...Object.fromEntries(
    ['not-configured', 'reconnect-required', 'large-attachments-disabled', 'app-misconfigured'].map((because) => [
      `held-${because}`,
      {
        old: { status: 'held', ...CONTENT, held_because: because },
        stands: { status: 'held', held_because: because, next_attempt_at: null, doubt: 'none' },
      },
    ]),
  ),
  'held-in-doubt': {
    old: { status: 'held', ...CONTENT, ...TRIED_ONCE, held_because: 'reconnect-required', lookups: 2 },
    stands: { status: 'held', held_because: 'reconnect-required', doubt: 'in-doubt', looks: 2 },
  },
  'failed-with-content': {
    old: { ...FAILED, ...CONTENT },
    stands: { status: 'failed', ended_at: TRIED, problem: REFUSED, from_email: 'ada@contoso.com' },
  },
  'failed-without-content': { old: FAILED, stands: { status: 'failed', ended_at: TRIED, problem: REFUSED } },
  'outcome-unknown': {
    old: { ...FAILED, ...CONTENT, problem: OUTCOME_UNKNOWN, on_unknown_outcome: 'stop' },
    stands: { status: 'failed', ended_at: TRIED, problem: OUTCOME_UNKNOWN },
  },
  cancelled: { old: { status: 'cancelled', ended_at: TRIED }, stands: { status: 'cancelled', ended_at: TRIED } },
  sent: {
    old: SENT,
    stands: { status: 'sent', sent_at: TRIED, ended_at: TRIED, from_email: 'ada@contoso.com', tenant_id: 'ten_2' },
  },
  'sent-twice': {
    old: { ...SENT, possible_duplicate: true },
    stands: { status: 'sent', possible_duplicate: true, tenant_id: 'ten_2' },
  },
}

/** Of version 1.0.0, with all these messages. */
let released: TestDatabase
/** The same, when only the migration to the tables of the queue and those after it are to be applied. */
let unqueued: TestDatabase
/** The same, with every migration. */
let migrated: TestDatabase
/** A copy of one of them. */
let database: TestDatabase

beforeAll(async () => {
  released = await createTestDatabase({ template: 'template0' })
  await fill(released)
  unqueued = await released.copy()
  const names = await migrationNames()
  await applyAsReleased(unqueued.url, names.indexOf(QUEUE_TABLES))
  migrated = await released.copy()
  await migrate(migrated.url)
})
afterAll(() => Promise.all([released, unqueued, migrated].map((each) => each.drop())))

async function fill(empty: TestDatabase): Promise<void> {
  database = empty
  await applyFirstRelease(database.url)
  for (const [id, { old }] of Object.entries(MESSAGES)) await insert('messages', { ...COMMON, id, ...old })
  await database.query(
    `INSERT INTO message_chunks (message_id, part, chunk, tenant_id, stored_at, content)
     SELECT id, 0, chunk, tenant_id, created_at, decode(repeat('0a', $1), 'hex') FROM messages, generate_series(0, 1) AS chunk WHERE chunked`,
    [CHUNK_BYTES],
  )
  for (const message_id of ['sent', 'queued-again'])
    await insert('message_attempts', {
      message_id,
      tenant_id: 'ten_1',
      at: TRIED,
      outcome: message_id === 'sent' ? 'sent' : 'unavailable',
      detail: 'As version 1.0.0 noted it.',
    })
  for (const tenant of [
    { id: 'ten_1' },
    { id: 'ten_2', mailbox_paused_until: LATER },
    { id: 'ten_3', troubled_since: TRIED },
    { id: 'ten_4', message_size_limit: 10 * MIB, message_size_limit_at: TRIED },
  ])
    await insert('tenants', { created_at: CREATED, ...tenant })
}

async function insert(table: string, row: Columns): Promise<void> {
  const columns = Object.keys(row).map((column) => `"${column}"`)
  const values = Object.values(row).map((value) => (typeof value === 'object' ? JSON.stringify(value) : value))
  await database.query(
    `INSERT INTO ${table} (${columns.join()}) VALUES (${columns.map((_, index) => `$${index + 1}`).join()})`,
    values,
  )
}

/** Converts a row to the notation of this test: times as text, and 64-bit numbers as numbers. */
function plain(row: Columns | undefined): Columns {
  return Object.fromEntries(
    Object.entries(row ?? {}).map(([column, value]) => [
      column,
      value instanceof Date
        ? value.toISOString()
        : typeof value === 'string' && /^\d+$/.test(value)
          ? Number(value)
          : value,
    ]),
  )
}

async function rows(statement: string): Promise<Columns[]> {
  return (await database.query(statement)).map(plain)
}

/** The totals that the rows add up to. */
const TOTALS_OF_ROWS = `
SELECT t.tenant_id, coalesce(c.stored_bytes, 0)::bigint AS stored_bytes,
       count(*) FILTER (WHERE state = 'queued' AND lease_owner IS NULL) AS queued,
       coalesce(sum(recipients) FILTER (WHERE state = 'queued' AND lease_owner IS NULL), 0) AS queued_recipients,
       count(lease_owner) AS sending,
       count(lease_owner) FILTER (WHERE size = 'large') AS sending_large,
       coalesce(sum(recipients) FILTER (WHERE lease_owner IS NOT NULL), 0) AS sending_recipients,
       coalesce(sum(upload_bytes) FILTER (WHERE state = 'queued'), 0) AS upload_bytes,
       count(*) FILTER (WHERE state = 'scheduled') AS scheduled,
       count(*) FILTER (WHERE state = 'held') AS held
  FROM (SELECT DISTINCT tenant_id FROM messages UNION SELECT tenant_id FROM message_contents) AS t
  LEFT JOIN message_queue q USING (tenant_id)
  LEFT JOIN (SELECT tenant_id, sum(stored_bytes) AS stored_bytes FROM message_contents GROUP BY 1) AS c USING (tenant_id)
 GROUP BY t.tenant_id, c.stored_bytes ORDER BY t.tenant_id`

const TOTALS = 'SELECT * FROM mailbox_totals ORDER BY tenant_id'

/** Reads all tables with all their rows, and digests instead of the content, of which there is much. */
async function everything(): Promise<unknown> {
  const tables = await database.query<{ name: string; columns: string }>(
    `SELECT table_name AS name,
            string_agg(format(CASE data_type WHEN 'bytea' THEN 'sha256(%I)' ELSE '%I' END, column_name), ', ' ORDER BY ordinal_position) AS columns
       FROM information_schema.columns JOIN information_schema.tables USING (table_catalog, table_schema, table_name)
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> '_prisma_migrations'
      GROUP BY 1 ORDER BY 1`,
  )
  return Promise.all(
    tables.map(async ({ name, columns }) => [
      name,
      (await database.query<{ row: string }>(`SELECT row(${columns})::text AS row FROM ${name} ORDER BY 1`)).map(
        ({ row }) => row,
      ),
    ]),
  )
}

describe('after the migration', () => {
  beforeAll(() => {
    database = migrated
  })

  it.each(Object.entries(MESSAGES).flatMap(([id, { stands }]) => (stands === null ? [] : [{ id, stands }])))(
    'keeps the state of a message of version 1.0.0: $id',
    async ({ id, stands }) => {
      const [state] = await rows(`SELECT * FROM message_states WHERE id = '${id}'`)

      expect(state).toMatchObject({ ...COMMON, ...stands })
    },
  )

  it('turns a message whose attachments were arriving into content only', async () => {
    expect(await rows(`SELECT id FROM messages WHERE id = 'receiving'`)).toEqual([])
    expect(await rows('SELECT message_id AS id FROM message_contents WHERE content IS NULL')).toEqual([
      { id: 'receiving' },
    ])
  })

  it('keeps the content of messages that wait or may be retried, and no other', async () => {
    const contents = await rows(
      `SELECT c.*, octet_length(content) AS bytes, (SELECT count(*) FROM message_chunks k WHERE k.message_id = c.message_id) AS chunks
         FROM message_contents c ORDER BY message_id COLLATE "C"`,
    )
    const withContent = Object.entries(MESSAGES).filter(([, { old }]) => 'content_key_sealed' in old)
    expect(contents.map((row) => row['message_id'])).toEqual(withContent.map(([id]) => id).toSorted())
    for (const row of contents)
      expect(row).toMatchObject({ tenant_id: 'ten_1', data_key: null, key_sealed: 'sealed key', begun_at: CREATED })
    const find = (id: string) => contents.find((row) => row['message_id'] === id)
    expect(find('queued')).toMatchObject({ bytes: 3, chunked: false, stored_bytes: 3, attachment_bytes: 0, chunks: 0 })
    // Chunks count with their stored size.
    expect(find('large')).toMatchObject({
      bytes: 3,
      chunked: true,
      stored_bytes: 3 + 4 * MIB,
      attachment_bytes: 4 * MIB,
      chunks: 2,
    })
    expect(find('receiving')).toMatchObject({ content: null, chunked: true, stored_bytes: 4 * MIB, chunks: 2 })
  })

  it('keeps every draft, with the progress of its upload', async () => {
    const halfWay = {
      tenant_id: 'ten_1',
      draft_id: 'draft',
      internet_message_id: null,
      upload_attached: 1,
      upload_url_sealed: 'sealed address',
      upload_expires_at: LATER,
      upload_position: 2 * MIB,
      uploaded_bytes: 1 * MIB,
    }
    const none = {
      upload_attached: 0,
      upload_url_sealed: null,
      upload_expires_at: null,
      upload_position: 0,
      uploaded_bytes: 0,
    }
    expect(await rows('SELECT * FROM message_drafts ORDER BY message_id')).toMatchObject([
      { message_id: 'drafted', ...halfWay, ...none },
      { message_id: 'uploading-later', ...halfWay },
      { message_id: 'uploading-now', ...halfWay },
    ])
    expect(await rows('SELECT message_id FROM message_queue WHERE has_draft ORDER BY 1')).toEqual([
      { message_id: 'drafted' },
      { message_id: 'uploading-later' },
      { message_id: 'uploading-now' },
    ])
  })

  it('lists what failed or was cancelled, and which of it has content', async () => {
    expect(
      await rows('SELECT message_id AS id, outcome, created_at, ended_at, has_content FROM unsent_messages ORDER BY 1'),
    ).toEqual([
      { id: 'cancelled', outcome: 'cancelled', created_at: CREATED, ended_at: TRIED, has_content: false },
      { id: 'failed-with-content', outcome: 'failed', created_at: CREATED, ended_at: TRIED, has_content: true },
      { id: 'failed-without-content', outcome: 'failed', created_at: CREATED, ended_at: TRIED, has_content: false },
      { id: 'outcome-unknown', outcome: 'failed', created_at: CREATED, ended_at: TRIED, has_content: true },
    ])
  })

  it('keeps what is known of each mailbox', async () => {
    const known = ['paused_until', 'troubled_since', 'message_size_limit', 'message_size_limit_at']
    const mailboxes = await rows(`SELECT tenant_id, ${known.join()} FROM mailboxes ORDER BY tenant_id`)
    const nothing = Object.fromEntries(known.map((column) => [column, null]))
    expect(mailboxes).toEqual([
      { ...nothing, tenant_id: 'ten_2', paused_until: LATER },
      { ...nothing, tenant_id: 'ten_3', troubled_since: TRIED },
      { ...nothing, tenant_id: 'ten_4', message_size_limit: 10 * MIB, message_size_limit_at: TRIED },
    ])
  })

  it('counts the rows of each mailbox, including one whose messages have all ended', async () => {
    const totals = await rows(TOTALS)
    expect(totals).toMatchObject(await rows(TOTALS_OF_ROWS))
    expect(totals).toMatchObject([
      { tenant_id: 'ten_1', queued: 10, queued_recipients: 12, sending: 4, sending_large: 1, scheduled: 1, held: 5 },
      { tenant_id: 'ten_2', stored_bytes: 0, queued: 0 },
    ])
  })
})

describe('a migrated database of version 1.0.0', () => {
  beforeEach(async () => {
    database = await migrated.copy()
  })
  afterEach(() => database.drop())

  it('lets the product continue with all messages', async () => {
    const pool = createTestPool(database.url)
    onTestFinished(() => pool.end())
    const queue = createTestQueue(pool)
    const owner = { tenantId: 'ten_1', service: null }

    expect(await queue.messages.find(owner, 'uploading-later', null)).toMatchObject({
      status: 'queued',
      progress: { sentBytes: 1 * MIB, totalBytes: 4 * MIB },
    })
    expect((await queue.messages.find({ ...owner, tenantId: 'ten_2' }, 'sent', null))?.attempts).toMatchObject([
      { outcome: 'sent', detail: 'As version 1.0.0 noted it.' },
    ])
    expect((await queue.deliveries.takeOver()).abandoned.toSorted()).toEqual([
      'sending-in-doubt',
      'sending-run-out',
      'uploading-now',
    ])
    expect(
      await rows(
        `SELECT id, status, doubt, looks FROM message_states WHERE id IN ('sending', 'sending-run-out', 'uploading-now') ORDER BY 1`,
      ),
    ).toEqual([
      { id: 'sending', status: 'sending', doubt: 'none', looks: 0 },
      { id: 'sending-run-out', status: 'queued', doubt: 'in-doubt', looks: 0 },
      { id: 'uploading-now', status: 'queued', doubt: 'none', looks: 0 },
    ])
    await queue.deliveries.release()
    const claimed = await queue.deliveries.claim('new worker', 100)
    expect(claimed.map(({ id }) => id).toSorted()).toEqual(
      Object.keys(MESSAGES)
        .filter((id) => /^(queued|in-doubt|maybe|medium|large|sending-|uploading|drafted|scheduled)/.test(id))
        .toSorted(),
    )
    const byId = new Map(claimed.map((message) => [message.id, message]))
    expect(byId.get('in-doubt-2')).toMatchObject({
      doubt: { state: 'in-doubt', looks: 2 },
      contentKeySealed: 'sealed key',
    })
    expect(byId.get('queued')?.content).toEqual(Buffer.from([1, 2, 3]))
    expect(byId.get('uploading-later')).toMatchObject({
      draftId: 'draft',
      uploading: true,
      chunked: true,
      upload: { attached: 1, session: { urlSealed: 'sealed address' }, position: 2 * MIB },
    })
    expect(await rows(TOTALS)).toMatchObject(await rows(TOTALS_OF_ROWS))
  })

  it('recognises the applied migration if its row was lost, and changes no message', async () => {
    const before = await everything()
    await database.query('DELETE FROM _prisma_migrations WHERE migration_name = $1', [QUEUE_TABLES])

    await migrate(database.url)

    expect(await everything()).toEqual(before)
  })
})

const WAITS = `FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'relation'`

/** To PostgreSQL, either is a session that ends. */
const TERMINATED = 'its connection is terminated'
const KILLED = 'its process is killed'

describe.each([
  ['before anything of the old tables is changed', 'tenants', 'ACCESS SHARE', [TERMINATED]],
  ['when everything was copied', 'message_chunks', 'ACCESS SHARE', [TERMINATED]],
  ['when the old columns are dropped and the messages rewritten', 'tenant_storage', 'ACCESS SHARE', [TERMINATED]],
  ['when everything was done but its row', '_prisma_migrations', 'SHARE', [TERMINATED, KILLED]],
] as const)('a migration that is interrupted %s', (_when, table, mode, endings) => {
  let release: () => Promise<void>
  let before: unknown

  beforeEach(async () => {
    database = await unqueued.copy()
    before = await everything()
    const other = new pg.Client({ connectionString: database.url })
    await other.connect()
    await other.query(`BEGIN; LOCK TABLE ${table} IN ${mode} MODE`)
    release = () => other.end()
  })
  afterEach(() => database.drop())

  async function untilItWaits(): Promise<void> {
    await expect.poll(() => database.query(`SELECT 1 ${WAITS}`)).toHaveLength(1)
  }

  async function expectMigrated(): Promise<void> {
    expect(await rows('SELECT id, status FROM message_states ORDER BY id COLLATE "C"')).toEqual(
      Object.entries(MESSAGES)
        .flatMap(([id, { stands }]) => (stands === null ? [] : [{ id, status: stands['status'] }]))
        .toSorted((one, other) => (one.id < other.id ? -1 : 1)),
    )
    expect(await rows(TOTALS)).toMatchObject(await rows(TOTALS_OF_ROWS))
  }

  it.each(endings)('because %s changes nothing, and the next start completes it', async (ending) => {
    await (ending === KILLED ? killProcess() : terminateConnection())
    expect(await everything()).toEqual(before)

    // One goes on to the newest; to the others, the migrations that follow are the same.
    await migrate(database.url, ending === KILLED ? {} : { only: new Set([QUEUE_TABLES]) })
    await expectMigrated()
  })

  async function terminateConnection(): Promise<void> {
    const migrated = migrate(database.url).catch((error: unknown) => error)
    await untilItWaits()

    await database.query(`SELECT pg_terminate_backend(pid) ${WAITS}`)
    expect(await migrated).toMatchObject({ code: '57P01' })
    await release()
  }

  async function killProcess(): Promise<void> {
    const child = fork(RUN_MIGRATE, {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const exited = new Promise((resolve) => child.once('exit', resolve))
    await new Promise((resolve) => child.once('message', resolve))
    child.send(database.url)
    await untilItWaits()

    child.kill('SIGKILL')
    await exited
    await release()
    // PostgreSQL notices the lost client at the end of the statement.
    await expect
      .poll(() =>
        database.query(
          `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        ),
      )
      .toEqual([])
  }
})
