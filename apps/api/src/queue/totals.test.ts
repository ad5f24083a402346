import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import { newId } from '../ids.ts'
import {
  ADA,
  BEN,
  createQueueGround,
  FAILED,
  HELD,
  IN_DOUBT,
  QUEUED,
  SENT,
  UNCONNECTED,
  VERSION,
  type QueueGround,
} from '../test-support/queue-ground.ts'
import { HOURS, MINUTES } from '../test-support/test-clock.ts'
import { createTestPool } from '../test-support/test-database.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { createForgetStore } from '../vault-rotation/forget-store.ts'
import { SEALED_COLUMNS } from '../sealed-columns.ts'
import { LEASE_MS } from './claim.ts'
import { regroupHeld } from './hold.ts'
import type { Queue } from './queue.ts'
import type { NewMessage } from './submit.ts'

// `mailbox_totals` equals what the tables hold, after every kind of statement.

const MIB = 1024 * 1024
const LARGE_BYTES = 5 * MIB
const DAYS = 24 * HOURS
const STORAGE_BYTES = 100 * MIB

let ground: QueueGround
let queue: Queue

beforeAll(async () => {
  ground = await createQueueGround({ storageBytes: STORAGE_BYTES })
  queue = ground.queue
})
afterAll(() => ground.close())
beforeEach(async () => {
  await ground.clock.advance(1 * MINUTES)
  await ground.addDataKey('dky_1')
})
afterEach(() => ground.database.empty('messages', 'mailbox_cleanups', 'data_keys'))

interface Totals {
  storedBytes: number
  queued: number
  queuedRecipients: number
  sending: number
  sendingLarge: number
  sendingRecipients: number
  uploadBytes: number
  scheduled: number
  held: number
}

const NOTHING: Totals = {
  storedBytes: 0,
  queued: 0,
  queuedRecipients: 0,
  sending: 0,
  sendingLarge: 0,
  sendingRecipients: 0,
  uploadBytes: 0,
  scheduled: 0,
  held: 0,
}

/** What is kept of each tenant that has anything. */
async function totals(): Promise<Record<string, Totals>> {
  const rows = await ground.database.query<Totals & { tenant: string }>(
    `SELECT tenant_id AS tenant, stored_bytes::float AS "storedBytes", queued, queued_recipients::float AS "queuedRecipients", sending,
            sending_large AS "sendingLarge", sending_recipients::float AS "sendingRecipients", upload_bytes::float AS "uploadBytes",
            scheduled, held FROM mailbox_totals`,
  )
  return Object.fromEntries(
    rows
      .map(({ tenant, ...kept }) => [tenant, kept] as const)
      .filter(([, kept]) => Object.values(kept).some((count) => count !== 0)),
  )
}

/** The same from the tables, row by row. */
async function counted(): Promise<Record<string, Totals>> {
  const found = new Map<string, Totals>()
  const of = (tenant: string) => {
    const known = found.get(tenant) ?? { ...NOTHING }
    found.set(tenant, known)
    return known
  }
  const contents = await ground.database.query<{ tenant: string; bytes: number }>(
    'SELECT tenant_id AS tenant, stored_bytes::float AS bytes FROM message_contents UNION ALL SELECT tenant_id, open_bytes FROM messages',
  )
  for (const { tenant, bytes } of contents) if (bytes !== 0) of(tenant).storedBytes += bytes
  const waiting = await ground.database.query<{
    tenant: string
    state: string
    leased: boolean
    large: boolean
    recipients: number
    bytes: number
  }>(
    `SELECT tenant_id AS tenant, state, lease_owner IS NOT NULL AS leased, size = 'large' AS large, recipients, upload_bytes::float AS bytes
       FROM message_queue`,
  )
  for (const { tenant, state, leased, large, recipients, bytes } of waiting) {
    const total = of(tenant)
    if (state === 'scheduled') total.scheduled += 1
    else if (state === 'held') total.held += 1
    else total.uploadBytes += bytes
    if (leased) {
      total.sending += 1
      total.sendingLarge += large ? 1 : 0
      total.sendingRecipients += recipients
    } else if (state === 'queued') {
      total.queued += 1
      total.queuedRecipients += recipients
    }
  }
  return Object.fromEntries(found)
}

/** Of one tenant, which equal what the tables hold. */
async function exact(tenant = ADA): Promise<Totals> {
  const kept = await totals()
  expect(kept).toEqual(await counted())
  return kept[tenant] ?? NOTHING
}

const small = (changes: Partial<NewMessage> = {}) => ground.submit(changes)
/** Goes in one request, and the limit of uploads counts it. */
const medium = (changes: Partial<NewMessage> = {}) =>
  ground.submit({ content: randomBytes(300_000), attachmentBytes: 240_000, ...changes })

/** Attachments in chunks, which arrived before; with files that are uploaded. */
async function large(changes: Partial<NewMessage> = {}): Promise<string> {
  const { id, tenantId = ADA } = { id: newId('message'), ...changes }
  await queue.receiving.begin({ id, tenantId, dataKey: 'dky_1' })
  await queue.receiving.reserve(id, { neededBytes: LARGE_BYTES, wantedBytes: LARGE_BYTES + 9 })
  const [content, reserved] = [randomBytes(1_000), LARGE_BYTES + 9]
  const storedBytes = LARGE_BYTES + content.length
  const arrived = { receiving: true, attachmentBytes: LARGE_BYTES, content, storedBytes }
  return ground.submit({ ...arrived, addedBytes: storedBytes - reserved, ...changes, id, tenantId })
}

const scheduled = (changes: Partial<NewMessage> = {}) =>
  small({ sendAt: new Date(ground.clock.now().getTime() + 1 * HOURS), ...changes })
const held = (changes: Partial<NewMessage> = {}) => small({ tenantId: UNCONNECTED, ...changes })

async function failed(make: () => Promise<string> = small): Promise<string> {
  const id = await make()
  expect(await ground.settle(await ground.claimOne(), FAILED)).toBe(true)
  return id
}

const actor = (tenantId: string) => ({ tenantId, service: 'reports', userId: null })

// Submitting

it('counts a small message', async () => {
  await small()

  expect(await exact()).toEqual({ ...NOTHING, storedBytes: 1_000, queued: 1, queuedRecipients: 3 })
})

it('counts a message that goes in one request, its attachments a third larger for the limit of uploads', async () => {
  await medium()

  const uploadBytes = 300_000 + 80_000
  expect(await exact()).toEqual({ ...NOTHING, storedBytes: 300_000, queued: 1, queuedRecipients: 3, uploadBytes })
})

it('counts a message whose attachments are uploaded', async () => {
  await large()

  const [storedBytes, uploadBytes] = [LARGE_BYTES + 1_000, LARGE_BYTES]
  expect(await exact()).toEqual({ ...NOTHING, storedBytes, queued: 1, queuedRecipients: 3, uploadBytes })
})

it('counts a scheduled message, which nothing is uploaded of yet', async () => {
  await large({ sendAt: new Date(ground.clock.now().getTime() + 1 * HOURS) })

  expect(await exact()).toEqual({ ...NOTHING, storedBytes: LARGE_BYTES + 1_000, scheduled: 1 })
})

it('counts a held message', async () => {
  await held()

  expect(await exact(UNCONNECTED)).toEqual({ ...NOTHING, storedBytes: 1_000, held: 1 })
})

it('counts messages of several tenants that are submitted together, and none that there is no room for', async () => {
  const full = { content: randomBytes(1_000), storedBytes: STORAGE_BYTES + 1, addedBytes: STORAGE_BYTES + 1 }
  const refused = ground.submit({ ...full, id: 'msg_refused' }).catch(() => 'refused')
  await Promise.all([small(), small({ tenantId: BEN }), held(), scheduled({ tenantId: BEN })])

  expect(await refused).toBe('refused')
  expect(await exact(ADA)).toMatchObject({ queued: 1, storedBytes: 1_000 })
  expect(await exact(BEN)).toMatchObject({ queued: 1, scheduled: 1, storedBytes: 2_000 })
})

// Receiving

it('counts what is arriving from when it is reserved until it is discarded or swept', async () => {
  for (const id of ['msg_discarded', 'msg_swept']) {
    await queue.receiving.begin({ id, tenantId: ADA, dataKey: 'dky_1' })
    expect(await queue.receiving.reserve(id, { neededBytes: 5, wantedBytes: 10 })).toEqual({ reservedBytes: 10 })
    expect(await queue.receiving.reserve(id, { neededBytes: 15, wantedBytes: 20 })).toEqual({ reservedBytes: 20 })
  }
  expect(await exact()).toEqual({ ...NOTHING, storedBytes: 40 })

  await queue.receiving.discard('msg_discarded')
  expect(await exact()).toEqual({ ...NOTHING, storedBytes: 20 })
  await queue.upkeep.sweepReceived(new Date(ground.clock.now().getTime() + 1 * HOURS))
  expect(await exact()).toEqual(NOTHING)
})

// Claiming

it('counts what is claimed as being sent, and what is given back as queued', async () => {
  await Promise.all([small(), large(), medium()])
  const before = await exact()
  expect(await ground.claim(3)).toHaveLength(3)

  const { storedBytes, uploadBytes } = before
  const sending = { sending: 3, sendingLarge: 1, sendingRecipients: 9 }
  expect(await exact()).toEqual({ ...NOTHING, storedBytes, uploadBytes, ...sending })
  await queue.deliveries.giveBack('worker')
  expect(await exact()).toEqual(before)
})

it('counts the same after a lease is renewed and a request cleared', async () => {
  await large()
  const message = await ground.claimOne()
  const before = await exact()

  expect(await queue.deliveries.renew([message])).toEqual(new Set([message.id]))
  expect(await queue.deliveries.clear(message, VERSION, true)).toBe(true)
  expect(await exact()).toEqual(before)
})

// Uploading

it('counts what is left to upload as it gets further, and all of it again where it begins anew', async () => {
  await large()
  const message = await ground.claimOne()
  const before = await exact()
  const draft = { draftId: 'draft', internetMessageId: null, from: 'ada@contoso.com', uploading: true }
  const left = async () => (await exact()).uploadBytes
  const upload = async (position: number) =>
    queue.deliveries.storeUpload(message, VERSION, { attached: 0, session: null, position }, position)

  expect(await queue.deliveries.storeDraft(message, VERSION, draft)).toBe(true)
  expect(await left()).toBe(LARGE_BYTES)
  expect(await upload(2 * MIB)).toBe(true)
  expect(await left()).toBe(LARGE_BYTES - 2 * MIB)
  expect(await queue.deliveries.storeDraft(message, VERSION, { ...draft, draftId: 'another' })).toBe(true)
  expect(await exact()).toEqual(before)
  expect(await upload(LARGE_BYTES)).toBe(true)
  expect(await queue.deliveries.finishUpload(message, VERSION)).toBe(true)
  expect(await exact()).toEqual({ ...before, uploadBytes: 0 })
  expect(await ground.settle(message, SENT)).toBe(true)
  expect(await exact()).toEqual(NOTHING)
})

// Outcomes

it.each([
  { makes: 'small', make: small },
  { makes: 'large', make: large },
])('counts nothing of a $makes message that is sent', async ({ make }) => {
  await make()
  expect(await ground.settle(await ground.claimOne(), SENT)).toBe(true)

  expect(await exact()).toEqual(NOTHING)
})

it.each([
  { outcome: 'failed', settlement: FAILED, counts: {} },
  { outcome: 'queued again', settlement: QUEUED, counts: { queued: 1, queuedRecipients: 3, uploadBytes: LARGE_BYTES } },
  { outcome: 'in doubt', settlement: IN_DOUBT, counts: { queued: 1, queuedRecipients: 3, uploadBytes: LARGE_BYTES } },
  { outcome: 'held', settlement: HELD, counts: { held: 1 } },
])('counts what is still stored of a message that is $outcome', async ({ settlement, counts }) => {
  await large()
  expect(await ground.settle(await ground.claimOne(), settlement)).toBe(true)

  expect(await exact()).toEqual({ ...NOTHING, storedBytes: LARGE_BYTES + 1_000, ...counts })
})

it('counts all outcomes of a batch, of several tenants', async () => {
  for (const tenantId of [ADA, BEN]) for (let index = 0; index < 6; index++) await medium({ tenantId })
  const messages = await ground.claim(12)
  expect(messages).toHaveLength(12)
  const turns = [SENT, FAILED, QUEUED, IN_DOUBT, HELD]
  const settled = messages
    .slice(0, 10)
    .map((message, index) => ground.settle(message, turns[index % turns.length] ?? SENT))

  expect(new Set(await Promise.all(settled))).toEqual(new Set([true]))
  const [ada, ben] = [await exact(ADA), await exact(BEN)]
  expect([ada.sending + ben.sending, ada.queued + ben.queued, ada.held + ben.held]).toEqual([2, 4, 2])
})

it('counts nothing of what was sent after all, once it was given up', async () => {
  await small()
  const late = await ground.claimOne('late')
  expect(await queue.deliveries.clear(late, VERSION, true)).toBe(true)
  await ground.clock.advance(LEASE_MS + 1)
  await queue.deliveries.recover()
  expect(await ground.settle(await ground.claimOne('other'), FAILED)).toBe(true)
  expect(await exact()).toEqual({ ...NOTHING, storedBytes: 1_000 })

  expect(await ground.settle(late, SENT)).toBe(true)
  expect(await exact()).toEqual(NOTHING)
})

it('counts an outcome that comes while another process has the message', async () => {
  await small()
  const late = await ground.claimOne('late')
  expect(await queue.deliveries.clear(late, VERSION, true)).toBe(true)
  await ground.clock.advance(LEASE_MS + 1)
  await queue.deliveries.recover()
  await ground.claimOne('other')

  expect(await ground.settle(late, QUEUED)).toBe(true)
  expect(await exact()).toEqual({ ...NOTHING, storedBytes: 1_000, queued: 1, queuedRecipients: 3 })
})

// Recovering

it('counts as queued what a dead worker held', async () => {
  await Promise.all([small(), large()])
  const before = await exact()
  expect(await ground.claim(2)).toHaveLength(2)
  await ground.clock.advance(LEASE_MS + 1)

  expect((await queue.deliveries.recover()).abandoned).toHaveLength(2)
  expect(await exact()).toEqual(before)
})

it('counts as queued what was scheduled, once its time comes', async () => {
  await scheduled()
  await ground.clock.advance(1 * HOURS)
  await queue.deliveries.recover()

  expect(await exact()).toEqual({ ...NOTHING, storedBytes: 1_000, queued: 1, queuedRecipients: 3 })
})

it.each([
  { by: 'a worker', release: () => queue.deliveries.recover() },
  {
    by: 'whoever changes the settings',
    release: () => ground.opened.prisma.$transaction((transaction) => regroupHeld(transaction, ADA, null)),
  },
])('counts as queued what is released by $by', async ({ release }) => {
  await large()
  await ground.settle(await ground.claimOne(), HELD)
  await release()

  const queued = { queued: 1, queuedRecipients: 3, uploadBytes: LARGE_BYTES }
  expect(await exact()).toEqual({ ...NOTHING, storedBytes: LARGE_BYTES + 1_000, ...queued })
})

it('counts the same after what is held is held for another reason', async () => {
  await held()
  const before = await exact(UNCONNECTED)
  await ground.opened.prisma.$transaction((transaction) => regroupHeld(transaction, UNCONNECTED, 'reconnect-required'))

  expect(await exact(UNCONNECTED)).toEqual(before)
})

// What people and services do

it.each([
  { state: 'queued', make: large, tenant: ADA },
  { state: 'scheduled', make: scheduled, tenant: ADA },
  { state: 'held', make: held, tenant: UNCONNECTED },
])('counts nothing of a $state message that is cancelled', async ({ make, tenant }) => {
  const id = await make()
  expect(await queue.messages.cancel(actor(tenant), id, ground.clock.now())).toBe(true)

  expect(await exact(tenant)).toEqual(NOTHING)
})

it('counts nothing of a message that is cancelled while it is uploaded', async () => {
  const id = await large()
  const message = await ground.claimOne()
  const draft = { draftId: 'draft', internetMessageId: null, from: 'ada@contoso.com', uploading: true }
  await queue.deliveries.storeDraft(message, VERSION, draft)
  expect(await queue.messages.cancel(actor(ADA), id, ground.clock.now())).toBe(true)

  expect(await exact()).toEqual(NOTHING)
})

it.each([
  { makes: 'small', make: small, uploadBytes: 0, storedBytes: 1_000 },
  { makes: 'medium', make: medium, uploadBytes: 380_000, storedBytes: 300_000 },
  { makes: 'large', make: large, uploadBytes: LARGE_BYTES, storedBytes: LARGE_BYTES + 1_000 },
])('counts a $makes message that is retried as when it was submitted', async ({ make, uploadBytes, storedBytes }) => {
  const id = await failed(make)
  expect(await queue.messages.retry(actor(ADA), id, ground.clock.now())).toBe(true)

  expect(await exact()).toEqual({ ...NOTHING, storedBytes, queued: 1, queuedRecipients: 3, uploadBytes })
  await ground.claimOne()
  expect(await exact()).toMatchObject({ sending: 1, sendingLarge: make === large ? 1 : 0 })
})

// Forgetting and expiring

it('counts nothing of what is given up with a lost data key, and what a worker has until it is done', async () => {
  await ground.addDataKey('dky_2')
  await failed()
  const inHand = await (await small(), ground.claimOne())
  await Promise.all([small(), large(), scheduled(), small({ dataKey: 'dky_2' })])
  await queue.receiving.begin({ id: 'msg_arriving', tenantId: ADA, dataKey: 'dky_1' })
  await queue.receiving.reserve('msg_arriving', { neededBytes: 5, wantedBytes: 10 })
  const lost = [{ key: 'dky_1', value: 'sealed dky_1' as Sealed, owner: {} as never }]
  await createForgetStore(ground.opened).forget(SEALED_COLUMNS.dataKey, lost, ground.clock.now())

  const left = { storedBytes: 2_000, queued: 1, queuedRecipients: 3 }
  expect(await exact()).toEqual({ ...NOTHING, ...left, sending: 1, sendingRecipients: 3 })
  expect(await ground.settle(inHand, FAILED)).toBe(true)
  await createForgetStore(ground.opened).forget(SEALED_COLUMNS.dataKey, lost, ground.clock.now())
  expect(await exact()).toEqual({ ...NOTHING, ...left, storedBytes: 1_000 })
})

it('counts nothing of what is given up with a lost key of its own', async () => {
  const ids = [await failed(), ...(await Promise.all([small(), large(), scheduled(), held()]))]
  await ground.database.query(`UPDATE message_contents SET data_key = NULL, key_sealed = 'sealed'`)
  const lost = ids.map((key) => ({ key, value: 'sealed' as Sealed, owner: {} as never }))
  await createForgetStore(ground.opened).forget(SEALED_COLUMNS.contentKey, lost, ground.clock.now())

  expect(await exact(ADA)).toEqual(NOTHING)
  expect(await exact(UNCONNECTED)).toEqual(NOTHING)
})

it('counts nothing of a failed message whose content is no longer kept, nor of one that is no longer kept itself', async () => {
  await failed(large)
  await failed(small)
  expect((await exact()).storedBytes).toBe(LARGE_BYTES + 2_000)

  await queue.upkeep.expire(new Date(ground.clock.now().getTime() + 8 * DAYS))
  expect(await exact()).toEqual(NOTHING)
  await queue.upkeep.expire(new Date(ground.clock.now().getTime() + 31 * DAYS))
  expect(await exact()).toEqual(NOTHING)
  expect(await ground.database.query('SELECT 1 FROM messages')).toEqual([])
})

// At the same time

it('counts what several processes do at once', async () => {
  const processes = [ground.newProcess(), ground.newProcess(), ground.newProcess()]
  const turns = [SENT, FAILED, QUEUED, HELD, SENT]
  const work = async (process: Queue, worker: number) => {
    for (let round = 0; round < 8; round++) {
      const owner = `worker ${worker} ${round}`
      const tenantId = round % 2 === 0 ? ADA : BEN
      const [, , cancelled] = await Promise.all([
        small({ tenantId: BEN }),
        medium({ tenantId: ADA }),
        scheduled({ tenantId }),
      ])
      const leased = await process.deliveries.claim(owner, 4)
      await Promise.all([
        ...leased.map((message, index) =>
          ground.settle(message, turns[(index + round) % turns.length] ?? SENT, process),
        ),
        process.messages.cancel(actor(tenantId), cancelled, ground.clock.now()),
        process.deliveries.recover(),
      ])
    }
  }
  await Promise.all(processes.map(work))

  expect(await totals()).toEqual(await counted())
})

it.each([{ first: ADA }, { first: BEN }])(
  'writes outcomes of two tenants crosswise, and neither process waits for the other, where both wait for $first',
  async ({ first }) => {
    const pool = createTestPool(ground.database.url) // tries nothing again that PostgreSQL ends for a conflict
    const processes = [pool, pool].map((each) => createTestQueue(each))
    for (const tenantId of [ADA, BEN, ADA, BEN]) await small({ tenantId })
    const messages = await ground.claim(4)
    const [ada = [], ben = []] = [ADA, BEN].map((tenant) => messages.filter(({ tenantId }) => tenantId === tenant))
    // Both wait for the same row of a tenant; what either has by then, the other must not need.
    const client = await ground.opened.pool.connect()
    await client.query('BEGIN')
    await client.query('SELECT 1 FROM mailbox_totals WHERE tenant_id = $1 FOR UPDATE', [first])
    const waiting = async () =>
      (
        await ground.database.query(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        )
      ).length
    const pairs = [
      { sent: ada[0], queued: ben[0] },
      { sent: ben[1], queued: ada[1] },
    ]
    const settled: Promise<boolean>[] = []
    for (const [index, { sent, queued }] of pairs.entries()) {
      const process = processes[index]
      if (!sent || !queued || !process) throw new Error('Two messages of each tenant were due.')
      settled.push(ground.settle(sent, SENT, process), ground.settle(queued, QUEUED, process))
      await expect.poll(waiting).toBe(index + 1)
    }
    await client.query('COMMIT')
    client.release()

    expect(await Promise.all(settled)).toEqual([true, true, true, true])
    await pool.end()
  },
)
