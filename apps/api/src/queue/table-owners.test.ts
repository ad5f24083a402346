import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../test-support/test-database.ts'
import { modelsOf, namesTable, reachesModel, withoutComments, writesIn } from '../test-support/table-writes.ts'

const SOURCE = fileURLToPath(new URL('..', import.meta.url))

/** The tables of the queue. No other folder names them, not even to read them. */
const QUEUE_TABLES = [
  'bulk_changes',
  'data_keys',
  'idempotency_records',
  'mail_overviews',
  'mailbox_cleanups',
  'counters',
  'event_counts',
  'mailbox_usage',
  'mailboxes',
  'message_attempts',
  'message_chunks',
  'message_contents',
  'message_drafts',
  'message_events',
  'message_queue',
  'message_states',
  'message_texts',
  'messages',
  'owners',
  'recipient_outcomes',
  'report_inboxes',
  'seen_reports',
]
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const MODELS = modelsOf(readFileSync(`${ROOT}/prisma/schema.prisma`, 'utf8'))
const QUEUE_MODELS = MODELS.filter(({ table }) => QUEUE_TABLES.includes(table))

const files = globSync('**/*.ts', {
  cwd: SOURCE,
  exclude: ['**/*.test.ts', 'test-support/**', 'database/generated/**'],
}).map((path) => {
  const text = withoutComments(readFileSync(`${SOURCE}/${path}`, 'utf8'))
  const name = path.replaceAll('\\', '/')
  return { path: name, folder: name.split('/')[0] ?? '', text, writes: writesIn(text, MODELS) }
})

function foldersOf(found: readonly { folder: string }[]): string[] {
  return [...new Set(found.map(({ folder }) => folder))].toSorted()
}

it.each(QUEUE_TABLES)('names the table %s in the queue only', (table) => {
  expect(foldersOf(files.filter(({ text }) => namesTable(text, table)))).toEqual(['queue'])
})

it.each(QUEUE_MODELS)('reaches $delegate through no generated client', (model) => {
  expect(foldersOf(files.filter(({ text }) => reachesModel(text, model)))).toEqual([])
})

/**
 * The folder that writes each table. `database/` appends to two tables for other folders: with functions that take their
 * transaction, and with SQL about failed messages that is part of the queue's statements. Vault rotation replaces sealed values in the columns that their
 * owners list.
 */
const WRITERS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(QUEUE_TABLES.filter((table) => table !== 'message_states').map((table) => [table, ['queue']])),
  alert_events: ['alerts', 'database'],
  audit_events: ['database'],
  background_tasks: ['background'],
  consents: ['settings'],
  message_traces: ['delivery-reports'],
  installation: ['database'],
  pending_sign_ins: ['sign-in'],
  service_keys: ['service-keys'],
  sessions: ['sign-in'],
  tenant_settings: ['settings'],
  tenants: ['database'],
  users: ['sign-in'],
  webhook_deliveries: ['alerts'],

  webhook_streams: ['alerts'],
  webhooks: ['alerts'],
}

it('knows which folder writes each table', () => {
  const writers = MODELS.map(({ table }) => [
    table,
    foldersOf(files.filter(({ writes }) => writes.tables.includes(table))),
  ])
  expect(Object.fromEntries(writers)).toEqual(WRITERS)
})

/** Statements that get the name of their table when they run, and why that is right. */
const COMPUTED: Readonly<Record<string, string>> = {
  'vault/sealed-store.ts: UPDATE ${table}': 'the columns are those of the owners’ lists',
  'backup/restore-database.ts: DELETE FROM ${name}': 'a restore fills every table, whoever owns it',
  'backup/restore-database.ts: COPY ${name}': 'a restore fills every table, whoever owns it',
}

it('has the name of the table in every statement that writes, but for a few', () => {
  const computed = files.flatMap(({ path, writes }) => writes.computed.map((write) => `${path}: ${write}`))
  expect(computed.toSorted()).toEqual(Object.keys(COMPUTED).toSorted())
})

it('hands none but a folder’s own tables to such statements', () => {
  const foreign = files.flatMap(({ path, folder, text }) =>
    [...text.matchAll(/\btable: '(\w+)'/g)]
      .filter(([, table = '']) => WRITERS[table]?.includes(folder) !== true)
      .map(([given]) => `${path}: ${given}`),
  )
  expect(foreign).toEqual([])
})

it('leaves it to the statements to write: the database has two triggers, which refuse, and no function that writes', async () => {
  const database = await createTestDatabase()
  const triggers = await database.query('SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1')
  const functions = await database.query<{ body: string }>(
    `SELECT pg_get_functiondef(oid) AS body FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = pg_proc.oid AND d.deptype = 'e')`,
  )
  await database.drop()

  expect(triggers).toEqual([{ name: 'audit_events_append_only' }, { name: 'data_keys_deleted' }])
  expect(functions.length).toBeGreaterThan(0)
  for (const { body } of functions) expect(writesIn(body, MODELS)).toEqual({ tables: [], computed: [] })
})

describe('the reader of these sources', () => {
  const NAME = '${table}'

  it.each<[snippet: string, tables: string[]]>([
    ['INSERT INTO sessions (id) VALUES ($1)', ['sessions']],
    ['INSERT\n  INTO\tsessions (id) VALUES ($1)', ['sessions']],
    ['INSERT INTO"sessions"(id) VALUES ($1)', ['sessions']],
    ['INSERT INTO "public"."sessions" AS s (id) VALUES ($1)', ['sessions']],
    ['\'INSERT INTO \\"sessions\\" (id) VALUES ($1)\'', ['sessions']],
    ['INSERT INTO sessions (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET id = $1', ['sessions']],
    ['update only sessions s set id = $1', ['sessions']],
    ['UPDATE /* all of */ sessions SET id = $1', ['sessions']],
    ['UPDATE -- all of them\n sessions SET id = $1', ['sessions']],
    ['UPDATE sessions SET id = u.id FROM users u', ['sessions']],
    ['delete\nfrom only public.sessions', ['sessions']],
    ['MERGE INTO sessions s USING users u ON s.id = u.id WHEN MATCHED THEN DELETE', ['sessions']],
    ['truncate table only sessions, public.users cascade', ['sessions', 'users']],
    ['copy "sessions" (id, user_id)\nfrom stdin', ['sessions']],
    ['WITH gone AS (DELETE FROM sessions RETURNING id) INSERT INTO users SELECT id FROM gone', ['sessions', 'users']],
    ['client.message.updateManyAndReturn({ data })', ['messages']],
    ['this.anything\n  .session\n  .upsert({ where })', ['sessions']],
    ['prisma?.session?.delete({ where })', ['sessions']],
    ["access['session'].createManyAndReturn({ data })", ['sessions']],
    ['const { session: rows, user } = deps.prisma', ['sessions', 'users']],
    ['const rows = transaction.session', ['sessions']],
    ['session.update({ where, data })', ['sessions']],
    ['prisma.user.update({ where, data: { sessions: {\n deleteMany: {} } } })', ['sessions', 'users']],
    ['prisma.session.update({ where, data: { user: { connectOrCreate: more } } })', ['sessions', 'users']],
  ])('finds what is written by %j', (snippet, tables) => {
    expect(writesIn(snippet, MODELS)).toEqual({ tables, computed: [] })
  })

  it.each<[snippet: string, computed: string]>([
    [`update only\n${NAME} set id = $1`, `update ${NAME}`],
    [`INSERT INTO /* which */ ${NAME} (id)`, `INSERT INTO ${NAME}`],
    ['DELETE FROM sessions_${year}', 'DELETE FROM sessions_${year}'],
    ['DELETE FROM ${schema}.sessions', 'DELETE FROM ${schema}'],
    [`DELETE FROM "${NAME}"`, `DELETE FROM "${NAME}`],
    [`TRUNCATE sessions, ${NAME}`, `TRUNCATE ${NAME}`],
    [`COPY ${NAME} (\${columns}) FROM STDIN`, `COPY ${NAME}`],
    ["'DELETE FROM ' + table", "DELETE FROM ' + table"],
    ['prisma[model].deleteMany()', 'prisma[model]'],
  ])('finds that %j does not say what it writes', (snippet, computed) => {
    expect(writesIn(snippet, MODELS).computed).toEqual([computed])
  })

  it('does not read what is said about the code', () => {
    const said = '/** Deletes the rows from messages. */\n  // update users\nconst URL = "http://from messages"'
    expect(withoutComments(said).trim()).toBe('const URL = "http://from messages"')
  })

  it.each([
    'SELECT id FROM sessions FOR UPDATE',
    `SELECT id FROM sessions FOR NO KEY UPDATE OF ${NAME}`,
    `INSERT INTO unknown (id) VALUES ($1) ON CONFLICT DO UPDATE SET ${NAME} = 1`,
    `COPY (SELECT id FROM sessions) TO STDOUT`,
    `COPY ${NAME} TO STDOUT`,
    'UPDATE sessions_of_old SET id = $1',
    'prisma.session.findMany({ where, include: { user: true } })',
    "prisma['session'].count()",
    'const { session } = request',
    'visits.delete(session)',
  ])('finds nothing that is written by %j', (snippet) => {
    expect(writesIn(snippet, MODELS)).toEqual({ tables: [], computed: [] })
  })

  it.each([
    'select * from messages',
    'SELECT * FROM tenant_settings s, messages m',
    'SELECT * FROM /* all */ messages',
    'SELECT * FROM ${schema}.messages',
    'COPY messages TO STDOUT',
    'LOCK TABLE messages',
  ])('finds that messages are named by %j', (snippet) => {
    expect(namesTable(snippet, 'messages')).toBe(true)
    expect(namesTable(snippet, 'message')).toBe(false)
  })

  it.each(['prisma.message.findMany()', "tx['message']", 'const { message } = transaction', 'client\n  ?.message'])(
    'finds that messages are reached by %j',
    (snippet) => {
      expect(MODELS.filter((model) => reachesModel(snippet, model)).map(({ table }) => table)).toEqual(['messages'])
    },
  )
})
