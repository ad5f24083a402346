import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import {
  ADA,
  createQueueGround,
  FAILED,
  IN_DOUBT,
  SENT,
  VERSION,
  type QueueGround,
} from '../test-support/queue-ground.ts'
import { HOURS, MINUTES } from '../test-support/test-clock.ts'
import { createTestPool } from '../test-support/test-database.ts'
import { writeChunk } from './chunks.ts'
import { LEASE_MS } from './claim.ts'
import { createRetention } from './expire.ts'
import { createSettling } from './settle.ts'

// What a statement does that has waited for another one: what it read before is out of date by then.

const DAYS = 24 * HOURS

let ground: QueueGround
let pool: pg.Pool

beforeAll(async () => {
  ground = await createQueueGround()
  pool = createTestPool(ground.database.url, 2)
})
afterAll(async () => {
  await pool.end()
  await ground.close()
})
beforeEach(async () => {
  await ground.clock.advance(1 * MINUTES)
  await ground.addDataKey('dky_1')
})
afterEach(() => ground.database.empty('messages', 'mailbox_cleanups', 'mailbox_usage', 'data_keys'))

/** Does `first` and commits it only once `second` waits for it; answers with what `second` comes to. */
async function inBetween<Result>(
  first: (transaction: pg.Pool) => Promise<unknown>,
  second: () => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect()
  let committed = false
  try {
    await client.query('BEGIN')
    await first(client as unknown as pg.Pool)
    const result = second()
    await expect.poll(() => waiting(), { interval: 10 }).not.toEqual([])
    await client.query('COMMIT')
    committed = true
    return await result
  } finally {
    client.release(!committed)
  }
}

const waiting = () =>
  ground.database.query(
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'`,
  )

const all = (table: string) => ground.database.query(`SELECT * FROM ${table}`)

/** In doubt, and in no worker's hands; the outcome of its attempt may still come. */
async function abandoned() {
  await ground.submit()
  const message = await ground.claimOne('stood still')
  await ground.queue.deliveries.clear(message, VERSION, true)
  await ground.clock.advance(LEASE_MS + 1)
  await ground.queue.deliveries.recover()
  return message
}

it.each(['discarded', 'swept'])('leaves no chunk of what is %s while one is being stored', async (what) => {
  const place = { tenantId: ADA, messageId: 'msg_arriving', part: 0, chunk: 0 }
  await ground.queue.receiving.begin({ id: place.messageId, tenantId: ADA, dataKey: 'dky_1' })
  const remove = {
    discarded: () => ground.queue.receiving.discard(place.messageId),
    swept: () => ground.database.query('DELETE FROM message_contents'),
  }[what]

  await inBetween((transaction) => writeChunk(transaction, place, randomBytes(10)), remove ?? (async () => {}))

  expect(await all('message_contents')).toEqual([])
  expect(await all('message_chunks')).toEqual([])
})

it('does not retry a message whose content goes in the same moment', async () => {
  const id = await ground.submit()
  await ground.settle(await ground.claimOne(), FAILED)
  const later = new Date(ground.clock.now().getTime() + 8 * DAYS)
  const forgetContent = (transaction: pg.Pool) =>
    createRetention(transaction, { contentRetentionDays: 7, logRetentionDays: 30 })(later)
  const actor = { tenantId: ADA, service: null, userId: null }

  const retried = await inBetween(forgetContent, () => ground.queue.messages.retry(actor, id, later))

  expect(retried).toBe(false)
  expect(await all('message_queue')).toEqual([])
})

it('takes the late outcome of a message that is given up in the same moment', async () => {
  const late = await abandoned()
  const looking = await ground.claimOne('looking')
  const givenUp = { message: looking, settlement: FAILED, fromEmail: 'ada@contoso.com', ageMs: () => 0 }

  const written = await inBetween(
    (transaction) => createSettling(transaction)(givenUp),
    () => ground.settle(late, SENT),
  )

  expect(written).toBe(true)
  expect(await all('messages')).toMatchObject([{ outcome: 'sent' }])
  expect(await all('unsent_messages')).toEqual([])
  expect(await all('message_contents')).toEqual([])
})

it('does not lease what a late outcome puts off in the same moment', async () => {
  const late = await abandoned()
  const putOff = { ...IN_DOUBT, waitMs: 5 * MINUTES, charged: false }
  const settled = { message: late, settlement: putOff, fromEmail: 'ada@contoso.com', ageMs: () => 0 }

  const claimed = await inBetween(
    (transaction) => createSettling(transaction)(settled),
    () => ground.queue.deliveries.claim('worker', 10),
  )

  expect(claimed).toEqual([])
})
