import type pg from 'pg'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { ADA, BEN, createQueueGround, QUEUED, type QueueGround } from '../test-support/queue-ground.ts'
import { MINUTES } from '../test-support/test-clock.ts'
import { createTestPool } from '../test-support/test-database.ts'
import { createTestQueue } from '../test-support/test-queue.ts'

let ground: QueueGround
let pool: pg.Pool

beforeAll(async () => {
  ground = await createQueueGround()
  pool = createTestPool(ground.database.url)
})
afterAll(async () => {
  await pool.end()
  await ground.close()
})
afterEach(() => ground.database.empty('messages', 'mailbox_cleanups'))

/** Runs `work` once, before the first statement that contains a text. */
function interrupt(text: string, work: () => Promise<unknown>): void {
  const connect = pool.connect.bind(pool) as () => Promise<pg.PoolClient>
  let interrupted = false
  pool.connect = (async () => {
    const client = await connect()
    const query = client.query.bind(client) as (
      statement: string | pg.QueryConfig,
      values?: unknown[],
    ) => Promise<unknown>
    client.query = (async (statement: string | pg.QueryConfig, values?: unknown[]) => {
      if (!interrupted && (typeof statement === 'string' ? statement : statement.text).includes(text)) {
        interrupted = true
        await work()
      }
      return query(statement, values)
    }) as typeof client.query
    return client
  }) as typeof pool.connect
}

it.each([
  { reason: 'because Microsoft asked for it', pause: { pauseMailboxMs: 1 * MINUTES } },
  { reason: 'for want of access', pause: { noAccessMs: 1 * MINUTES } },
])('leases nothing of a mailbox that is paused $reason between its lock and the lease', async ({ pause }) => {
  await ground.submit()
  const other = await ground.submit({ tenantId: BEN })
  const messages = await ground.claim(2)
  for (const message of messages) if (message.tenantId === BEN) await ground.settle(message, QUEUED)
  const paused = messages.find(({ tenantId }) => tenantId === ADA)
  interrupt('leased AS', async () => {
    if (paused) await ground.settle(paused, { ...QUEUED, ...pause })
  })

  const leased = await createTestQueue(pool).deliveries.claim('next', 10)

  expect(leased.map(({ id }) => id)).toEqual([other])
  await ground.clock.advance(1 * MINUTES)
  expect((await ground.claim(10)).map(({ id }) => id)).toEqual([paused?.id])
})

it('leases nothing where nothing is asked for, whatever is paused', async () => {
  await ground.submit()
  await ground.settle(await ground.claimOne(), { ...QUEUED, pauseMailboxMs: 1 * MINUTES })

  expect(await ground.queue.deliveries.claim('worker', 0)).toEqual([])
})

it('leases nothing at all if the only mailbox with something due is paused meanwhile', async () => {
  await ground.submit()
  const message = await ground.claimOne()
  interrupt('leased AS', () => ground.settle(message, { ...QUEUED, pauseMailboxMs: 1 * MINUTES }))

  expect(await createTestQueue(pool).deliveries.claim('next', 10)).toEqual([])
})

it('deletes nothing in a mailbox that is paused meanwhile', async () => {
  await ground.submit()
  const message = await ground.claimOne()
  await ground.queue.mailboxes.expectStray(ADA, message.id)
  await ground.clock.advance(10 * MINUTES)
  const { mailboxes } = createTestQueue(pool)
  interrupt('UPDATE mailbox_cleanups', () => ground.settle(message, { ...QUEUED, pauseMailboxMs: 1 * MINUTES }))

  expect(await mailboxes.claimCleanups()).toEqual([])
  await ground.clock.advance(1 * MINUTES)
  expect(await mailboxes.claimCleanups()).toMatchObject([{ itemId: message.id }])
})
