import { randomBytes } from 'node:crypto'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import type pg from 'pg'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemTimers } from '../runtime/clock.ts'
import { ADA, useQueueFixture, FAILED, IN_DOUBT, SENT, VERSION } from '../test-support/queue-fixture.ts'
import { SEALED_COLUMNS } from '../sealed-columns.ts'
import { HOURS, MINUTES } from '../test-support/test-clock.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { createForgetStore } from '../vault/forget-store.ts'
import { writeChunk } from './intake/chunks.ts'
import { createRetention } from './changes/retention.ts'
import { beginReceiving } from './intake/receive.ts'
import { RETRY } from './changes/retry.ts'
import { createSettling } from './owner/settle.ts'

// A statement that waited for a concurrent one must not act on what it read before.

const DAYS = 24 * HOURS

const fixture = useQueueFixture()

beforeEach(async () => {
  await fixture.clock.advance(1 * MINUTES)
  await fixture.addDataKey('dky_1')
})
afterEach(() => fixture.database.empty('messages', 'mailbox_cleanups', 'mailbox_usage', 'data_keys'))

/** Runs `first`, and commits it once `second` waits for it. Returns the result of `second`. */
async function inBetween<Result>(
  first: (transaction: pg.Pool) => Promise<unknown>,
  second: () => Promise<Result>,
): Promise<Result> {
  const client = await fixture.database.pool.connect()
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
  fixture.database.query(
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'`,
  )

const all = (table: string) => fixture.database.query(`SELECT * FROM ${table}`)

/** A message in doubt without a mark. The outcome of its attempt may still come. */
async function abandoned() {
  await fixture.submit()
  const message = await fixture.claimOne('hung')
  await fixture.queue.deliveries.clear(message, VERSION, true)
  await fixture.judgeAbandoned()
  return message
}

/** Forgets the data key of all messages, at a time that may be that of another clock. */
function forget(now = fixture.clock.now()): Promise<number> {
  const lost = [{ key: 'dky_1', value: 'sealed dky_1' as Sealed, owner: { tenant: ADA, record: '', purpose: '' } }]
  return createForgetStore(fixture.opened).forget(SEALED_COLUMNS.dataKey, lost, now)
}

it('stores no chunk of a message that never began to arrive', async () => {
  const chunk = { tenantId: ADA, messageId: 'msg_never_begun', part: 0, chunk: 0 }
  expect(await fixture.queue.receiving.writeChunk(chunk, Buffer.alloc(1))).toBe(false)
})

it.each([
  ['discarded', () => fixture.queue.receiving.discard('msg_arriving')],
  ['swept', () => fixture.database.query('DELETE FROM message_contents')],
])('leaves no chunk of content that is %s while a chunk is stored', async (_what, remove) => {
  await fixture.queue.receiving.begin({ id: 'msg_arriving', tenantId: ADA, service: 'reports', dataKey: 'dky_1' })
  const place = { tenantId: ADA, messageId: 'msg_arriving', part: 0, chunk: 0 }

  await inBetween<unknown>((transaction) => writeChunk(transaction, place, randomBytes(10)), remove)

  expect(await all('message_contents')).toEqual([])
  expect(await all('message_chunks')).toEqual([])
})

it('notes both messages of an alert that are retried at the same moment', async () => {
  const ids: string[] = []
  for (let messages = 0; messages < 2; messages++) {
    ids.push(await fixture.submit())
    await fixture.settle(await fixture.claimOne(), FAILED)
  }
  const [one = '', other = ''] = ids
  const actor = { tenantId: ADA, service: null, userId: null }
  const retryOne = (transaction: pg.Pool) => transaction.query(RETRY, [[one], ADA, null])

  const retried = await inBetween(retryOne, () => fixture.queue.messages.retry(actor, other, fixture.clock.now()))

  expect(retried).toBe(true)
  const noted = `SELECT count, facts ->> 'retried' AS retried FROM alert_events WHERE facts ? 'retried'`
  expect(await fixture.database.query(noted)).toEqual([{ count: 2, retried: '2' }])
})

/** Whoever locks the row that `work` waits for counts afterwards: `work` may not have locked the counters before. */
async function countBeside(locking: string, work: () => Promise<unknown>): Promise<void> {
  const client = await fixture.database.pool.connect()
  await client.query('BEGIN')
  await client.query(locking)
  const done = work()
  await expect.poll(() => waiting(), { interval: 10 }).not.toEqual([])
  try {
    await client.query('SELECT FROM counters FOR UPDATE NOWAIT')
  } finally {
    await client.query('ROLLBACK')
    client.release()
  }
  await done
}

it('counts a retried message after its alert, as an outcome does', async () => {
  const id = await fixture.submit()
  await fixture.settle(await fixture.claimOne(), FAILED)
  const actor = { tenantId: ADA, service: null, userId: null }

  await countBeside('UPDATE alert_events SET count = count', async () => {
    expect(await fixture.queue.messages.retry(actor, id, fixture.clock.now())).toBe(true)
  })
})

it('counts what is left to upload after the mailbox, as an outcome does', async () => {
  await fixture.submit({ attachmentBytes: 30 })
  const message = await fixture.claimOne()
  const { deliveries } = fixture.queue
  const draft = { draftId: 'draft', internetMessageId: null, from: 'ada@contoso.com', mailbox: '', redirectedTo: null }
  await deliveries.storeDraft(message, VERSION, { ...draft, uploading: true })
  await fixture.database.query('UPDATE mailboxes SET troubled_since = mail_now()')

  await countBeside('UPDATE mailboxes SET paused_until = paused_until', async () => {
    const upload = { attached: 0, session: null, position: 10 }
    expect(await deliveries.storeUpload(message, VERSION, upload, 10)).toBe(true)
  })
})

it('does not retry a message whose content is deleted at the same moment', async () => {
  const id = await fixture.submit()
  await fixture.settle(await fixture.claimOne(), FAILED)
  const later = new Date(fixture.clock.now().getTime() + 8 * DAYS)
  const forgetContent = (transaction: pg.Pool) =>
    createRetention(transaction, { contentRetentionDays: 7, logRetentionDays: 30 })(later)
  const actor = { tenantId: ADA, service: null, userId: null }

  const retried = await inBetween(forgetContent, () => fixture.queue.messages.retry(actor, id, later))

  expect(retried).toBe(false)
  expect(await all('message_queue')).toEqual([])
})

it('keeps a message until its content can be deleted', async () => {
  const id = await fixture.submit()
  await fixture.settle(await fixture.claimOne(), FAILED)
  const later = new Date(fixture.clock.now().getTime() + 31 * DAYS)

  const release = await fixture.database.lockRow('messages', id, 'id')
  await fixture.queue.upkeep.deleteOld(later)
  expect(await all('messages')).toHaveLength(1)
  await release()
  await fixture.queue.upkeep.deleteOld(new Date(later.getTime() + 1 * HOURS))

  expect(await all('messages')).toEqual([])
  expect(await all('message_contents')).toEqual([])
})

it('accepts the late outcome of a message that is given up at the same moment', async () => {
  const late = await abandoned()
  const looking = await fixture.claimOne('looking')
  const givenUp = { message: looking, settlement: FAILED, fromEmail: 'ada@contoso.com', ageMs: () => 0 }

  const written = await inBetween(
    (transaction) => createSettling(transaction, systemTimers)(givenUp),
    () => fixture.settle(late, SENT),
  )

  expect(written).toBe(true)
  expect(await all('messages')).toMatchObject([{ outcome: 'sent', failed_at: null, content_kept: false }])
  expect(await all('message_contents')).toEqual([])
})

it('does not mark a message that a late outcome postpones at the same moment', async () => {
  const late = await abandoned()
  const putOff = { ...IN_DOUBT, waitMs: 5 * MINUTES, charged: false }
  const settled = { message: late, settlement: putOff, fromEmail: 'ada@contoso.com', ageMs: () => 0 }

  const claimed = await inBetween(
    (transaction) => createSettling(transaction, systemTimers)(settled),
    () => fixture.queue.deliveries.claim('worker', 10),
  )

  expect(claimed).toEqual([])
})

it('keeps the content of a message that is completed while its data key is forgotten', async () => {
  const id = 'msg_arriving'
  await fixture.queue.receiving.begin({ id, tenantId: ADA, service: 'reports', dataKey: 'dky_1' })
  await fixture.queue.receiving.reserve(id, { neededBytes: 10, wantedBytes: 10 })

  const release = await fixture.database.lockRow('counters', ADA, 'tenant_id')
  const completed = fixture.submit({ id, receiving: true, attachmentBytes: 10, addedBytes: 0 })
  await expect.poll(() => waiting(), { interval: 10 }).toHaveLength(1)
  const forgotten = forget()
  await expect.poll(() => waiting(), { interval: 10 }).toHaveLength(2)
  await release()

  expect([await completed, await forgotten]).toEqual([id, 0])
  expect(await all('message_contents')).toMatchObject([{ message_id: id }])
  expect(await forget()).toBe(2)
  expect(await fixture.read(id)).toMatchObject({ status: 'failed', problem: { code: 'content-lost' } })
})

it('leaves a marked message to its process when its data key is forgotten by a process whose clock is ahead', async () => {
  await fixture.submit()
  const message = await fixture.claimOne()
  await fixture.queue.deliveries.clear(message, VERSION, true)

  expect(await forget(new Date(fixture.clock.now().getTime() + 1 * HOURS))).toBe(0)
  expect(await fixture.settle(message, SENT)).toBe(true)
  expect(await all('messages')).toMatchObject([{ outcome: 'sent' }])
})

it('accepts the late outcome of a message whose data key was forgotten', async () => {
  const late = await abandoned()
  expect(await forget()).toBe(2)
  expect(await fixture.read(late.id)).toMatchObject({ status: 'failed', problem: { code: 'outcome-unknown' } })

  expect(await fixture.settle(late, SENT)).toBe(true)
  expect(await fixture.read(late.id)).toMatchObject({ status: 'sent', problem: null })
  expect(await all('messages')).toMatchObject([{ failed_at: null, content_kept: false }])
})

it('keeps a data key under which a message is stored at the same moment', async () => {
  const later = new Date(fixture.clock.now().getTime() + 3 * DAYS)
  const begin = (transaction: pg.Pool) =>
    beginReceiving(transaction, { id: 'msg_arriving', tenantId: ADA, service: 'reports', dataKey: 'dky_1' })

  await inBetween(begin, () => fixture.queue.upkeep.deleteOld(later))

  expect(await all('data_keys')).toMatchObject([{ id: 'dky_1' }])
})

it('stores nothing under a data key that is deleted at the same moment', async () => {
  const forget = (transaction: pg.Pool) => transaction.query('DELETE FROM data_keys')

  const stored = await inBetween(forget, () => fixture.submit().catch((error: Error) => error.message))

  expect(stored).toBe('The message was not stored: data-key-gone.')
  expect(await all('messages')).toEqual([])
  expect(await all('message_contents')).toEqual([])
})

it('counts a message as waiting that is marked while it counts', async () => {
  const { pool } = fixture.opened
  await fixture.submit()
  const between = Object.create(pool) as pg.Pool
  between.query = (async (statement: pg.QueryConfig, values?: unknown[]) => {
    if (statement.name === 'read-waiting') await fixture.claimOne()
    return pool.query(statement, values)
  }) as pg.Pool['query']

  expect(await createTestQueue(between).messages.readMailbox(ADA)).toMatchObject({ sending: 0, waiting: 1 })
})
