import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
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
