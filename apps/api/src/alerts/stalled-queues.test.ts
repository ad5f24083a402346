import { beforeAll, beforeEach, expect, it } from 'vitest'
import { newId } from '../test-support/new-id.ts'
import { createTestClock, HOURS, MINUTES } from '../test-support/test-clock.ts'
import { setMailbox } from '../test-support/mailbox-state.ts'
import { useOpenDatabase } from '../test-support/test-database.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { createAlertStore, type AlertStore } from './alert-store.ts'
import { createQueueWatch, watchQueues } from './watches.ts'

const TENANT = 'ten_a'
const clock = createTestClock()

const { test, database } = useOpenDatabase()
let store: AlertStore

beforeAll(() => {
  store = createAlertStore(database.prisma, newId)
})
/** Connects a mailbox from which something left 20 minutes ago. */
beforeEach(async () => {
  await test.empty('alert_events', 'messages', 'mailbox_usage', 'mailboxes', 'tenant_settings', 'tenants')
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

it('raises another when the queue stands still again', async () => {
  await addDue('msg_1', 16 * MINUTES)
  await raised()
  await clock.advance(1 * HOURS)
  await leave(16 * MINUTES)

  expect(await raised()).toHaveLength(2)
})

it('dismisses the alert once mail leaves a mailbox in which every attempt had failed, and raises another for its next trouble', async () => {
  const dismissed = async () => {
    await raised()
    return test.query('SELECT dismissed_at IS NOT NULL AS dismissed FROM alert_events ORDER BY at')
  }
  await addDue('msg_1', 20 * MINUTES)
  await setMailbox(test, { troubled_since: ago(16 * MINUTES) })
  expect(await dismissed()).toEqual([{ dismissed: false }])

  await clock.advance(1 * HOURS)
  await setMailbox(test, { troubled_since: null })
  await leave(0)
  expect(await dismissed()).toEqual([{ dismissed: true }])

  await clock.advance(1 * HOURS)
  await setMailbox(test, { troubled_since: ago(16 * MINUTES) })
  expect(await dismissed()).toEqual([{ dismissed: true }, { dismissed: false }])
})

it('gives a queue 15 minutes to move after the start of a process', async () => {
  await addDue('msg_1', 6 * HOURS)
  const watch = createQueueWatch({
    queue: createTestQueue(database.pool).upkeep,
    store,
    recipientsPerDay: 0,
    databaseNow: async () => clock.now(),
    elapsedMs: () => clock.now().getTime(),
  })
  const raisedLater = async (ms: number) => {
    await clock.advance(ms)
    await watch()
    return test.query('SELECT type FROM alert_events')
  }

  expect(await raisedLater(15 * MINUTES - 1)).toEqual([])
  expect(await raisedLater(1)).toEqual([{ type: 'queue.stalled' }])
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

it.each<[what: string, alerts: number, make: () => Promise<unknown>, recipientsPerDay?: number]>([
  ['from which nothing has ever left', 1, () => test.empty('mailbox_usage')],
  ['whose messages are due for less than 15 minutes', 0, () => due(14 * MINUTES)],
  ['which others leave', 0, () => leave(1 * MINUTES)],
  [
    'from which a worker is sending',
    0,
    async () => {
      await addDue('msg_2', 16 * MINUTES)
      const mark = `UPDATE message_queue SET mark_id = 'mark', marked_by = 'worker', marked_at = $1 WHERE message_id = 'msg_2'`
      await test.query(mark, [ago(1 * MINUTES)])
    },
  ],
  [
    'whose next message exceeds the daily limit by itself',
    1,
    async () => {
      await test.empty('mailbox_usage')
      await test.query('UPDATE message_queue SET recipients = 3')
    },
    2,
  ],
  ['that has to be reconnected', 0, () => set(`status = 'reconnect-required', problem = '{}'`)],
  ['that waits for its app registration to be fixed', 0, () => set(`problem = '{}'`)],
  ['that is not configured', 0, () => set(`status = 'not-configured'`)],
])('of a mailbox %s raises %i', async (_what, alerts, make, recipientsPerDay = 0) => {
  await addDue('msg_1', 16 * MINUTES)
  await make()

  expect(await raised({ recipientsPerDay })).toHaveLength(alerts)
})

const due = (sinceMs: number) => test.query('UPDATE message_queue SET due_at = $1, waits_since = $1', [ago(sinceMs)])
const set = (change: string) => test.query(`UPDATE tenant_settings SET ${change}`)
