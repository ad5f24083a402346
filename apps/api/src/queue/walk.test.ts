import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createQueueGround, type QueueGround } from '../test-support/queue-ground.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { MAX_KNOWN } from './known-tenants.ts'

// A claim visits mailbox after mailbox.

let ground: QueueGround

beforeAll(async () => {
  ground = await createQueueGround()
})
afterAll(() => ground.close())
beforeEach(() => ground.database.empty('messages', 'mailbox_usage', 'mailboxes'))

/** Adds mailboxes with messages. The first `atLimit` of them have sent what they may in a minute. */
async function addMailboxes(count: number, { messages = 1, atLimit = count - 1 } = {}): Promise<void> {
  await ground.database.query(
    `INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome, save_to_sent_items)
     SELECT 'msg_' || n || '_' || m, 'ten_' || lpad(n::text, 5, '0'), 'queued', mail_now(), mail_now(), 1, 'small', 0, 'retry', true
       FROM generate_series(1, $1::int) n, generate_series(1, $2::int) m`,
    [count, messages],
  )
  await ground.database.query(
    `INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients)
     SELECT 'ten_' || lpad(n::text, 5, '0'), date_bin('10 seconds', mail_now(), 'epoch'), 30, 30 FROM generate_series(1, $1::int) n`,
    [atLimit],
  )
}

const newWorker = () => createTestQueue(ground.opened.pool, { limits: { messagesPerMinute: 30 } }).deliveries

it.each([1, 64])('finds the mailbox that may send behind many at their limits, for %s messages', async (limit) => {
  await addMailboxes(500)

  expect(await newWorker().claim('worker', limit)).toMatchObject([{ tenantId: 'ten_00500' }])
})

it('takes every mailbox in turn when it claims one message at a time', async () => {
  await addMailboxes(100, { messages: 2, atLimit: 0 })
  const worker = newWorker()
  const visited: string[] = []
  for (let claims = 0; claims < 100; claims++)
    visited.push(...(await worker.claim('worker', 1)).map(({ tenantId }) => tenantId))

  expect(new Set(visited).size).toBe(100)
})

it('finds the mailbox that may send behind more at their limits than are remembered', async () => {
  await addMailboxes(MAX_KNOWN + 100)
  const worker = newWorker()
  await worker.claim('worker', 64)

  expect(await worker.claim('worker', 64)).toMatchObject([{ tenantId: 'ten_01100' }])
})

it('finds the mailbox that may send behind thousands that pause', async () => {
  await addMailboxes(5_000, { atLimit: 0 })
  await ground.database.query(
    `INSERT INTO mailboxes (tenant_id, paused_until) SELECT 'ten_' || lpad(n::text, 5, '0'), mail_now() + interval '1 hour' FROM generate_series(1, 4999) n`,
  )

  expect(await newWorker().claim('worker', 64)).toMatchObject([{ tenantId: 'ten_05000' }])
})

it('ends when all mailboxes are at their limits', async () => {
  await addMailboxes(200, { atLimit: 200 })

  expect(await newWorker().claim('worker', 1)).toEqual([])
})
