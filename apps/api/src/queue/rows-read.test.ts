import type pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ADA, createQueueGround, QUEUED, type QueueGround } from '../test-support/queue-ground.ts'
import { createTestPool } from '../test-support/test-database.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import type { LeasedMessage } from './leased-message.ts'
import type { Queue } from './queue.ts'

/** The size of a history and of a backlog. Beside them, a statement reads hardly more rows than without them. */
const VERY_MANY = 20_000
const FEW = 1_000

let ground: QueueGround
let pool: pg.Pool
let queue: Queue
let leased: LeasedMessage[]

beforeAll(async () => {
  ground = await createQueueGround()
  pool = createTestPool(ground.database.url, 1)
  queue = createTestQueue(pool, { limits: { concurrency: 0 } })
  // Statistics of an empty queue are the worst that the planner can have.
  await ground.database.query('ANALYZE')
  await ground.database.query(
    `INSERT INTO messages (id, tenant_id, service, outcome, "to", subject, created_at, sent_at, ended_at)
     SELECT 'msg_ended_' || n, $1, 'reports', 'sent', '[]', '', mail_now() - n * interval '1 second', mail_now(), mail_now()
       FROM generate_series(1, $2::int) AS n`,
    [ADA, VERY_MANY],
  )
  await ground.database.query(
    `INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome, save_to_sent_items)
     SELECT 'msg_waiting_' || n, 'ten_' || n % 100, 'queued', mail_now() + interval '1 hour', mail_now(), 1, 'small', 0, 'retry', true
       FROM generate_series(1, $1::int) AS n`,
    [VERY_MANY],
  )
  for (let each = 0; each < 20; each++) await ground.submit()
})
afterAll(async () => {
  await pool.end()
  await ground.close()
})

/** Counts the rows that `work` reads from all tables, on the only connection of the pool. */
async function rowsRead(work: () => Promise<unknown>): Promise<number> {
  await pool.query('SELECT pg_stat_force_next_flush()')
  const before = await count()
  await work()
  await pool.query('SELECT pg_stat_force_next_flush()')
  return (await count()) - before
}

async function count(): Promise<number> {
  const { rows } = await pool.query<{ rows: number }>(
    `SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int AS rows FROM pg_stat_user_tables`,
  )
  return rows[0]?.rows ?? 0
}

const sent = (message: LeasedMessage) => ({
  message,
  settlement: {
    ...QUEUED,
    status: 'sent' as const,
    waitMs: null,
  },
  fromEmail: 'ada@contoso.com',
  ageMs: () => 0,
})

it('reads few rows for a claim', async () => {
  expect(await rowsRead(async () => (leased = await queue.deliveries.claim('worker', 10)))).toBeLessThan(FEW)
  expect(leased).toHaveLength(10)
})

it('reads few rows for the outcomes of a batch', async () => {
  const settle = () => Promise.all(leased.slice(0, 5).map((message) => queue.deliveries.settle(sent(message))))
  expect(await rowsRead(settle)).toBeLessThan(FEW)
})

it.each<[string, (queue: Queue) => Promise<unknown>]>([
  ['renewing leases', ({ deliveries }) => deliveries.renew(leased)],
  ['looking for abandoned messages', ({ deliveries }) => deliveries.recover()],
  ['the depth of the queue', ({ upkeep }) => upkeep.readDepth()],
  ['the state of a mailbox', ({ messages }) => messages.readMailbox(ADA)],
  ['the newest messages', ({ messages }) => messages.list({ tenantId: ADA, service: null }, { limit: 20 }, null)],
  ...(['failed', 'cancelled', 'queued', 'sending', 'held', 'scheduled'] as const).map(
    (status): [string, (queue: Queue) => Promise<unknown>] => [
      `the newest that are ${status}`,
      ({ messages }) => messages.list({ tenantId: ADA, service: null }, { status, limit: 20 }, null),
    ],
  ),
])('reads few rows for %s', async (_what, work) => {
  expect(await rowsRead(() => work(queue))).toBeLessThan(FEW)
})
