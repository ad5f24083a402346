import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const SOURCE = fileURLToPath(new URL('..', import.meta.url))

/** The tables of the queue. No other folder names them, not even to read them. */
const QUEUE_TABLES = [
  'bulk_change_messages',
  'bulk_changes',
  'data_keys',
  'external_recipients',
  'failure_counts',
  'idempotency_records',
  'mail_states',
  'mailbox_cleanups',
  'mailbox_totals',
  'mailbox_turns',
  'mailbox_usage',
  'mailboxes',
  'message_attempts',
  'message_chunks',
  'message_contents',
  'message_drafts',
  'message_events',
  'message_queue',
  'message_states',
  'messages',
  'outcome_counts',
  'outcome_progress',
  'recipient_outcomes',
  'report_inboxes',
  'search_blocks',
  'search_grams',
  'search_late',
  'search_progress',
  'seen_reports',
  'sending_limits',
  'unsent_messages',
]
const QUEUE_MODELS = [
  'bulkChange',
  'bulkChangeMessage',
  'dataKey',
  'externalRecipients',
  'failureCount',
  'idempotencyRecord',
  'mailState',
  'mailbox',
  'mailboxCleanup',
  'mailboxTotals',
  'mailboxTurns',
  'mailboxUsage',
  'message',
  'messageAttempt',
  'messageChunk',
  'messageContent',
  'messageDraft',
  'messageEvent',
  'outcomeCounts',
  'outcomeProgress',
  'queuedMessage',
  'recipientOutcome',
  'reportInbox',
  'searchBlock',
  'searchGram',
  'searchLate',
  'searchProgress',
  'seenReport',
  'sendingLimits',
  'unsentMessage',
]

const files = globSync('**/*.ts', {
  cwd: SOURCE,
  exclude: ['**/*.test.ts', 'test-support/**', 'database/generated/**'],
}).map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(`${SOURCE}/${path}`, 'utf8') }))

function foldersWith(pattern: RegExp): string[] {
  const found = files.filter(({ text }) => pattern.test(text)).map(({ path }) => path.split('/')[0] ?? '')
  return [...new Set(found)].toSorted()
}

it.each(QUEUE_TABLES)('names the table %s in the queue only', (table) => {
  // Also as a later one of a list, such as FROM tenant_settings s, messages m.
  const named = `\\b(FROM|JOIN|USING|UPDATE|INTO|TABLE|TRUNCATE|ONLY)\\s+(\\w+(\\s+\\w+){0,2}\\s*,\\s*)*"?${table}\\b`
  expect(foldersWith(new RegExp(`${named}|table: '${table}'`))).toEqual(['queue'])
})

it.each(QUEUE_MODELS)('reaches %s through no generated client', (model) => {
  expect(foldersWith(new RegExp(`\\b(prisma|transaction)\\s*\\.${model}\\b`))).toEqual([])
})

/**
 * The folder that writes each table. Functions of `database/` that take a transaction append to two tables, and the queue
 * appends to `alert_events` with SQL that alerts export. Vault rotation replaces sealed values in the columns that their
 * owners list.
 */
const WRITERS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(QUEUE_TABLES.filter((table) => table !== 'message_states').map((table) => [table, ['queue']])),
  alert_events: ['alerts', 'database'],
  audit_events: ['database'],
  failure_counts: [], // triggers write it
  consents: ['settings'],
  message_traces: ['delivery-reports'],
  credential_warnings: ['settings'],
  installation: ['database'],
  pending_sign_ins: ['sign-in'],
  service_keys: ['service-keys'],
  sessions: ['sign-in'],
  tenant_settings: ['settings'],
  tenants: ['database'],
  users: ['sign-in'],
  webhook_deliveries: ['alerts'],
  webhook_retries: ['alerts'],
  webhook_streams: ['alerts'],
  webhooks: ['alerts'],
}

const SCHEMA = readFileSync(fileURLToPath(new URL('../../../../prisma/schema.prisma', import.meta.url)), 'utf8')

it('knows which folder writes each table', () => {
  const models = [...SCHEMA.matchAll(/^model (\w+) \{([\s\S]*?)^\}/gm)].map(([, model = '', body = '']) => ({
    delegate: model.charAt(0).toLowerCase() + model.slice(1),
    table: /@@map\("(\w+)"\)/.exec(body)?.[1] ?? '',
  }))
  const writers = models.map(({ delegate, table }) => {
    const statement = `\\b(INSERT INTO|UPDATE|DELETE FROM|MERGE INTO|TRUNCATE)\\s+(ONLY\\s+)?"?${table}\\b`
    const call = `\\b(prisma|transaction)\\s*\\.${delegate}\\s*\\.(create|update|upsert|delete)`
    return [table, foldersWith(new RegExp(`${statement}|${call}`))]
  })
  expect(Object.fromEntries(writers)).toEqual(WRITERS)
})
