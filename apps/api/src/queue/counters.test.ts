import { randomBytes } from 'node:crypto'
import { HeldBecause } from '@inforiver-mail/contract/message'
import type { Sealed } from '@inforiver-mail/m365/token-vault'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { newId } from '../test-support/new-id.ts'
import { CONTRADICTIONS, WRONG_COUNTERS } from '../test-support/queue-faults.ts'
import {
  ADA,
  BEN,
  useQueueFixture,
  FAILED,
  HELD,
  IN_DOUBT,
  QUEUED,
  RECIPIENT_REFUSED,
  SENT,
  UNCONNECTED,
  VERSION,
} from '../test-support/queue-fixture.ts'
import { HOURS, MINUTES } from '../test-support/test-clock.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { createForgetStore } from '../vault/forget-store.ts'
import { SEALED_COLUMNS } from '../sealed-columns.ts'
import { regroupHeld } from './changes/release.ts'
import type { MarkedMessage } from './owner/marked-message.ts'
import type { Queue } from './queue.ts'
import type { NewMessage } from './intake/insert-messages.ts'

// Statements keep `counters`. After each of them it equals what the rows come to, and the rows agree.

const MIB = 1024 * 1024
const LARGE_BYTES = 5 * MIB
const LARGE_STORED = LARGE_BYTES + 1_000
const DAYS = 24 * HOURS
const STORAGE_BYTES = 100 * MIB

const fixture = useQueueFixture({ storageBytes: STORAGE_BYTES })
let queue: Queue

beforeAll(() => {
  queue = fixture.queue
})
beforeEach(async () => {
  await fixture.clock.advance(1 * MINUTES)
  await fixture.addDataKey('dky_1')
})
afterEach(() => fixture.database.empty('messages', 'counters', 'mailbox_usage', 'mailbox_cleanups', 'data_keys'))

const NOTHING = {
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
type Totals = typeof NOTHING

/** Returns the totals of a tenant, after checking that those of every tenant equal their rows. */
async function totals(tenant = ADA): Promise<Totals> {
  expect(await fixture.database.query(WRONG_COUNTERS)).toEqual([])
  const [row] = await fixture.database.query<Totals>(
    `SELECT stored_bytes::float AS "storedBytes", queued, queued_recipients::float AS "queuedRecipients", sending,
            sending_large AS "sendingLarge", sending_recipients::float AS "sendingRecipients",
            upload_bytes::float AS "uploadBytes", scheduled, held FROM counters WHERE tenant_id = $1`,
    [tenant],
  )
  return row ?? NOTHING
}

const later = (ms: number) => new Date(fixture.clock.now().getTime() + ms)
const actor = (tenantId: string) => ({ tenantId, service: 'reports', userId: null })
const DRAFT = {
  draftId: 'draft',
  internetMessageId: null,
  redirectedTo: null,
  mailbox: 'reports@contoso.com',
  from: 'ada@contoso.com',
  uploading: true,
}

type Make = (changes?: Partial<NewMessage>) => Promise<string>
const small: Make = (changes = {}) => fixture.submit(changes)
/** Sent in one request that the upload limit counts. */
const medium: Make = (changes = {}) =>
  fixture.submit({ content: randomBytes(300_000), attachmentBytes: 240_000, ...changes })
/** Its attachments arrived in chunks, and are uploaded. */
const large: Make = async (changes = {}) => {
  const { id, tenantId = ADA } = { id: newId('message'), ...changes }
  await queue.receiving.begin({ id, tenantId, service: 'reports', dataKey: 'dky_1' })
  await queue.receiving.reserve(id, { neededBytes: LARGE_BYTES, wantedBytes: LARGE_BYTES + 9 })
  await queue.receiving.writeChunk({ tenantId, messageId: id, part: 0, chunk: 0 }, Buffer.alloc(LARGE_BYTES))
  const arrived = { receiving: true, attachmentBytes: LARGE_BYTES, content: randomBytes(1_000) }
  const bytes = { storedBytes: LARGE_STORED, addedBytes: LARGE_STORED - (LARGE_BYTES + 9) }
  return fixture.submit({ ...arrived, ...bytes, ...changes, id, tenantId })
}
const scheduled: Make = (changes = {}) => small({ sendAt: later(1 * HOURS), ...changes })
const held: Make = (changes = {}) => small({ tenantId: UNCONNECTED, ...changes })

async function settled(make: Make, settlement: typeof SENT): Promise<string> {
  const id = await make()
  expect(await fixture.settle(await fixture.claimOne(), settlement)).toBe(true)
  return id
}
async function cancelled(id: string, tenant = ADA): Promise<void> {
  expect(await queue.messages.cancel(actor(tenant), id, fixture.clock.now())).toBe(true)
}
async function retried(make: Make): Promise<void> {
  const id = await settled(make, FAILED)
  expect(await queue.messages.retry(actor(ADA), id, fixture.clock.now())).toBe(true)
}
async function abandoned(owner: string): Promise<MarkedMessage> {
  await small()
  const message = await fixture.claimOne(owner)
  expect(await queue.deliveries.clear(message, VERSION, true)).toBe(true)
  await fixture.judgeAbandoned()
  return message
}

const ONE_QUEUED = { queued: 1, queuedRecipients: 3 }
const SMALL = { storedBytes: 1_000, ...ONE_QUEUED }
const MEDIUM = { storedBytes: 300_000, ...ONE_QUEUED, uploadBytes: 300_000 + 80_000 } // base64 adds a third
const LARGE = { storedBytes: LARGE_STORED, ...ONE_QUEUED, uploadBytes: LARGE_BYTES }
const LARGE_HELD = { storedBytes: LARGE_STORED, held: 1 }

it.each<[string, () => Promise<unknown>, Partial<Totals>, string?]>([
  ['a small message', small, SMALL],
  ['a medium message', medium, MEDIUM],
  ['a large message', large, LARGE],
  ['a scheduled message', () => large({ sendAt: later(1 * HOURS) }), { storedBytes: LARGE_STORED, scheduled: 1 }],
  ['a held message', held, { storedBytes: 1_000, held: 1 }, UNCONNECTED],
  ['a small message that was sent', () => settled(small, SENT), {}],
  ['a large message that was sent', () => settled(large, SENT), {}],
  ['a large message that failed', () => settled(large, FAILED), { storedBytes: LARGE_STORED }],
  ['a large message that is queued again', () => settled(large, QUEUED), LARGE],
  ['a large message in doubt', () => settled(large, IN_DOUBT), LARGE],
  ['a large message that became held', () => settled(large, HELD), LARGE_HELD],
  ['a queued message that was cancelled', async () => cancelled(await large()), {}],
  ['a scheduled message that was cancelled', async () => cancelled(await scheduled()), {}],
  ['a held message that was cancelled', async () => cancelled(await held(), UNCONNECTED), {}, UNCONNECTED],
  ['a small message that is retried', () => retried(small), SMALL],
  ['a medium message that is retried', () => retried(medium), MEDIUM],
  ['a large message that is retried', () => retried(large), LARGE],
  [
    'a large message that is retried and claimed',
    async () => (await retried(large), fixture.claimOne()),
    { storedBytes: LARGE_STORED, uploadBytes: LARGE_BYTES, sending: 1, sendingLarge: 1, sendingRecipients: 3 },
  ],
  [
    'a scheduled message whose time has come',
    async () => (await scheduled(), await fixture.clock.advance(1 * HOURS), queue.deliveries.release()),
    SMALL,
  ],
  [
    'a held message that a worker releases',
    async () => (await settled(large, HELD), queue.deliveries.release()),
    LARGE,
  ],
  [
    'a held message that a change of the settings releases',
    async () => (await settled(large, HELD), regroup(ADA, null)),
    LARGE,
  ],
  [
    'a held message with another reason',
    async () => (await held(), regroup(UNCONNECTED, 'reconnect-required')),
    { storedBytes: 1_000, held: 1 },
    UNCONNECTED,
  ],
  [
    'a message that was cancelled while it was uploaded',
    async () => {
      const id = await large()
      await queue.deliveries.storeDraft(await fixture.claimOne(), VERSION, DRAFT)
      await cancelled(id)
    },
    {},
  ],
  [
    'what a dead worker held',
    async () => {
      await Promise.all([small(), large()])
      expect(await fixture.claim(2)).toHaveLength(2)
      await fixture.judgeAbandoned()
    },
    { storedBytes: 1_000 + LARGE_STORED, queued: 2, queuedRecipients: 6, uploadBytes: LARGE_BYTES },
  ],
  [
    'a message that was sent after all, once it had failed',
    async () => {
      const late = await abandoned('late')
      expect(await fixture.settle(await fixture.claimOne('other'), FAILED)).toBe(true)
      expect(await totals()).toEqual({ ...NOTHING, storedBytes: 1_000 })
      expect(await fixture.settle(late, SENT)).toBe(true)
    },
    {},
  ],
  [
    'a late outcome while another worker holds the message',
    async () => {
      const late = await abandoned('late')
      await fixture.claimOne('other')
      expect(await fixture.settle(late, QUEUED)).toBe(true)
    },
    SMALL,
  ],
])('counts %s', async (_what, act, expected, tenant = ADA) => {
  await act()

  expect(await totals(tenant)).toEqual({ ...NOTHING, ...expected })
  expect(await fixture.database.query(CONTRADICTIONS)).toEqual([])
})

function regroup(tenant: string, because: 'reconnect-required' | null): Promise<void> {
  return fixture.opened.prisma.$transaction((transaction) =>
    regroupHeld(transaction, tenant, HeldBecause.options, because),
  )
}

it('counts messages of several tenants that are submitted together, and none that there is no room for', async () => {
  const full = { content: randomBytes(1_000), storedBytes: STORAGE_BYTES + 1, addedBytes: STORAGE_BYTES + 1 }
  const refused = fixture.submit({ ...full, id: 'msg_refused' }).catch(() => 'refused')
  await Promise.all([small(), small({ tenantId: BEN }), held(), scheduled({ tenantId: BEN })])

  expect(await refused).toBe('refused')
  expect(await totals(ADA)).toMatchObject({ queued: 1, storedBytes: 1_000 })
  expect(await totals(BEN)).toMatchObject({ queued: 1, scheduled: 1, storedBytes: 2_000 })
})

it('counts what is arriving from its reservation until it is discarded or swept', async () => {
  for (const id of ['msg_discarded', 'msg_swept']) {
    await queue.receiving.begin({ id, tenantId: ADA, service: 'reports', dataKey: 'dky_1' })
    expect(await queue.receiving.reserve(id, { neededBytes: 5, wantedBytes: 10 })).toEqual({ reservedBytes: 10 })
    expect(await queue.receiving.reserve(id, { neededBytes: 15, wantedBytes: 20 })).toEqual({ reservedBytes: 20 })
  }
  expect(await totals()).toEqual({ ...NOTHING, storedBytes: 40 })

  await queue.receiving.discard('msg_discarded')
  expect(await totals()).toEqual({ ...NOTHING, storedBytes: 20 })
  await queue.upkeep.sweepReceived(later(1 * HOURS))
  expect(await totals()).toEqual(NOTHING)
})

it('counts claimed messages as being sent, cleared or not, and what was not sent after all as queued', async () => {
  await Promise.all([small(), large(), medium()])
  const before = await totals()
  const claimed = await fixture.claim(3)
  expect(claimed).toHaveLength(3)
  for (const message of claimed) expect(await queue.deliveries.clear(message, VERSION, true)).toBe(true)

  const { storedBytes, uploadBytes } = before
  const sending = { sending: 3, sendingLarge: 1, sendingRecipients: 9 }
  expect(await totals()).toEqual({ ...NOTHING, storedBytes, uploadBytes, ...sending })
  await queue.deliveries.judgeAbandoned()
  expect(await totals()).toEqual(before)
})

it('counts what is left to upload as it gets further, and all of it when it starts over', async () => {
  await large()
  const message = await fixture.claimOne()
  const before = await totals()
  const { deliveries } = queue
  const upload = (position: number) =>
    deliveries.storeUpload(message, VERSION, { attached: 0, session: null, position }, position)

  expect(await deliveries.storeDraft(message, VERSION, DRAFT)).toBe(true)
  expect((await totals()).uploadBytes).toBe(LARGE_BYTES)
  expect(await upload(2 * MIB)).toBe(true)
  expect((await totals()).uploadBytes).toBe(LARGE_BYTES - 2 * MIB)
  expect(await deliveries.storeDraft(message, VERSION, { ...DRAFT, draftId: 'another' })).toBe(true)
  expect(await totals()).toEqual(before)
  expect(await upload(LARGE_BYTES)).toBe(true)
  expect(await deliveries.finishUpload(message, VERSION)).toBe(true)
  expect(await totals()).toEqual({ ...before, uploadBytes: 0 })
  expect(await fixture.settle(message, SENT)).toBe(true)
  expect(await totals()).toEqual(NOTHING)
})

it('counts all outcomes of a batch that concerns several tenants', async () => {
  for (const tenantId of [ADA, BEN]) for (let index = 0; index < 6; index++) await medium({ tenantId })
  const messages = await fixture.claim(12)
  expect(messages).toHaveLength(12)
  const outcomes = [SENT, FAILED, QUEUED, IN_DOUBT, HELD]
  const writing = messages.slice(0, 10).map((message, index) => fixture.settle(message, outcomes[index % 5] ?? SENT))

  expect(new Set(await Promise.all(writing))).toEqual(new Set([true]))
  const [ada, ben] = [await totals(ADA), await totals(BEN)]
  expect([ada.sending + ben.sending, ada.queued + ben.queued, ada.held + ben.held]).toEqual([2, 4, 2])
})

it('counts nothing of what is given up with a lost data key, except what a worker holds until it is done', async () => {
  await fixture.addDataKey('dky_2')
  await settled(small, FAILED)
  await small()
  const claimed = await fixture.claimOne()
  await Promise.all([small(), large(), scheduled(), small({ dataKey: 'dky_2' })])
  await queue.receiving.begin({ id: 'msg_arriving', tenantId: ADA, service: 'reports', dataKey: 'dky_1' })
  await queue.receiving.reserve('msg_arriving', { neededBytes: 5, wantedBytes: 10 })
  const lost = [{ key: 'dky_1', value: 'sealed dky_1' as Sealed, owner: {} as never }]
  const forget = () => createForgetStore(fixture.opened).forget(SEALED_COLUMNS.dataKey, lost, fixture.clock.now())
  await forget()

  expect(await totals()).toEqual({ ...NOTHING, ...SMALL, storedBytes: 2_000, sending: 1, sendingRecipients: 3 })
  expect(await fixture.settle(claimed, FAILED)).toBe(true)
  await forget()
  expect(await totals()).toEqual({ ...NOTHING, ...SMALL })
})

it('counts nothing of what is given up with a lost key of its own', async () => {
  const ids = [await settled(small, FAILED), ...(await Promise.all([small(), large(), scheduled(), held()]))]
  await fixture.database.query(`UPDATE message_contents SET data_key = NULL, key_sealed = 'sealed'`)
  const lost = ids.map((key) => ({ key, value: 'sealed' as Sealed, owner: {} as never }))
  await createForgetStore(fixture.opened).forget(SEALED_COLUMNS.contentKey, lost, fixture.clock.now())

  expect([await totals(ADA), await totals(UNCONNECTED)]).toEqual([NOTHING, NOTHING])
})

it('counts nothing of a failed message whose content has expired, nor of one that has expired itself', async () => {
  await settled(large, FAILED)
  await settled(small, FAILED)
  expect((await totals()).storedBytes).toBe(LARGE_STORED + 1_000)

  await queue.upkeep.deleteOld(later(8 * DAYS))
  expect(await totals()).toEqual(NOTHING)
  await queue.upkeep.deleteOld(later(31 * DAYS))
  expect(await totals()).toEqual(NOTHING)
  expect(await fixture.database.query('SELECT 1 FROM messages')).toEqual([])
})

it('corrects once a night what was counted wrongly, beside a message that is stored meanwhile', async () => {
  await small()
  const { upkeep } = fixture.newProcess()
  expect(await upkeep.recount(later(0))).toEqual([])
  await fixture.database.query('UPDATE counters SET queued = queued + 2, stored_bytes = 0')
  expect(await upkeep.recount(later(1))).toEqual([])
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
  const release = await fixture.database.lockRow('counters', ADA, 'tenant_id')
  const storing = small()
  await expect.poll(() => fixture.database.query(waiting)).toHaveLength(1)
  const recounting = upkeep.recount(later(1 * DAYS))
  await expect.poll(() => fixture.database.query(waiting)).toHaveLength(2)
  await release()

  expect(await recounting).toMatchObject([{ tenantId: ADA, queued: -2, stored_bytes: 1_000, held: 0 }])
  await storing
  expect(await totals()).toMatchObject({ queued: 2, storedBytes: 2_000 })
  expect(await upkeep.recount(later(1 * DAYS))).toEqual([])
})

it('corrects the queue once the mailbox has changed hands, and at the start of a process', async () => {
  await small()
  const { upkeep } = fixture.newProcess()
  expect(await upkeep.recount(later(0))).toEqual([])
  const drift = () =>
    fixture.database.query(
      'UPDATE counters SET queued = queued + 2, sending = 4, stored_bytes = 0 WHERE tenant_id = $1',
      [ADA],
    )
  await drift()
  expect(await upkeep.recount(later(1))).toEqual([])
  await fixture.judgeAbandoned()

  const corrected = [{ tenantId: ADA, queued: -2, sending: -4, stored_bytes: 0 }]
  expect(await upkeep.recount(later(2))).toMatchObject(corrected)
  expect(await upkeep.recount(later(3))).toEqual([])
  await drift()
  expect(await fixture.newProcess().upkeep.recount(later(4))).toMatchObject(corrected)
  expect(await upkeep.recount(later(1 * DAYS))).toMatchObject([{ queued: 0, stored_bytes: 1_000 }])
  expect(await totals()).toEqual({ ...NOTHING, ...SMALL })
})

it('deletes what is old and writes outcomes of the same tenants at once, without a deadlock', async () => {
  await settled(() => small({ tenantId: BEN, openBytes: 10 }), SENT)
  await settled(small, FAILED)
  await queue.upkeep.deleteOld(later(8 * DAYS)) // leaves the failed one without content
  await fixture.addDataKey('dky_1')
  for (const tenantId of [ADA, BEN]) await small({ tenantId })
  const messages = await fixture.claim(2)
  const { pool } = fixture.database // does not retry what PostgreSQL rolls back for a conflict
  const own = createTestQueue(pool)
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
  const release = await fixture.database.lockRow('counters', ADA, 'tenant_id')
  const work: Promise<unknown>[] = messages.map((message) => fixture.settle(message, SENT, own))
  try {
    await expect.poll(() => fixture.database.query(waiting)).toHaveLength(1)
    work.push(own.upkeep.deleteOld(later(31 * DAYS)))
    await expect.poll(() => fixture.database.query(waiting)).toHaveLength(2)
  } finally {
    await release()
  }
  expect(await Promise.all(work)).toEqual([true, true, undefined])
})

it('counts the same cause of several tenants together, and the causes beyond the most frequent as one', async () => {
  const failures = Array.from({ length: 22 }, (_, index) => ({
    ...FAILED,
    problem: { ...RECIPIENT_REFUSED, microsoftCode: `Code${index}` },
  }))
  for (const failure of failures) await settled(small, failure)
  await settled(() => small({ tenantId: BEN }), failures[21] ?? FAILED)
  await settled(() => small({ tenantId: BEN }), FAILED)

  const counts = await queue.upkeep.readFailures()
  expect(counts[0]).toEqual({ cause: 'Code21', count: 2 })
  expect(counts).toHaveLength(21)
  expect(counts.at(-1)).toEqual({ cause: 'other', count: 3 })
})

it('counts no failure of a day ago', async () => {
  await settled(small, FAILED)
  expect(await queue.upkeep.readFailures()).toEqual([{ cause: 'recipient-refused', count: 1 }])

  await fixture.clock.advance(24 * HOURS)
  expect(await queue.upkeep.readFailures()).toEqual([])
})
