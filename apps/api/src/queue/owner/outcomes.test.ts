import { afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { setMailbox } from '../../test-support/mailbox-state.ts'
import { ADA, useQueueFixture, FAILED, IN_DOUBT, QUEUED, SENT, VERSION } from '../../test-support/queue-fixture.ts'
import { MINUTES, SECONDS } from '../../test-support/test-clock.ts'
import { createTestQueue } from '../../test-support/test-queue.ts'
import type { MarkedMessage } from './marked-message.ts'
import type { Deliveries } from '../queue.ts'
import type { Settlement } from './settle.ts'
import { NO_DOUBT } from '../states.ts'

const fixture = useQueueFixture({ permissions: ['Mail.Send'] }) // a claim is an attempt at once
let store: Deliveries

beforeAll(() => {
  store = createTestQueue(fixture.database.pool).deliveries
})
beforeEach(() => fixture.clock.advance(1 * MINUTES))
afterEach(() => fixture.database.empty('messages', 'mailbox_usage', 'mailbox_cleanups'))

const DRAFT = {
  draftId: 'draft',
  internetMessageId: null,
  redirectedTo: null,
  mailbox: 'reports@contoso.com',
  from: 'ada@contoso.com',
  uploading: false,
}
const UPLOAD = { attached: 0, session: null }
/** Microsoft accepted the message, and asked for a pause of the mailbox. */
const SENT_THEN_PAUSE: Settlement = { ...SENT, pauseMailboxMs: 1 * MINUTES }

const throttled = (code: string): Settlement => ({
  ...QUEUED,
  attempt: { outcome: 'throttled', code, values: {}, detail: '' },
})
const claim = (owner: string, limit = 100) => store.claim(owner, limit)
const cleanups = () => fixture.database.query('SELECT item_id, kind FROM mailbox_cleanups')

/** Two messages that one worker sends. */
async function claimTwo(): Promise<[MarkedMessage, MarkedMessage]> {
  await Promise.all([fixture.submit(), fixture.submit()])
  const [one, other] = await claim('a')
  if (!one || !other) throw new Error('Two messages were due.')
  return [one, other]
}

/** A message whose process is taken for dead, and may still come late. */
async function claimAndAbandon(owner = 'late'): Promise<MarkedMessage> {
  await fixture.submit()
  const late = await fixture.claimOne(owner)
  await fixture.judgeAbandoned()
  return late
}

/** What the limits of mailboxes count. */
async function usage(): Promise<unknown> {
  const sums = 'SELECT coalesce(sum(messages), 0)::int AS messages, coalesce(sum(recipients), 0)::int AS recipients'
  return (await fixture.database.query(`${sums} FROM mailbox_usage`))[0]
}

// Claiming

it('marks the oldest first', async () => {
  const ids: string[] = []
  for (let index = 0; index < 5; index++) {
    ids.push(await fixture.submit())
    await fixture.clock.advance(1 * SECONDS)
  }

  expect((await claim('a', 2)).map(({ id }) => id).toSorted()).toEqual(ids.slice(0, 2).toSorted())
  expect((await claim('b', 3)).map(({ id }) => id).toSorted()).toEqual(ids.slice(2).toSorted())
})

it.each(['paused_until', 'no_access_until'])(
  'marks nothing that is not due, and nothing of a paused mailbox: %s',
  async (column) => {
    await fixture.submit({ sendAt: new Date(fixture.clock.now().getTime() + 1 * MINUTES) })
    expect(await claim('a')).toEqual([])

    await fixture.submit()
    await setMailbox(fixture.database, { [column]: new Date(fixture.clock.now().getTime() + 30 * SECONDS) })
    expect(await claim('a')).toEqual([])

    await fixture.clock.advance(30 * SECONDS)
    expect(await claim('a')).toHaveLength(1)
  },
)

it.each([
  { concurrency: 4, atOnce: 3 },
  { concurrency: 2, atOnce: 1 },
  { concurrency: 1, atOnce: 1 },
  { concurrency: 0, atOnce: 5 },
])('marks $atOnce large messages of a mailbox with $concurrency requests at once', async ({ concurrency, atOnce }) => {
  const limited = createTestQueue(fixture.database.pool, { limits: { concurrency } }).deliveries
  const claim = () => limited.claim('a', 100)
  for (let index = 0; index < 5; index++) await fixture.submit()
  await fixture.database.query(`UPDATE message_queue SET size = 'large'`)

  expect([...(await claim()), ...(await claim())]).toHaveLength(atOnce)

  await fixture.clock.advance(1 * SECONDS) // a small message that comes later may use the request that is left
  await fixture.submit()
  expect(await claim()).toHaveLength(concurrency === 1 ? 0 : 1)
})

// Taking over

it('puts a message in doubt whose process is gone: it is charged, and keeps its sender', async () => {
  const id = await fixture.submit()
  await fixture.claimOne('dead')
  expect(await usage()).toEqual({ messages: 0, recipients: 0 })

  expect(await fixture.newProcess().deliveries.judgeAbandoned()).toEqual({ abandoned: [id], moved: true, more: false })

  expect(await usage()).toEqual({ messages: 1, recipients: 3 })
  expect(await fixture.read(id)).toMatchObject({ status: 'queued', attempts: [{ outcome: 'unknown' }] })
  const doubt = { state: 'in-doubt', looks: 0 }
  expect(await fixture.claimOne('next')).toMatchObject({ id, doubt, attemptCount: 2, fromEmail: 'ada@contoso.com' })
})

// Outcomes

it.each([
  { what: 'nothing else', settlement: SENT, pauses: 0 },
  { what: 'a pause', settlement: SENT_THEN_PAUSE, pauses: 1 },
])('writes that a message was sent, and $what', async ({ settlement, pauses }) => {
  await fixture.submit()
  const message = await fixture.claimOne()
  await setMailbox(fixture.database, { troubled_since: fixture.clock.now() }, ADA)
  const [before] = await fixture.database.query<{ events: number }>(
    'SELECT count(*)::int AS events FROM message_events',
  )

  const settled = {
    message,
    settlement: { ...settlement, possibleDuplicate: true },
    fromEmail: 'other@contoso.com',
    internetMessageId: '<1@contoso.com>',
    ageMs: () => 5 * SECONDS,
  }
  expect(await store.settle(settled)).toBe(settled.settlement)
  expect(await store.settle(settled)).toBeNull()

  expect(
    await fixture.database.query(
      'SELECT outcome, from_email, possible_duplicate, problem, internet_message_id, sent_at, ended_at FROM messages',
    ),
  ).toEqual([
    {
      outcome: 'sent',
      from_email: 'other@contoso.com',
      possible_duplicate: true,
      problem: null,
      internet_message_id: '<1@contoso.com>',
      sent_at: new Date(fixture.clock.now().getTime() - 5 * SECONDS),
      ended_at: new Date(fixture.clock.now().getTime() - 5 * SECONDS),
    },
  ])
  expect(await fixture.database.query('SELECT FROM message_queue UNION ALL SELECT FROM message_contents')).toEqual([])
  expect(await usage()).toEqual({ messages: 1, recipients: 3 })
  expect(await fixture.database.query('SELECT 1 FROM mailboxes WHERE troubled_since IS NOT NULL')).toEqual([])
  expect(await fixture.database.query('SELECT 1 FROM mailboxes WHERE paused_until > mail_now()')).toHaveLength(pauses)
  expect(await fixture.database.query('SELECT count(*)::int AS events FROM message_events')).toEqual([
    { events: (before?.events ?? 0) + 1 },
  ])
})

it('writes in one batch that messages were sent with a draft and without', async () => {
  const [one, other] = await claimTwo()
  expect(await store.storeDraft(one, VERSION, { ...DRAFT, internetMessageId: '<draft@contoso.com>' })).toBe(true)

  expect(await Promise.all([fixture.settle(one, SENT), fixture.settle(other, SENT)])).toEqual([true, true])

  const sent = 'SELECT id, outcome, internet_message_id FROM messages ORDER BY internet_message_id'
  expect(await fixture.database.query(sent)).toEqual([
    { id: one.id, outcome: 'sent', internet_message_id: '<draft@contoso.com>' },
    { id: other.id, outcome: 'sent', internet_message_id: null },
  ])
  expect(await fixture.database.query('SELECT FROM message_drafts')).toEqual([])
})

it('writes to no index of messages when one was sent', async () => {
  const read = async () => (await fixture.database.query<Record<string, unknown>>('SELECT * FROM messages'))[0] ?? {}
  await fixture.submit()
  const before = await read()
  await fixture.settle(await fixture.claimOne(), SENT)
  const after = await read()

  const indexed = await fixture.database.query<{ name: string }>(
    `SELECT DISTINCT a.attname AS name FROM pg_depend d JOIN pg_index i ON i.indexrelid = d.objid
       JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE d.refobjid = 'messages'::regclass`,
  )
  expect(indexed).toContainEqual({ name: 'failed_at' })
  for (const { name } of indexed) expect(after[name]).toEqual(before[name])
  expect(after).toMatchObject({ outcome: 'sent' })
})

it('does not take a mailbox for troubled that sent another message of the same batch', async () => {
  const [one, other] = await claimTwo()

  expect(await Promise.all([fixture.settle(one, SENT), fixture.settle(other, QUEUED)])).toEqual([true, true])
  expect(await fixture.database.query('SELECT 1 FROM mailboxes WHERE troubled_since IS NOT NULL')).toEqual([])
})

it('does not lengthen later waits by attempts that were throttled', async () => {
  const id = await fixture.submit()
  for (let attempt = 0; attempt < 5; attempt++) await fixture.settle(await fixture.claimOne(), throttled('Busy'))

  expect(await fixture.claimOne('next')).toMatchObject({ id, attemptCount: 2 })
})

it('accepts the outcome of an attempt whose process was taken for dead, even while another worker looks for the message', async () => {
  const late = await claimAndAbandon()
  const looking = await fixture.claimOne('looking')

  expect(await fixture.settle(late, SENT)).toBe(true)
  const attempts = [{ outcome: 'unknown' }, { outcome: 'sent' }]
  expect(await fixture.read(late.id)).toMatchObject({ status: 'sent', attempts })
  expect(await usage()).toEqual({ messages: 1, recipients: 3 }) // charged when its process was gone, and not again
  expect(await fixture.settle(looking, SENT)).toBe(false)
})

it('accepts no outcome of an attempt once a later one has begun, and no outcome twice', async () => {
  const late = await claimAndAbandon()
  const current = await fixture.claimOne('current')
  expect(await store.clear(current, VERSION, true)).toBe(true)
  const before = await usage()

  expect(await fixture.settle(late, SENT_THEN_PAUSE)).toBe(false)
  expect(await fixture.read(late.id)).toMatchObject({ status: 'sending', attempts: [{ outcome: 'unknown' }] })
  const paused = await fixture.database.query('SELECT 1 FROM mailboxes WHERE paused_until IS NOT NULL')
  expect([paused, await usage()]).toEqual([[], before])

  expect(await fixture.settle(current, SENT_THEN_PAUSE)).toBe(true)
  expect(await fixture.read(late.id)).toMatchObject({ status: 'sent' })
  expect(await fixture.settle(current, SENT_THEN_PAUSE)).toBe(false)
})

it('accepts no outcome of an attempt once a later one has failed', async () => {
  const late = await claimAndAbandon()
  const current = await fixture.claimOne('current')
  expect(await store.clear(current, VERSION, true)).toBe(true)
  expect(await fixture.settle(current, FAILED)).toBe(true)

  expect(await fixture.settle(late, SENT)).toBe(false)
  expect(await fixture.read(late.id)).toMatchObject({ status: 'failed' })
})

it('learns that a message was sent after it had been stopped in doubt', async () => {
  const late = await claimAndAbandon()
  await fixture.settle(await fixture.claimOne('other'), FAILED)

  expect(await fixture.settle(late, SENT)).toBe(true)
  expect(await fixture.read(late.id)).toMatchObject({ status: 'sent', problem: null })
})

it.each(['first', 'last'])(
  'accepts a late outcome that comes %s in one batch with the outcome of a search for the message',
  async (position) => {
    const late = await claimAndAbandon()
    const looking = await fixture.claimOne('looking')
    const settlements = [
      () => fixture.settle(late, SENT),
      () => fixture.settle(looking, { ...IN_DOUBT, attempt: null, charged: false }),
    ]
    await Promise.all((position === 'first' ? settlements : settlements.toReversed()).map((settle) => settle()))

    const attempts = [{ outcome: 'unknown' }, { outcome: 'sent' }]
    expect(await fixture.read(late.id)).toMatchObject({ status: 'sent', attempts })
  },
)

it('writes the outcomes of a batch that are of the marks of their messages, and no others', async () => {
  const [one, other] = await claimTwo()
  const taken = { ...other, markId: 'somebody else' }

  expect(await Promise.all([fixture.settle(one, SENT), fixture.settle(taken, SENT)])).toEqual([true, false])
  expect((await fixture.read(one.id)).status).toBe('sent')
  expect((await fixture.read(other.id)).status).toBe('sending')
})

it('counts the times of an outcome from when it was known', async () => {
  const id = await fixture.submit()
  const message = await fixture.claimOne()
  const knownAt = fixture.clock.now().toISOString()
  await fixture.clock.advance(10 * MINUTES)

  await store.settle({ message, settlement: SENT, fromEmail: null, ageMs: () => 10 * MINUTES })

  expect(await fixture.read(id)).toMatchObject({ sentAt: knownAt, attempts: [{ at: knownAt }] })
})

it('merges equal attempts in a row, and keeps a hundred at most', async () => {
  const id = await fixture.submit()
  const settleAs = async (code: string) => fixture.settle(await fixture.claimOne(code), throttled(code))
  const firstAt = fixture.clock.now().toISOString()
  for (let times = 0; times < 3; times++) {
    await settleAs('Busy')
    await fixture.clock.advance(1 * SECONDS)
  }
  const at = new Date(fixture.clock.now().getTime() - 1 * SECONDS).toISOString()
  expect((await fixture.read(id)).attempts).toMatchObject([{ code: 'Busy', count: 3, firstAt, at }])

  for (let times = 0; times < 60; times++) {
    await settleAs('Other')
    await settleAs('Busy')
  }
  expect(await fixture.database.query('SELECT 1 FROM message_attempts WHERE message_id = $1', [id])).toHaveLength(100)
})

// Clearing requests

it('clears no request under settings that have changed, or by another mark', async () => {
  await fixture.submit()
  const message = await fixture.claimOne()
  expect(message.clearedVersion).toBe(VERSION)

  expect(await store.clear(message, VERSION + 1, true)).toBe(false)
  expect(await store.clear({ ...message, markId: 'b' }, VERSION, true)).toBe(false)
  expect(await store.clear(message, VERSION, true)).toBe(true)
})

it('clears a request for the mark of its message alone, even if a former one asks at the same moment', async () => {
  const lapsed = await claimAndAbandon('lapsed')
  const holder = await fixture.claimOne('holder')
  const asked = [store.clear(lapsed, VERSION, true), store.clear(holder, VERSION, true)]

  expect(await Promise.all(asked)).toEqual([false, true])
})

it('is in no doubt about a message whose last request could not send it', async () => {
  await fixture.submit()
  const refused = await fixture.claimOne('refused')
  expect(await store.clear(refused, VERSION, false)).toBe(true)
  await fixture.judgeAbandoned()

  expect(await fixture.claimOne('next')).toMatchObject({ id: refused.id, doubt: NO_DOUBT })
})

// Drafts

it('stores a draft for the mark of its message only, and searches later for one that was made under a former one', async () => {
  const late = await claimAndAbandon()
  const { mailboxes } = fixture.queue
  expect(await mailboxes.mayHaveLeftDraft(late.tenantId, late.id, DRAFT.mailbox)).toBe(true)
  const current = await fixture.claimOne('current')
  expect(await mailboxes.mayHaveLeftDraft(current.tenantId, current.id, DRAFT.mailbox)).toBe(false)

  const ofFormer = { ...DRAFT, draftId: 'of the former holder', wasStray: true }
  expect(await store.storeDraft(late, VERSION, ofFormer)).toBe(false)
  expect(await store.storeDraft(current, VERSION, DRAFT)).toBe(true)
  const drafts = await fixture.database.query('SELECT message_id, draft_id FROM message_drafts')
  expect(drafts).toEqual([{ message_id: late.id, draft_id: 'draft' }])
  expect(await cleanups()).toEqual([{ item_id: late.id, kind: 'stray' }])
})

it('searches for no draft whose id is stored, and deletes one that another took the place of', async () => {
  await fixture.submit()
  const message = await fixture.claimOne()
  await fixture.queue.mailboxes.mayHaveLeftDraft(message.tenantId, message.id, DRAFT.mailbox)

  expect(await store.storeDraft(message, VERSION, { ...DRAFT, wasStray: true })).toBe(true)
  expect(await cleanups()).toEqual([])
  expect(await store.storeDraft(message, VERSION, { ...DRAFT, draftId: null, leavesFormer: true })).toBe(true)
  expect(await cleanups()).toEqual([{ item_id: 'draft', kind: 'draft' }])
})

it('queues the deletion of a draft that was made while its message was cancelled', async () => {
  const id = await fixture.submit()
  const message = await fixture.claimOne()
  await fixture.database.query('DELETE FROM message_queue WHERE message_id = $1', [id])
  await fixture.database.query(`UPDATE messages SET outcome = 'cancelled' WHERE id = $1`, [id])

  await store.storeDraft(message, VERSION, { ...DRAFT, uploading: true })

  expect(await cleanups()).toEqual([{ item_id: 'draft', kind: 'draft' }])
})

it('takes no further step of a draft for a process that was taken for dead, while its mark is still there', async () => {
  await fixture.submit()
  const message = await fixture.claimOne()
  const filling = { ...DRAFT, uploading: true }
  expect(await store.storeDraft(message, VERSION, filling)).toBe(true)
  await fixture.database.query('DELETE FROM owners WHERE id IN (SELECT marked_by FROM message_queue)')

  expect(await store.storeUpload(message, VERSION, { ...UPLOAD, position: 9 }, 9)).toBe(false)
  expect(await store.finishUpload(message, VERSION)).toBe(false)
  expect(await store.storeDraft(message, VERSION, { ...filling, draftId: 'another' })).toBe(false)
  expect(await cleanups()).toEqual([{ item_id: 'another', kind: 'draft' }])
})

it('ends the trouble of a mailbox when an upload gets further, and not when it starts over', async () => {
  await fixture.submit()
  const message = await fixture.claimOne()
  await store.storeDraft(message, VERSION, { ...DRAFT, uploading: true })
  await setMailbox(fixture.database, { troubled_since: fixture.clock.now() }, ADA)
  const troubled = () => fixture.database.query('SELECT 1 FROM mailboxes WHERE troubled_since IS NOT NULL')

  expect(await store.storeUpload(message, VERSION, { ...UPLOAD, position: 0 }, 0)).toBe(true)
  expect(await troubled()).toHaveLength(1)
  expect(await store.storeUpload({ ...message, markId: 'b' }, VERSION, { ...UPLOAD, position: 9 }, 9)).toBe(false)
  expect(await troubled()).toHaveLength(1)
  expect(await store.storeUpload(message, VERSION, { ...UPLOAD, position: 9 }, 9)).toBe(true)
  expect(await troubled()).toEqual([])
})

it('says which outcomes of a batch were written where the database refused the others', async () => {
  for (let n = 0; n < 2; n++) await fixture.submit()
  const [refused, accepted] = await fixture.claim(2)
  if (!refused || !accepted) throw new Error('Two were due.')
  const problem = { title: 'No', detail: 'No.', action: 'Act.', values: {}, correlationId: null }
  await fixture.database.query(`ALTER TABLE messages ADD CONSTRAINT none_sent CHECK (outcome <> 'sent') NOT VALID`)
  const repair = () => fixture.database.query('ALTER TABLE messages DROP CONSTRAINT IF EXISTS none_sent')
  onTestFinished(async () => void (await repair()))

  const [ofRefused, ofAccepted] = await Promise.allSettled([
    fixture.settle(refused, { ...QUEUED, refusal: { by: 'token', problem } }),
    fixture.settle(accepted, SENT),
  ])

  expect(ofRefused).toEqual({ status: 'fulfilled', value: true })
  expect(ofAccepted).toMatchObject({ status: 'rejected', reason: { constraint: 'none_sent' } })
  await repair()
  expect(await fixture.settle(accepted, SENT)).toBe(true)
})
