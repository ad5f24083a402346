import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { ADA, BEN, createQueueGround, IN_DOUBT, QUEUED, SENT, type QueueGround } from '../test-support/queue-ground.ts'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { withClient } from '../database/transaction.ts'
import { listTenants } from './due-tenants.ts'
import { MAX_KNOWN } from './known-tenants.ts'
import type { LeasedMessage } from './leased-message.ts'
import type { MailboxLimits } from './limits.ts'
import type { Queue } from './queue.ts'
import { MESSAGES_CHANNEL } from './wake.ts'

// What a claim finds where it looks only at what is known to be queued. The time until a process lists the tenants anew
// stands still, so that what is found without a word of it was not listed.

let ground: QueueGround
let worker: Worker
const stops: (() => Promise<void>)[] = []

beforeAll(async () => {
  ground = await createQueueGround()
})
afterAll(() => ground.close())
beforeEach(async () => {
  await ground.clock.advance(1 * MINUTES)
  worker = await startWorker()
})
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
  await ground.database.empty('messages', 'mailbox_usage', 'mailbox_turns', 'mailboxes')
})

interface Worker {
  readonly queue: Queue
  claim(limit?: number): Promise<LeasedMessage[]>
  /** Resolves with the next notification. */
  woken(): Promise<void>
  /** Lets time pass until the tenants are listed anew. */
  elapse(ms: number): void
}

/** A process that gets the notifications, and has listed the tenants. */
async function startWorker(limits: Partial<MailboxLimits> = {}): Promise<Worker> {
  let elapsed = 0
  let waking = Promise.withResolvers<void>()
  const queue = createTestQueue(ground.opened.pool, {
    url: ground.database.url,
    limits,
    elapsedMs: () => elapsed,
  })
  const listener = queue.deliveries.listen(() => waking.resolve())
  stops.push(() => listener.stop())
  await waking.promise
  const claim = (limit = 10) => queue.deliveries.claim('worker', limit)
  await claim()
  return {
    queue,
    claim,
    async woken() {
      waking = Promise.withResolvers()
      await waking.promise
    },
    elapse(ms) {
      elapsed += ms
    },
  }
}

/** Submits in another process, and waits until the worker knows. */
async function submit(changes: Parameters<QueueGround['submit']>[0] = {}): Promise<string> {
  const woken = worker.woken()
  const id = await ground.submit(changes)
  await woken
  return id
}

/** Queues a message that nobody is notified of. */
async function queueSilently(id: string, dueAgoMs: number, tenant = ADA): Promise<void> {
  await ground.database.query(
    `INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome, save_to_sent_items)
     VALUES ($1, $2, 'queued', mail_now() - $3 * interval '1 millisecond', mail_now(), 1, 'small', 0, 'retry', true)`,
    [id, tenant, dueAgoMs],
  )
}

const idsOf = (messages: readonly { readonly id: string }[]) => messages.map(({ id }) => id)
const settle = (messages: readonly LeasedMessage[], settlement = SENT) =>
  Promise.all(messages.map((message) => ground.settle(message, settlement)))

it('finds what was committed late, with an old due time, a second later where nothing else is due', async () => {
  await queueSilently('late', 2 * MINUTES)
  worker.elapse(800)
  expect(await worker.claim()).toEqual([])
  worker.elapse(200)

  expect(idsOf(await worker.claim())).toEqual(['late'])
})

it('finds what was committed late, with an old due time, five seconds later while others leave', async () => {
  const first = await submit()
  expect(idsOf(await worker.claim())).toEqual([first])
  await queueSilently('late', 2 * MINUTES)
  const second = await ground.submit()
  worker.elapse(4_999)
  expect(idsOf(await worker.claim())).toEqual([second])
  worker.elapse(1)

  expect(idsOf(await worker.claim())).toEqual(['late'])
})

it('looks only at those with something due soon where more tenants than it remembers have something queued', async () => {
  onTestFinished(async () => {
    await ground.database.query('DELETE FROM message_queue')
    await ground.database.query(`DELETE FROM tenants WHERE id LIKE 'ten_later_%'`)
  })
  await ground.database.query(
    `INSERT INTO tenants (id, created_at) SELECT 'ten_later_' || n, mail_now() FROM generate_series(0, $1::int) AS n`,
    [MAX_KNOWN],
  )
  await ground.database.query(
    `INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome, save_to_sent_items)
     SELECT 'later_' || n, 'ten_later_' || n, 'queued', mail_now() + interval '1 hour', mail_now(), 1, 'small', 0, 'retry', true
       FROM generate_series(0, $1::int) AS n`,
    [MAX_KNOWN],
  )
  await queueSilently('now', 0)
  await queueSilently('soon', -14 * SECONDS, BEN)

  const { found } = await withClient(ground.opened.pool, (client) => listTenants(client, ''))

  expect(found.map(({ tenantId }) => tenantId).toSorted()).toEqual([ADA, BEN].toSorted())
  worker.elapse(1_000)
  expect(idsOf(await worker.claim())).toEqual(['now'])
  await ground.clock.advance(14 * SECONDS)
  expect(idsOf(await worker.claim())).toEqual(['soon'])
})

it('finds what was queued while a statement took less than a second', async () => {
  await submit()
  await settle(await worker.claim())
  await queueSilently('slow', 999)

  expect(idsOf(await worker.claim())).toEqual(['slow'])
})

it('finds what is due at once of each tenant that a notification names', async () => {
  const woken = worker.woken()
  const ids = await Promise.all([ground.submit(), ground.submit({ tenantId: BEN }), ground.submit()])
  await woken

  await expect.poll(async () => (ids.push(...idsOf(await worker.claim())), ids.length)).toBe(6)
  expect(new Set(ids).size).toBe(3)
})

it('lists the tenants at a notification that names none', async () => {
  await queueSilently('released', 2 * HOURS)
  expect(await worker.claim()).toEqual([])
  const woken = worker.woken()
  await ground.database.query(`NOTIFY ${MESSAGES_CHANNEL}`)
  await woken

  expect(idsOf(await worker.claim())).toEqual(['released'])
})

it('lists the tenants when notifications arrive again after its connection broke', async () => {
  const woken = worker.woken()
  await ground.database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'`,
  )
  await queueSilently('unheard', 2 * HOURS)
  await woken

  expect(idsOf(await worker.claim())).toEqual(['unheard'])
})

it('finds a scheduled message at its time, in the process that released it, and soon in others', async () => {
  const other = await startWorker()
  const ids = [await ground.submit({ sendAt: new Date(ground.clock.now().getTime() + 1 * MINUTES) })]
  await ground.clock.advance(1 * HOURS)
  expect(await worker.claim()).toEqual([])
  expect(await other.claim()).toEqual([])

  await worker.queue.deliveries.release()

  const [released] = await worker.claim()
  expect(released?.id).toBe(ids[0])
  if (released) await worker.queue.deliveries.giveBack(released.leaseOwner)
  other.elapse(1_000)
  expect(idsOf(await other.claim())).toEqual(ids)
})

it('finds again what was put back after a claim whose answer was lost', async () => {
  const id = await submit()
  const claimed = await worker.claim()
  await ground.clock.advance(10 * SECONDS)
  expect(await worker.claim()).toEqual([])
  await worker.queue.deliveries.giveBack('worker')

  expect(idsOf(claimed)).toEqual([id])
  expect(idsOf(await worker.claim())).toEqual([id])
})

it('finds again what another process took over or settled for later', async () => {
  const id = await submit()
  await settle(await worker.claim(), { ...QUEUED, waitMs: 1 * MINUTES })
  expect(await worker.claim()).toEqual([])
  await ground.clock.advance(1 * MINUTES)
  expect(idsOf(await worker.claim())).toEqual([id])
  await ground.expireLeases()

  expect(idsOf(await worker.claim())).toEqual([id])
})

it('does not forget a large message that had no room, behind many that leave', async () => {
  worker = await startWorker({ concurrency: 2 })
  const storedBytes = 10 * 1024 * 1024
  await submit({ storedBytes })
  const [uploading] = await worker.claim()
  const large = await ground.submit({ storedBytes })
  for (let each = 0; each < 5; each++) {
    await ground.clock.advance(10 * SECONDS)
    const small = await ground.submit()
    const left = await worker.claim()
    expect(idsOf(left)).toEqual([small])
    await settle(left)
  }
  if (uploading) await settle([uploading])

  expect(idsOf(await worker.claim())).toEqual([large])
})

it('does not forget a message in doubt whose time is over', async () => {
  const id = await submit({ expiresAt: new Date(ground.clock.now().getTime() + 30 * SECONDS) })
  await settle(await worker.claim(), IN_DOUBT)
  expect(await worker.claim()).toEqual([])
  await ground.clock.advance(1 * MINUTES)

  expect(await worker.claim()).toMatchObject([{ id, hasExpired: true }])
})

it('does not forget a paused mailbox', async () => {
  const id = await submit()
  await settle(await worker.claim(), { ...QUEUED, pauseMailboxMs: 1 * HOURS })
  for (let each = 0; each < 5; each++) {
    await ground.clock.advance(10 * MINUTES)
    expect(await worker.claim()).toEqual([])
  }
  await ground.clock.advance(10 * MINUTES)

  expect(idsOf(await worker.claim())).toEqual([id])
})

it.each([-1 * HOURS, 1 * HOURS])('finds what is queued after the clock of the database moved by %s ms', async (ms) => {
  await submit()
  await settle(await worker.claim())
  expect(await worker.claim()).toEqual([])
  await ground.clock.advance(ms)
  const ids = [await submit()]
  expect(idsOf(await worker.claim())).toEqual(ids)
  ids.push(await ground.submit({ tenantId: BEN }))
  ids.push(await ground.submit())

  await expect.poll(async () => (ids.push(...idsOf(await worker.claim())), ids.length)).toBe(5)
})

it('gives each tenant its turn', async () => {
  const tenants = Array.from({ length: 100 }, (_, number) => `ten_${number}`)
  for (const tenant of tenants) {
    await queueSilently(`first of ${tenant}`, 0, tenant)
    await queueSilently(`second of ${tenant}`, 0, tenant)
  }
  worker.elapse(1_000)
  const visited: string[] = []
  for (let claims = 0; claims < 25; claims++) visited.push(...(await worker.claim(4)).map(({ tenantId }) => tenantId))

  expect(new Set(visited).size).toBe(100)
})

it('takes many messages from few mailboxes at a time, and goes on with the others', async () => {
  for (let number = 0; number < 40; number++)
    for (let each = 0; each < 2; each++) await queueSilently(`${each} of ${number}`, 0, `ten_${number}`)
  worker.elapse(1_000)
  const first = new Set((await worker.claim(48)).map(({ tenantId }) => tenantId))
  const second = new Set((await worker.claim(48)).map(({ tenantId }) => tenantId))

  expect([first.size, second.size, new Set([...first, ...second]).size]).toEqual([24, 16, 40])
})

it('takes from more mailboxes where each may send only one message at once', async () => {
  worker = await startWorker({ concurrency: 1 })
  for (let number = 0; number < 40; number++)
    for (let each = 0; each < 2; each++) await queueSilently(`${each} of ${number}`, 0, `ten_${number}`)
  worker.elapse(1_000)

  expect(new Set((await worker.claim(48)).map(({ tenantId }) => tenantId)).size).toBe(40)
})

// Who is notified

it('notifies of a tenant of which nothing waits, and not while something does', async () => {
  const heard: (string | undefined)[] = []
  const client = await ground.opened.pool.connect()
  client.on('notification', ({ payload }) => heard.push(payload))
  await client.query(`LISTEN ${MESSAGES_CHANNEL}`)
  try {
    await submit()
    await ground.submit()
    await submit({ tenantId: BEN })
    await settle(await worker.claim())
    await ground.submit()
    await ground.clock.advance(3 * SECONDS) // after which it may be that nobody looks
    await ground.submit()
    await ground.submit({ sendAt: new Date(ground.clock.now().getTime() + 1 * MINUTES) })
    await expect.poll(() => heard).toEqual([ADA, BEN, ADA, ADA])
  } finally {
    client.release(true)
  }
})
