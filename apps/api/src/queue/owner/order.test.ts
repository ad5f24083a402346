import type { MessagePriority } from '@inforiver-mail/contract/message'
import { afterEach, describe, expect, it } from 'vitest'
import { ADA, BEN, useQueueFixture, QUEUED, SENT } from '../../test-support/queue-fixture.ts'
import { MINUTES, SECONDS } from '../../test-support/test-clock.ts'
import { createTestQueue } from '../../test-support/test-queue.ts'
import { createClaiming } from './claim.ts'
import { createMailboxReader } from './mailbox-state.ts'
import type { MarkedMessage } from './marked-message.ts'
import { createOwnership } from './ownership.ts'
import { createOwnerStore } from './ownership.sql.ts'
import type { Queue } from '../queue.ts'

// Who goes first in one mailbox, and how a limit of messages a minute is spent.

const PRIORITIES = ['high', 'normal', 'low'] as const
const LIMIT = 30

const fixture = useQueueFixture()
afterEach(async () => {
  await fixture.database.empty('messages', 'mailbox_usage', 'mailboxes')
  await fixture.clock.advance(10 * MINUTES)
})

/** A process whose mailboxes may send 30 messages a minute, unless changed. */
function newProcess(limits: object = {}): Queue {
  return createTestQueue(fixture.opened.pool, { limits: { messagesPerMinute: LIMIT, concurrency: 4, ...limits } })
}

/** Queues messages whose ids are the name and a number. */
async function add(
  name: string,
  count: number,
  { priority = 'normal', service = 'reports' }: { priority?: MessagePriority; service?: string | null } = {},
) {
  await fixture.database.query(
    `WITH added AS (
       SELECT $1 || ' ' || n AS id, mail_now() - interval '1 hour' + n * interval '1 millisecond' AS due_at FROM generate_series(1, $2::int) AS n
     ), recorded AS (
       INSERT INTO messages (id, tenant_id, service, "to", subject, created_at, priority) SELECT id, $3, coalesce($5, 'old'), '[]', '', due_at, $6 FROM added
     ), content AS (
       INSERT INTO message_contents (message_id, tenant_id, content, stored_bytes, begun_at) SELECT id, $3, '\\x00', 1, mail_now() FROM added
     )
     INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome,
                                save_to_sent_items, priority, service)
     SELECT id, $3, 'queued', due_at, due_at, 1, 'small', 0, 'retry', true, $4, $5 FROM added`,
    [name, count, ADA, PRIORITIES.indexOf(priority), service, priority],
  )
}

const send = (messages: readonly MarkedMessage[]) =>
  Promise.all(messages.map((message) => fixture.settle(message, SENT)))
const namesOf = (messages: readonly MarkedMessage[]) => messages.map(({ id }) => id.split(' ')[0] ?? '')

/** Sends what may leave, and returns the names. */
async function sendAllowed(queue: Queue): Promise<string[]> {
  const names: string[] = []
  for (;;) {
    const claimed = await queue.deliveries.claim('worker', 64)
    if (claimed.length === 0) return names
    names.push(...namesOf(claimed))
    await send(claimed)
  }
}

/** Lets time pass second by second, and returns what leaves: at which second, and its name. */
async function sendFor(seconds: number, queue: Queue): Promise<(readonly [number, string])[]> {
  const left: (readonly [number, string])[] = []
  for (let second = 0; second < seconds; second++) {
    left.push(...(await sendAllowed(queue)).map((name) => [second, name] as const))
    await fixture.clock.advance(1 * SECONDS)
  }
  return left
}

const newProcessWithoutPace = () => newProcess({ messagesPerMinute: 0, concurrency: 1 })

async function sendOneByOne(count: number, queue = newProcessWithoutPace()): Promise<string[]> {
  const names: string[] = []
  while (names.length < count) {
    const claimed = await queue.deliveries.claim('worker', 1)
    expect(claimed).toHaveLength(1)
    names.push(...namesOf(claimed))
    await send(claimed)
  }
  return names
}

describe('the order of a mailbox', () => {
  it.each([
    [{ high: 1, normal: 1, low: 1 }, 'hnl'],
    [{ high: 16, normal: 3, low: 3 }, 'hhhhhhhhlnhhhhhhhlnhnl'],
    [{ high: 0, normal: 12, low: 2 }, 'nnnnnnnnlnnnnl'],
    [{ high: 12, normal: 0, low: 2 }, 'hhhhhhhhhlhhhl'],
  ])('is that of the priorities: %o', async (waiting, order) => {
    for (const priority of PRIORITIES.toReversed()) await add(priority, waiting[priority], { priority })
    const sent = await sendOneByOne(order.length)
    expect(sent.map((priority) => priority.charAt(0)).join('')).toBe(order)
  })

  it('lets the services of a priority take turns, and those of a service leave as they were due', async () => {
    await add('a', 6, { service: 'accounts' })
    await add('b', 2, { service: 'billing' })
    await add('old', 2, { service: null }) // queued by version 1.1.0
    const queue = newProcessWithoutPace()
    expect(await sendOneByOne(4, queue)).toEqual(['a', 'b', 'old', 'a'])
    await add('c', 1, { service: 'calls' })
    expect(await sendOneByOne(7, queue)).toEqual(['b', 'c', 'old', 'a', 'a', 'a', 'a'])
  })

  it('lets those that are due at the same moment leave in the order of their ids', async () => {
    for (const name of ['c', 'a', 'b']) await add(name, 1)
    await fixture.database.query('UPDATE message_queue SET due_at = (SELECT min(due_at) FROM message_queue)')
    expect(await sendOneByOne(3, newProcessWithoutPace())).toEqual(['a', 'b', 'c'])
  })

  it('gives a lower priority its share beside any number of services', async () => {
    for (let service = 0; service < 301; service++) await add(`normal${service}`, 1, { service: `service ${service}` })
    await add('low', 1, { priority: 'low' })
    expect(await sendOneByOne(10)).toContain('low')
  })

  it('is the same for several messages that one claim takes', async () => {
    await add('a', 10, { service: 'accounts' })
    await add('b', 1, { service: 'billing' })
    await add('high', 2, { priority: 'high' })
    await add('low', 5, { priority: 'low' })
    const claimed = await newProcess({ messagesPerMinute: 0, concurrency: 10 }).deliveries.claim('worker', 64)
    expect(namesOf(claimed).toSorted()).toEqual(['a', 'a', 'a', 'a', 'a', 'a', 'b', 'high', 'high', 'low'])
  })

  it('finds an abandoned message in front of very many', async () => {
    await add('normal', 500)
    await add('high', 1, { priority: 'high' })
    expect(namesOf(await newProcess({ messagesPerMinute: 0 }).deliveries.claim('dead', 1))).toEqual(['high'])
    // Behind the first ones of its lane, where no claim of this version takes any.
    await fixture.database.query(
      `UPDATE message_queue SET mark_id = 'old', marked_by = 'old', marked_at = mail_now() WHERE message_id = 'normal 400'`,
    )
    await fixture.clock.advance(1 * MINUTES)
    expect((await fixture.queue.deliveries.judgeAbandoned()).abandoned.toSorted()).toEqual(['high 1', 'normal 400'])
  })
})

describe('while more waits than the limit of a minute lets out', () => {
  it('a high one leaves within 5 seconds before 3,000 reports, another service has its turn, and low ones their tenth', async () => {
    const queue = newProcess()
    await add('low', 50, { priority: 'low' })
    await add('report', 3_000)
    const before = await sendFor(64, queue)
    // One every two seconds, but for the second in a minute that the limit looks back further.
    expect(before.map(([second]) => second).slice(0, 30)).toEqual(Array.from({ length: 30 }, (_, place) => place * 2))
    expect(before).toHaveLength(32)
    const lows = before.filter(([, name]) => name === 'low')
    expect(lows.length).toBeGreaterThanOrEqual(Math.floor(before.length / 10))

    // At the worst moments: right after a place, also where the low ones have just been owed theirs.
    for (let round = 0; round < 5; round++) {
      await add(`high${round}`, 1, { priority: 'high' })
      await add(`invitation${round}`, 1, { service: 'invitations' })
      const left = await sendFor(8, queue)
      expect(left.find(([, name]) => name === `high${round}`)?.[0]).toBeLessThan(5)
      expect(left.find(([, name]) => name === `invitation${round}`)?.[0]).toBeLessThan(8)
      await fixture.clock.advance(1 * SECONDS)
    }
  })

  it('one that is still being sent has taken its place', async () => {
    await add('report', 100)
    const { deliveries } = newProcess()
    expect(await deliveries.claim('worker', 64)).toMatchObject([{ id: 'report 1' }])
    await fixture.clock.advance(1_999)
    expect(await deliveries.claim('worker', 64)).toEqual([])
    await fixture.clock.advance(1)
    expect(await deliveries.claim('worker', 64)).toHaveLength(1)
  })

  it('a new owner sends one at once, and no more in the minute than was left', async () => {
    await add('report', 100)
    const [before, after] = [newProcess(), newProcess()]
    expect(await sendAllowed(before)).toHaveLength(1)
    expect(await sendAllowed(after)).toHaveLength(1)
    expect(await sendFor(60, after)).toHaveLength(LIMIT - 2)
  })

  it('nothing is made up for after a pause', async () => {
    const queue = newProcess()
    await add('report', 100)
    await sendAllowed(queue)
    await fixture.database.query(
      `UPDATE mailboxes SET paused_until = mail_now() + interval '5 min' WHERE tenant_id = $1`,
      [ADA],
    )
    expect(await sendFor(60, queue)).toEqual([])
    await fixture.clock.advance(4 * MINUTES)
    expect((await sendFor(6, queue)).map(([second]) => second)).toEqual([0, 2, 4])
  })

  it('an attempt that sent nothing gives its place to the next', async () => {
    const queue = newProcess()
    await add('report', 100)
    for (let attempt = 0; attempt < 5; attempt++) {
      const [message] = await queue.deliveries.claim('worker', 64)
      if (!message) throw new Error('Nothing could leave.')
      await fixture.settle(message, { ...QUEUED, waitMs: 10 * MINUTES })
    }
    expect(await sendAllowed(queue)).toHaveLength(1)
    expect(await sendAllowed(queue)).toEqual([])
  })
})

it('sends at once what fits into what is left of the minute', async () => {
  const queue = newProcess()
  await add('report', 20)
  // Later ones do not count.
  await add('later', 100)
  await fixture.database.query(
    `UPDATE message_queue SET due_at = mail_now() + interval '1 hour' WHERE message_id LIKE 'later%'`,
  )
  expect(await sendAllowed(queue)).toHaveLength(20)
  await add('more', 11)
  expect(await sendAllowed(queue)).toHaveLength(1)
  await fixture.clock.advance(1 * MINUTES + 2 * SECONDS)
  expect(await sendAllowed(queue)).toHaveLength(10)
})

it('merges what was used when only the limit of a day looks back to it', async () => {
  await fixture.database.query(
    `INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients, upload_bytes)
     SELECT tenant, date_bin('1 minute', mail_now(), 'epoch') + n * interval '2 seconds', 1, 3, 5
       FROM unnest($1::text[]) AS tenant, generate_series(0, 44) AS n`,
    [[ADA, BEN]],
  )
  await fixture.database.query('INSERT INTO counters (tenant_id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING', [
    [ADA, BEN],
  ])
  const used = (tenant: string) =>
    fixture.database.query(
      `SELECT started_at - date_bin('1 minute', mail_now() - interval '11 min', 'epoch') AS at, messages, recipients, upload_bytes::int
         FROM mailbox_usage WHERE tenant_id = $1 ORDER BY started_at`,
      [tenant],
    )
  await fixture.queue.upkeep.deleteOld(fixture.clock.now())
  expect(await used(ADA)).toHaveLength(45)

  await fixture.clock.advance(11 * MINUTES)
  for (let run = 0; run < 2; run++) await fixture.queue.upkeep.deleteOld(fixture.clock.now())
  const merged = [
    { at: { seconds: 58 }, messages: 30, recipients: 90, upload_bytes: 150 },
    // The second minute is not ten minutes old.
    ...Array.from({ length: 15 }, (_, n) => ({ messages: 1, at: { minutes: 1, ...(n > 0 && { seconds: 2 * n }) } })),
  ]
  for (const tenant of [ADA, BEN]) expect(await used(tenant)).toMatchObject(merged)
})

it('waits for its next poll once it owns no mailbox any more, whenever there would have been a place', async () => {
  const { pool } = fixture.opened
  const limits = { messagesPerMinute: LIMIT, concurrency: 4, recipientsPerDay: 0, uploadBytesPer5Minutes: 0 }
  let elapsedMs = 0
  const ownership = createOwnership({
    store: createOwnerStore(pool),
    name: 'a process',
    isAlone: true,
    newOwner: () => 'a process',
    elapsedMs: () => elapsedMs,
    logger: { info() {}, warn() {}, error() {} },
  })
  const claiming = createClaiming(pool, createMailboxReader(pool, limits), limits, ownership, () => elapsedMs)
  await add('report', 2 * LIMIT)
  await ownership.tend()
  for (let sent = 0; claiming.untilNextPlaceMs() === Infinity; sent++)
    await send(await claiming.claim(`mark ${sent}`, 4))
  elapsedMs += 1 * MINUTES
  expect(await claiming.claim('too late', 4)).toEqual([])
  expect(claiming.untilNextPlaceMs()).toBe(Infinity)
})
