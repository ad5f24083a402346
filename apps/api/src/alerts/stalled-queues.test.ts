import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { openDatabase, type Database } from '../database/database.ts'
import { createTestClock, HOURS, MINUTES } from '../test-support/test-clock.ts'
import { createTestDatabase, type TestDatabase } from '../test-support/test-database.ts'
import { createAlertStore, type AlertStore } from './alert-store.ts'

const TENANT = 'ten_a'
const clock = createTestClock()

let test: TestDatabase
let database: Database
let store: AlertStore

beforeAll(async () => {
  test = await createTestDatabase()
  database = await openDatabase(test.url, () => {})
  store = createAlertStore(database.prisma, database.pool)
})
afterAll(async () => {
  await database.close()
  await test.drop()
})
/** A connected mailbox from which something left 20 minutes ago. */
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
    `INSERT INTO messages (id, tenant_id, service, status, "to", subject, created_at, next_attempt_at)
     VALUES ($1, $2, 'reports', 'queued', '[]', 'Due', $3, $3)`,
    [id, TENANT, ago(sinceMs)],
  )
}

async function raised({ recipientsPerDay = 0 } = {}) {
  await store.raiseStalledQueues(clock.now(), { recipientsPerDay })
  return test.query('SELECT tenant_id, type, facts, count FROM alert_events')
}

it('tells once that messages are due for 15 minutes and nothing leaves', async () => {
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

it('tells it of a mailbox that nothing has ever left', async () => {
  await test.empty('mailbox_usage')
  await addDue('msg_1', 16 * MINUTES)

  expect(await raised()).toHaveLength(1)
})

it('tells it again when the queue stands still again', async () => {
  await addDue('msg_1', 16 * MINUTES)
  await raised()
  await clock.advance(1 * HOURS)
  await leave(16 * MINUTES)

  expect(await raised()).toHaveLength(2)
})

it('tells nothing of messages that are due for less than 15 minutes', async () => {
  await addDue('msg_1', 14 * MINUTES)

  expect(await raised()).toEqual([])
})

it('tells nothing of messages that wait for their turn while others leave', async () => {
  await addDue('msg_1', 2 * HOURS)
  await leave(1 * MINUTES)

  expect(await raised()).toEqual([])
})

it('tells nothing while a worker is sending', async () => {
  await addDue('msg_1', 16 * MINUTES)
  await addDue('msg_2', 16 * MINUTES)
  await test.query(`UPDATE messages SET status = 'sending', lease_until = $1 WHERE id = 'msg_2'`, [ago(-1 * MINUTES)])

  expect(await raised()).toEqual([])
})

it('tells nothing of a mailbox that Microsoft asked to pause, until 15 minutes after', async () => {
  await addDue('msg_1', 2 * HOURS)
  await test.query('UPDATE tenants SET mailbox_paused_until = $1', [ago(14 * MINUTES)])

  expect(await raised()).toEqual([])
  await clock.advance(1 * MINUTES)
  expect(await raised()).toHaveLength(1)
})

it('tells nothing of a mailbox whose recipients of the day are used up, until 15 minutes after', async () => {
  await leave(23 * HOURS)
  await addDue('msg_1', 2 * HOURS)

  expect(await raised({ recipientsPerDay: 2 })).toEqual([])
  await clock.advance(1 * HOURS + 14 * MINUTES)
  expect(await raised({ recipientsPerDay: 2 })).toEqual([])
  await clock.advance(1 * MINUTES)
  expect(await raised({ recipientsPerDay: 2 })).toHaveLength(1)
})

it('tells of a message that needs a day of its own, and does not leave on it', async () => {
  await test.empty('mailbox_usage')
  await addDue('msg_1', 16 * MINUTES)
  await test.query('UPDATE messages SET recipients = 3')

  expect(await raised({ recipientsPerDay: 2 })).toHaveLength(1)
})

it.each([
  ['has to be reconnected', `status = 'reconnect-required', problem = '{}'`],
  ['waits for its app registration to be mended', `problem = '{}'`],
  ['is not configured', `status = 'not-configured'`],
])('tells nothing of a mailbox that %s', async (_what, change) => {
  await addDue('msg_1', 16 * MINUTES)
  await test.query(`UPDATE tenant_settings SET ${change}`)

  expect(await raised()).toEqual([])
})
