import { adminPlaces } from '@inforiver-mail/m365/admin-places'
import type pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { setMailbox } from '../test-support/mailbox-state.ts'
import { createTestClock, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { createTestPool } from '../test-support/test-database.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { planSettlement, type SettlementContext } from '../delivery/plan-settlement.ts'
import { LEASE_MS } from './claim.ts'
import type { LeasedMessage } from './leased-message.ts'
import type { Deliveries } from './queue.ts'
import { NO_DOUBT } from './states.ts'

const clock = createTestClock()

let ground: TestGround
let product: TestProduct
let service: ServiceClient
let pool: pg.Pool
let store: Deliveries
/** Of the settings. */
let version: number

beforeAll(async () => {
  ground = await createTestGround({ clock })
  product = await ground.startProduct({ environment: { ROLE: 'api' } })
  await connectMailbox(product)
  service = await createServiceClient(product)
  pool = createTestPool(ground.database.url, 5)
  const [settings] = await ground.database.query<{ version: number }>('SELECT version FROM tenant_settings')
  version = settings?.version ?? 0
  store = createTestQueue(pool, { url: ground.database.url }).deliveries
})
afterAll(async () => {
  await pool.end()
  await ground.close()
})
beforeEach(() => clock.advance(1 * MINUTES))
afterEach(() => ground.database.empty('messages', 'mailbox_usage', 'mailbox_cleanups'))

async function claim(owner: string, limit = 100): Promise<LeasedMessage[]> {
  return store.claim(owner, limit)
}

async function claimOne(owner: string): Promise<LeasedMessage> {
  const [message] = await claim(owner)
  if (!message) throw new Error('Nothing was due.')
  return message
}

/** What the limits of mailboxes count. */
async function usage(): Promise<unknown> {
  const counted = 'SELECT coalesce(sum(messages), 0)::int AS messages, coalesce(sum(recipients), 0)::int AS recipients'
  return (await ground.database.query(`${counted} FROM mailbox_usage`))[0]
}

function sent(message: LeasedMessage) {
  const result = {
    type: 'sent',
    retryAfter: new Date(clock.now().getTime() + 1 * MINUTES),
    detail: 'Accepted.',
  } as const
  return {
    message,
    settlement: planSettlement(message, result, surroundings()),
    fromEmail: 'ada@contoso.com',
    ageMs: () => 0,
  }
}

function surroundings(): SettlementContext {
  const places = adminPlaces('https://login.microsoftonline.com', 'https://graph.microsoft.com')
  return { now: clock.now(), random: () => 0.5, places }
}

/** Sent, with no pause. */
const ENDED = planSettlement(
  { attemptCount: 1, tryingMs: 0, doubt: NO_DOUBT, possibleDuplicate: false, onUnknownOutcome: 'retry' },
  { type: 'sent', retryAfter: null, detail: 'Accepted.' },
  surroundings(),
)

it('leases each message to one worker, however many ask at once', async () => {
  const submitted = await Promise.all(Array.from({ length: 40 }, () => service.submit()))

  const leased = []
  while (leased.length < submitted.length) {
    const claims = await Promise.all(['a', 'b', 'c', 'd'].map((owner) => claim(owner, 7)))
    leased.push(...claims.flat())
  }

  expect(new Set(leased.map(({ id }) => id))).toEqual(new Set(submitted.map(({ id }) => id)))
  expect(leased).toHaveLength(submitted.length)
  expect(await claim('e')).toEqual([])
})

it('leases the oldest first', async () => {
  const ids: string[] = []
  for (let index = 0; index < 5; index++) {
    ids.push((await service.submit()).id)
    await clock.advance(1 * SECONDS)
  }

  expect((await claim('a', 2)).map(({ id }) => id).toSorted()).toEqual(ids.slice(0, 2).toSorted())
  expect((await claim('b', 3)).map(({ id }) => id).toSorted()).toEqual(ids.slice(2).toSorted())
})

it.each(['paused_until', 'no_access_until'])(
  'leases nothing that is not due, and nothing of a mailbox that rests: %s',
  async (rests) => {
    await service.submit({ sendAt: new Date(clock.now().getTime() + 1 * MINUTES).toISOString() })
    expect(await claim('a')).toEqual([])

    await service.submit()
    const until = new Date(clock.now().getTime() + 30 * SECONDS)
    await setMailbox(ground.database, { [rests]: until })
    expect(await claim('a')).toEqual([])

    await clock.advance(30 * SECONDS)
    expect(await claim('a')).toHaveLength(1)
  },
)

it('passes over a mailbox that another process is looking at', async () => {
  await service.submit()
  const [tenant] = await ground.database.query<{ id: string }>('SELECT id FROM tenants')
  const release = await ground.database.lockMailbox(tenant?.id ?? '')

  expect(await claim('a')).toEqual([])

  await release()
  expect(await claim('a')).toHaveLength(1)
})

it.each([
  { concurrency: 4, atOnce: 3 },
  { concurrency: 2, atOnce: 1 },
  { concurrency: 1, atOnce: 1 },
  { concurrency: 0, atOnce: 5 },
])('leases $atOnce large messages of a mailbox with $concurrency requests at once', async ({ concurrency, atOnce }) => {
  const limited = createTestQueue(pool, { limits: { concurrency } }).deliveries
  const lease = async () => limited.claim('a', 100)
  for (let index = 0; index < 5; index++) await service.submit()
  await ground.database.query(`UPDATE message_queue SET size = 'large'`)

  const leased = [...(await lease()), ...(await lease())]
  expect(leased).toHaveLength(atOnce)

  await clock.advance(1 * SECONDS) // a small one that comes later is leased all the same, where there is a place
  await service.submit()
  expect(await lease()).toHaveLength(concurrency === 1 ? 0 : 1)
})

it('spends the allowance of a mailbox once, however many ask at once', async () => {
  const limited = createTestQueue(pool, { limits: { concurrency: 4 } }).deliveries
  await Promise.all(Array.from({ length: 80 }, () => service.submit()))
  const sending = 'SELECT 1 FROM message_queue WHERE lease_owner IS NOT NULL'
  const most = []
  for (let ended = 0; ended < 80;) {
    const claims = Array.from({ length: 4 }, (_, index) => limited.claim(`${ended} ${index}`, 64))
    const leased = (await Promise.all(claims)).flat()
    most.push((await ground.database.query(sending)).length)
    await Promise.all(leased.map((message) => limited.settle({ ...sent(message), settlement: ENDED })))
    ended += leased.length
  }

  expect(Math.max(...most)).toBe(4)
})

it('takes a message back when its lease has run out, and notes the doubt', async () => {
  const { id } = await service.submit()
  await claimOne('dead')

  await clock.advance(LEASE_MS)
  expect(await store.recover()).toMatchObject({ abandoned: [], moved: false })
  await clock.advance(1)
  expect(await store.recover()).toEqual({ abandoned: [id], moved: true, more: false })

  expect(await service.read(id)).toMatchObject({ status: 'queued', attempts: [{ outcome: 'unknown' }] })
  expect(await claimOne('next')).toMatchObject({ id, doubt: { state: 'in-doubt', looks: 0 }, attemptCount: 2 })
})

it('lengthens no later wait by turns that were throttled', async () => {
  const { id } = await service.submit()
  for (let turn = 0; turn < 5; turn++) {
    const message = await claimOne(`turn ${turn}`)
    const failure = {
      outcome: 'throttled',
      retryAfter: clock.now(),
      microsoftCode: null,
      requestId: null,
      detail: '',
    } as const
    const settlement = planSettlement(message, { type: 'failure', failure, canLookUp: false }, surroundings())
    await store.settle({ message, settlement, fromEmail: null, ageMs: () => 0 })
  }
  expect(await claimOne('next')).toMatchObject({ id, attemptCount: 2 })
})

it('takes the outcome of an attempt whose lease ran out, also while another process looks for the message', async () => {
  const { id } = await service.submit()
  const late = await claimOne('late')
  await clock.advance(LEASE_MS + 1)
  await store.recover()
  const looking = await claimOne('looking')

  expect(await store.settle(sent(late))).toBe(true)
  expect(await service.read(id)).toMatchObject({
    status: 'sent',
    attempts: [{ outcome: 'unknown' }, { outcome: 'sent' }],
  })
  expect(await store.settle(sent(looking))).toBe(false)
})

it('takes no outcome of an attempt once a later one has begun, nor one twice', async () => {
  const { id } = await service.submit()
  const late = await claimOne('late')
  await clock.advance(LEASE_MS + 1)
  await store.recover()
  const current = await claimOne('current')
  expect(await store.clear(current, version, true)).toBe(true)
  const before = await usage()

  expect(await store.settle(sent(late))).toBe(false)
  expect(await service.read(id)).toMatchObject({ status: 'sending', attempts: [{ outcome: 'unknown' }] })
  const [paused] = await ground.database.query('SELECT 1 FROM mailboxes WHERE paused_until > $1', [clock.now()])
  expect([paused, await usage()]).toEqual([undefined, before])

  expect(await store.settle(sent(current))).toBe(true)
  expect(await service.read(id)).toMatchObject({ status: 'sent' })
  expect(await store.settle(sent(current))).toBe(false)
})

it('counts an attempt for the limits when its lease runs out, and not again when its outcome comes late', async () => {
  await service.submit({ to: ['max@contoso.com', 'grace@contoso.com'] })
  const late = await claimOne('late')
  expect(await usage()).toEqual({ messages: 0, recipients: 0 })

  await clock.advance(LEASE_MS + 1)
  await store.recover()
  expect(await usage()).toEqual({ messages: 1, recipients: 2 })

  expect(await store.settle({ ...sent(late), settlement: { ...ENDED, charged: true } })).toBe(true)
  expect(await usage()).toEqual({ messages: 1, recipients: 2 })
})

it('learns that a message was sent after it was stopped for being in doubt', async () => {
  const { id } = await service.submit({ onUnknownOutcome: 'stop' })
  const late = await claimOne('late')
  await clock.advance(LEASE_MS + 1)
  await store.recover()
  const other = await claimOne('other')
  const stopped = planSettlement(other, { type: 'stopped' }, surroundings())
  await store.settle({ message: other, settlement: stopped, fromEmail: null, ageMs: () => 0 })

  expect(await store.settle(sent(late))).toBe(true)
  expect(await service.read(id)).toMatchObject({ status: 'sent', problem: null })
})

it('counts the times of an outcome from when it was known', async () => {
  const { id } = await service.submit()
  const message = await claimOne('a')
  const knownAt = clock.now()
  await clock.advance(10 * MINUTES)

  await store.settle({ ...sent(message), ageMs: () => 10 * MINUTES })

  expect(await service.read(id)).toMatchObject({
    sentAt: knownAt.toISOString(),
    attempts: [{ at: knownAt.toISOString() }],
  })
})

it('begins no request under settings that have changed, or without the lease', async () => {
  await service.submit()
  const message = await claimOne('a')
  expect(message.clearedVersion).toBe(version)

  expect(await store.clear(message, version + 1, true)).toBe(false)
  expect(await store.clear({ ...message, leaseOwner: 'b' }, version, true)).toBe(false)
  expect(await store.clear(message, version, true)).toBe(true)
})

it('makes one attempt of those that come to the same, and keeps a hundred at most', async () => {
  const { id } = await service.submit()
  const settleAs = async (microsoftCode: string) => {
    const message = await claimOne(microsoftCode)
    const failure = {
      outcome: 'throttled',
      retryAfter: clock.now(),
      microsoftCode,
      requestId: null,
      detail: '',
    } as const
    const settlement = planSettlement(message, { type: 'failure', failure, canLookUp: false }, surroundings())
    await store.settle({ message, settlement, fromEmail: null, ageMs: () => 0 })
  }
  const firstAt = clock.now().toISOString()
  for (let times = 0; times < 3; times++) {
    await settleAs('Busy')
    await clock.advance(1 * SECONDS)
  }
  const at = new Date(clock.now().getTime() - 1 * SECONDS).toISOString()
  expect((await service.read(id)).attempts).toMatchObject([{ code: 'Busy', count: 3, firstAt, at }])

  for (let times = 0; times < 60; times++) {
    await settleAs('Other')
    await settleAs('Busy')
  }
  const rows = await ground.database.query('SELECT 1 FROM message_attempts WHERE message_id = $1', [id])
  expect(rows).toHaveLength(100)
})

it('writes the outcomes of a batch that are its holder’s, and leaves the others', async () => {
  await Promise.all([service.submit(), service.submit()])
  const [one, other] = await claim('a')
  if (!one || !other) throw new Error('Two messages were due.')
  const taken = { ...other, leaseOwner: 'somebody else' }

  expect(await Promise.all([store.settle(sent(one)), store.settle(sent(taken))])).toEqual([true, false])
  expect((await service.read(one.id)).status).toBe('sent')
  expect((await service.read(other.id)).status).toBe('sending')
})

it('renews only leases that are still held', async () => {
  await Promise.all([service.submit(), service.submit()])
  const [kept, lost] = await claim('a')
  if (!kept || !lost) throw new Error('Two messages were due.')
  await store.settle(sent(lost))

  await clock.advance(30 * SECONDS)
  expect(await store.renew([kept, lost])).toEqual(new Set([kept.id]))

  await clock.advance(30 * SECONDS)
  expect((await store.recover()).abandoned).toEqual([])
})

it('stores a draft only for the holder of the lease', async () => {
  const { id } = await service.submit()
  const late = await claimOne('late')
  await clock.advance(LEASE_MS + 1)
  await store.recover()
  const current = await claimOne('current')

  const draft = { from: 'ada@contoso.com', internetMessageId: null, uploading: false }
  expect(await store.storeDraft(late, version, { ...draft, draftId: 'draft-of-the-late-one' })).toBe(false)
  expect(await store.storeDraft(current, version, { ...draft, draftId: 'draft' })).toBe(true)
  const rows = await ground.database.query('SELECT draft_id FROM message_drafts WHERE message_id = $1', [id])
  expect(rows).toEqual([{ draft_id: 'draft' }])
})

it('takes a mailbox for out of trouble when an upload gets further, and not when it begins anew', async () => {
  await service.submit()
  const message = await claimOne('a')
  await store.storeDraft(message, version, {
    draftId: 'draft',
    from: 'ada@contoso.com',
    internetMessageId: null,
    uploading: true,
  })
  await setMailbox(ground.database, { troubled_since: clock.now() })
  const troubled = () => ground.database.query('SELECT 1 FROM mailboxes WHERE troubled_since IS NOT NULL')
  const upload = { attached: 0, session: null }

  expect(await store.storeUpload(message, version, { ...upload, position: 0 }, 0)).toBe(true)
  expect(await troubled()).toHaveLength(1)
  expect(await store.storeUpload({ ...message, leaseOwner: 'b' }, version, { ...upload, position: 9 }, 9)).toBe(false)
  expect(await troubled()).toHaveLength(1)
  expect(await store.storeUpload(message, version, { ...upload, position: 9 }, 9)).toBe(true)
  expect(await troubled()).toEqual([])
})

it('has the draft deleted that was made while its message was cancelled', async () => {
  const { id } = await service.submit()
  const message = await claimOne('a')
  await ground.database.query('DELETE FROM message_queue WHERE message_id = $1', [id])
  await ground.database.query(`UPDATE messages SET outcome = 'cancelled' WHERE id = $1`, [id])

  await store.storeDraft(message, version, {
    draftId: 'too-late',
    from: 'ada@contoso.com',
    internetMessageId: null,
    uploading: true,
  })

  const rows = await ground.database.query('SELECT item_id, kind FROM mailbox_cleanups')
  expect(rows).toEqual([{ item_id: 'too-late', kind: 'draft' }])
})

it('has a draft looked for, once its message needs none, that was made by a former holder of the lease', async () => {
  const { id } = await service.submit()
  const late = await claimOne('late')
  await clock.advance(LEASE_MS + 1)
  await store.recover()
  await claimOne('current')

  const draft = { draftId: 'nobody-knows-it', from: 'ada@contoso.com', internetMessageId: null, uploading: false }
  await store.storeDraft(late, version, draft)

  const rows = await ground.database.query('SELECT item_id, kind FROM mailbox_cleanups')
  expect(rows).toEqual([{ item_id: id, kind: 'stray' }])
})

it('puts back without a doubt what was claimed by a statement whose answer was lost', async () => {
  const { id } = await service.submit()
  await claim('unanswered')
  await store.giveBack('unanswered')

  expect(await service.read(id)).toMatchObject({ status: 'queued', attempts: [] })
  expect(await claimOne('next')).toMatchObject({ id, doubt: NO_DOUBT, attemptCount: 1 })
})

it('clears a message for the holder of its lease alone, where an earlier holder asks in the same moment', async () => {
  await service.submit()
  const lapsed = await claimOne('lapsed')
  await clock.advance(LEASE_MS + 1)
  await store.recover()
  const holder = await claimOne('holder')

  const asked = [store.clear(lapsed, version, true), store.clear(holder, version, true)]

  expect(await Promise.all(asked)).toEqual([false, true])
})

it.each(['first', 'last'])(
  'takes the outcome of a late attempt that comes %s in one batch with a look for it',
  async (place) => {
    const { id } = await service.submit()
    const late = await claimOne('late')
    await clock.advance(LEASE_MS + 1)
    await store.recover()
    const looking = await claimOne('looking')
    const notFound = planSettlement(looking, { type: 'not-found' }, surroundings())
    const look = { message: looking, settlement: notFound, fromEmail: null, ageMs: () => 0 }

    const [one, other] = place === 'first' ? [sent(late), look] : [look, sent(late)]
    await Promise.all([store.settle(one), store.settle(other)])

    expect(await service.read(id)).toMatchObject({
      status: 'sent',
      attempts: [{ outcome: 'unknown' }, { outcome: 'sent' }],
    })
  },
)
it('counts a message against the limits that may have been sent by a worker that died', async () => {
  await service.submit()
  await claimOne('dead')
  await clock.advance(LEASE_MS + 1)
  await store.recover()

  const usage = await ground.database.query('SELECT messages, recipients FROM mailbox_usage')
  expect(usage).toEqual([{ messages: 1, recipients: 1 }])
})

it('knows the sender of an attempt whose worker died', async () => {
  await service.submit()
  await claimOne('dead')
  await clock.advance(LEASE_MS + 1)
  await store.recover()

  expect((await claimOne('next')).fromEmail).toBe('ada@contoso.com')
})

it('is in no doubt about a message that went another way, after a request that was refused', async () => {
  const { id } = await service.submit()
  const refused = await claimOne('refused')
  expect(await store.clear(refused, version, false)).toBe(true)
  await clock.advance(LEASE_MS + 1)
  await store.recover()

  expect(await claimOne('next')).toMatchObject({ id, doubt: NO_DOUBT })
})

it('marks what is sent in spite of a doubt before it is sent, since the worker may die', async () => {
  const { id } = await service.submit()
  const message = await claimOne('a')
  expect(await store.clear(message, version, true, true)).toBe(true)

  expect(await service.read(id)).toMatchObject({ possibleDuplicate: true })
})
