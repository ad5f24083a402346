import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { ADA, createQueueGround, SENT, type QueueGround } from '../test-support/queue-ground.ts'
import { HOURS, MINUTES } from '../test-support/test-clock.ts'
import { reviewBlock } from './review-blocks.ts'
import { indexMessages } from './search-index.ts'
import { commonPositions } from './search-postings.ts'

const BLOCK = 6

let ground: QueueGround
beforeAll(async () => (ground = await createQueueGround()))
afterAll(() => ground.close())
beforeEach(async () => {
  await ground.database.empty('messages', 'search_blocks', 'search_grams', 'search_progress', 'search_late')
  await ground.database.query('UPDATE mailbox_totals SET unindexed = 0')
})

/** Indexes a block of messages, of which the first ones are sent. */
async function fillBlock({ sent }: { sent: number }): Promise<readonly string[]> {
  const ids: string[] = []
  for (let n = 0; n < BLOCK; n++) {
    ids.push(await ground.submit({ recipients: 1 }))
    await ground.clock.advance(1)
  }
  for (const message of await ground.claim(sent)) await ground.settle(message, SENT)
  await indexMessages(ground.opened.pool, BLOCK)
  return ids
}

async function report(ids: readonly string[]): Promise<void> {
  await ground.queue.reports.apply(
    ADA,
    ids.map((messageId) => ({
      messageId,
      recipient: 'max@contoso.com',
      delivery: 'delivered',
      code: null,
      detail: null,
      at: null,
      source: 'trace',
      certain: true,
      note: null,
    })),
  )
}

const review = () => reviewBlock(ground.opened.pool)

async function read() {
  const [row] = await ground.database.query<{ unreported: Buffer | null; unreported_sent: Buffer | null }>(
    'SELECT unreported, unreported_sent FROM search_blocks',
  )
  const positions = (posting: Buffer | null | undefined) => (posting ? commonPositions([posting], BLOCK) : null)
  return { unreported: positions(row?.unreported), unreportedSent: positions(row?.unreported_sent) }
}

it('leaves in what something is not known of, an hour after the block, and once more when no report is awaited', async () => {
  const ids = await fillBlock({ sent: BLOCK })
  await report(ids.slice(0, 4))
  await ground.clock.advance(59 * MINUTES)
  expect(await review()).toBe(false)
  await ground.clock.advance(1 * MINUTES)
  expect(await review()).toBe(true)
  expect(await read()).toEqual({ unreported: [4, 5], unreportedSent: [4, 5] })

  await report(ids.slice(4, 5))
  expect(await review()).toBe(false)
  await ground.clock.advance(24 * HOURS)
  expect(await review()).toBe(true)
  expect(await read()).toEqual({ unreported: [5], unreportedSent: [5] })

  await ground.clock.advance(100 * HOURS)
  expect(await review()).toBe(false)
})

it('is done again an hour after a report that came when none was awaited', async () => {
  const ids = await fillBlock({ sent: BLOCK })
  await report(ids.slice(0, 4))
  await ground.clock.advance(26 * HOURS)
  expect(await review()).toBe(true)
  await ground.clock.advance(10 * HOURS)
  expect(await review()).toBe(false)

  await report(ids.slice(4))
  await ground.clock.advance(1 * HOURS)
  expect(await review()).toBe(true)
  expect(await read()).toEqual({ unreported: [], unreportedSent: [] })
  await ground.clock.advance(100 * HOURS)
  expect(await review()).toBe(false)
})

it('leaves in what waits, and reviews it every day until no report about it is awaited', async () => {
  const ids = await fillBlock({ sent: BLOCK - 1 })
  await report(ids)
  await ground.clock.advance(25 * HOURS)
  await review()
  expect(await read()).toEqual({ unreported: [5], unreportedSent: [5] })

  await ground.settle(await ground.claimOne(), SENT)
  await report(ids)
  await ground.clock.advance(24 * HOURS)
  expect(await review()).toBe(true)
  expect(await read()).toEqual({ unreported: [], unreportedSent: [] })
  await ground.clock.advance(100 * HOURS)
  expect(await review()).toBe(false)
})

it('leaves what was not sent out of what may be, unless it can be retried', async () => {
  const ids = await fillBlock({ sent: 3 })
  await report(ids.slice(0, 3))
  await ground.database.query('DELETE FROM message_queue')
  await ground.database.query(
    `WITH failed AS (UPDATE messages SET outcome = 'failed', ended_at = mail_now() WHERE outcome IS NULL RETURNING *)
     INSERT INTO unsent_messages (message_id, tenant_id, service, outcome, created_at, ended_at, has_content, attempt_id)
     SELECT id, tenant_id, service, outcome, created_at, ended_at, id = $1, CASE WHEN id = $2 THEN 'late' END FROM failed`,
    [ids[3], ids[4]],
  )
  await ground.clock.advance(25 * HOURS)
  await review()

  expect(await read()).toEqual({ unreported: [3, 4, 5], unreportedSent: [3, 4] })
})

it('reads no messages of a tenant without any report', async () => {
  await fillBlock({ sent: BLOCK })
  await ground.clock.advance(1 * HOURS)
  expect(await review()).toBe(true)
  await ground.clock.advance(24 * HOURS)
  expect(await review()).toBe(true)
  expect(await read()).toEqual({ unreported: null, unreportedSent: null })
  await ground.clock.advance(100 * HOURS)
  expect(await review()).toBe(false)
})
