import { beforeAll, beforeEach, expect, it } from 'vitest'
import { newId } from '../test-support/new-id.ts'
import { createTestClock, HOURS, MINUTES } from '../test-support/test-clock.ts'
import { useOpenDatabase } from '../test-support/test-database.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { createAlertStore, type AlertStore } from './alert-store.ts'
import { watchQueues } from './queue-watch.ts'

const TENANT = 'ten_a'
const clock = createTestClock()

const { test, database } = useOpenDatabase()
let store: AlertStore

beforeAll(() => {
  store = createAlertStore(database.prisma, newId)
})
/** Connects a mailbox from which something left 20 minutes ago. */
beforeEach(async () => {
  await test.empty('alert_events', 'messages', 'mailbox_usage', 'tenant_settings', 'tenants')
  await test.query('INSERT INTO tenants (id, created_at) VALUES ($1, $2)', [TENANT, clock.now()])
  await test.query(`INSERT INTO tenant_settings (tenant_id, status) VALUES ($1, 'connected')`, [TENANT])
  await leave(20 * MINUTES)
})

function ago(ms: number): Date {
  return new Date(clock.now().getTime() - ms)
}

async function leave(beforeMs: number): Promise<void> {
  await test.query('INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients) VALUES ($1, $2, 1, 1)', [
    TENANT,
    ago(beforeMs),
  ])
}

async function addDue(id: string, sinceMs: number): Promise<void> {
  await test.query(
    `INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome,
                                save_to_sent_items)
     VALUES ($1, $2, 'queued', $3, $3, 1, 'small', 0, 'retry', true)`,
    [id, TENANT, ago(sinceMs)],
  )
}

async function raised({ recipientsPerDay = 0 } = {}) {
  await watchQueues({
    queue: createTestQueue(database.pool).upkeep,
    store,
    recipientsPerDay,
    now: clock.now(),
  })
  return test.query('SELECT tenant_id, type, facts, count FROM alert_events')
}

it('raises one alert when messages are due for 15 minutes and nothing leaves', async () => {
  await addDue('msg_1', 16 * MINUTES)
  await addDue('msg_2', 5 * MINUTES)
  const stalled = {
    tenant_id: TENANT,
    type: 'queue.stalled',
    facts: { oldestDueAt: ago(16 * MINUTES).toISOString() },
    count: 2,
  }

  expect(await raised()).toEqual([stalled])
  await clock.advance(1 * HOURS)
  expect(await raised()).toEqual([stalled])
})

it('raises it for a mailbox that nothing has ever left', async () => {
  await test.empty('mailbox_usage')
  await addDue('msg_1', 16 * MINUTES)

  expect(await raised()).toHaveLength(1)
})

it('raises another when the queue stands still again', async () => {
  await addDue('msg_1', 16 * MINUTES)
  await raised()
  await clock.advance(1 * HOURS)
  await leave(16 * MINUTES)

  expect(await raised()).toHaveLength(2)
})

it('raises none for messages that are due for less than 15 minutes', async () => {
  await addDue('msg_1', 14 * MINUTES)

  expect(await raised()).toEqual([])
})

it('raises none for messages that wait while others leave', async () => {
  await addDue('msg_1', 2 * HOURS)
  await leave(1 * MINUTES)

  expect(await raised()).toEqual([])
})

it('raises none while a worker is sending', async () => {
  await addDue('msg_1', 16 * MINUTES)
  await addDue('msg_2', 16 * MINUTES)
  await test.query(
    `UPDATE message_queue SET mark_id = 'mark', marked_by = 'worker', marked_at = $1 WHERE message_id = 'msg_2'`,
    [ago(1 * MINUTES)],
  )

  expect(await raised()).toEqual([])
})

it('raises none for a mailbox that Microsoft asked to pause, until 15 minutes after', async () => {
  await addDue('msg_1', 2 * HOURS)
  await test.query('INSERT INTO mailboxes (tenant_id, paused_until) VALUES ($1, $2)', [TENANT, ago(14 * MINUTES)])

  expect(await raised()).toEqual([])
  await clock.advance(1 * MINUTES)
  expect(await raised()).toHaveLength(1)
})

it('raises none for a mailbox at its daily limit of recipients, until 15 minutes after', async () => {
  await leave(23 * HOURS)
  await addDue('msg_1', 2 * HOURS)

  expect(await raised({ recipientsPerDay: 2 })).toEqual([])
  await clock.advance(1 * HOURS + 14 * MINUTES)
  expect(await raised({ recipientsPerDay: 2 })).toEqual([])
  await clock.advance(1 * MINUTES)
  expect(await raised({ recipientsPerDay: 2 })).toHaveLength(1)
})

it('raises none while what leaves next has more recipients than are left of the day', async () => {
  await addDue('msg_1', 2 * HOURS)
  await addDue('msg_high', 16 * MINUTES)
  await test.query(`UPDATE message_queue SET priority = 0, recipients = 5 WHERE message_id = 'msg_high'`)

  expect(await raised({ recipientsPerDay: 5 })).toEqual([])
  expect(await raised({ recipientsPerDay: 6 })).toHaveLength(1)
})

it('raises it for a message that exceeds the daily limit by itself', async () => {
  await test.empty('mailbox_usage')
  await addDue('msg_1', 16 * MINUTES)
  await test.query('UPDATE message_queue SET recipients = 3')

  expect(await raised({ recipientsPerDay: 2 })).toHaveLength(1)
})

it.each([
  ['has to be reconnected', `status = 'reconnect-required', problem = '{}'`],
  ['waits for its app registration to be fixed', `problem = '{}'`],
  ['is not configured', `status = 'not-configured'`],
])('raises none for a mailbox that %s', async (_what, change) => {
  await addDue('msg_1', 16 * MINUTES)
  await test.query(`UPDATE tenant_settings SET ${change}`)

  expect(await raised()).toEqual([])
})
