import { afterEach, beforeEach, expect, it } from 'vitest'
import {
  ADA,
  BEN,
  useQueueFixture,
  FAILED,
  QUEUED,
  RECIPIENT_REFUSED,
  SENT,
  UNCONNECTED,
  VERSION,
  type QueueFixture,
} from '../../test-support/queue-fixture.ts'
import { MINUTES, SECONDS } from '../../test-support/test-clock.ts'

const ACTOR = { tenantId: ADA, service: null, userId: null }
const DRAFT = {
  draftId: 'draft',
  internetMessageId: null,
  from: 'ada@contoso.com',
  redirectedTo: null,
  mailbox: 'reports@contoso.com',
  uploading: true,
}

const fixture = useQueueFixture()
beforeEach(async () => {
  await fixture.clock.advance(1 * MINUTES)
  await fixture.addDataKey('dky_1')
})
afterEach(() => fixture.database.empty('messages', 'mailbox_cleanups', 'mailbox_usage', 'data_keys'))

const at = (ms: number) => new Date(fixture.clock.now().getTime() + ms)
const expiring = (changes: Parameters<QueueFixture['submit']>[0] = {}) =>
  fixture.submit({ expiresAt: at(1 * MINUTES), ...changes })
const failExpired = () => fixture.queue.upkeep.failExpired()

it('fails what is queued, scheduled or held when its time is over, and deletes its content', async () => {
  const ids = [
    await expiring(),
    await expiring({ sendAt: at(59 * SECONDS) }),
    await expiring({ tenantId: UNCONNECTED }),
    await expiring({ tenantId: BEN }),
  ]
  const inTime = [await fixture.submit(), await expiring({ expiresAt: at(61 * SECONDS) })]
  expect(await failExpired()).toEqual({ expired: [], more: false })

  await fixture.clock.advance(1 * MINUTES)

  const { expired, more } = await failExpired()
  expect(new Set(expired)).toEqual(new Set(ids.map((id) => ({ id, code: 'expired' }))))
  expect(more).toBe(false)
  const [first = ''] = ids
  expect(await fixture.read(first)).toMatchObject({
    status: 'failed',
    problem: { code: 'expired' },
    possibleDuplicate: false,
  })
  for (const id of inTime) expect(await fixture.read(id)).toMatchObject({ status: 'queued' })
  expect(await fixture.database.query('SELECT message_id AS id FROM message_contents ORDER BY 1')).toEqual(
    inTime.toSorted().map((id) => ({ id })),
  )
  expect(await fixture.queue.upkeep.readFailures()).toEqual([{ cause: 'expired', count: 4 }])
  expect(
    await fixture.database.query(`SELECT tenant_id, count FROM alert_events WHERE type = 'message.failed' ORDER BY 1`),
  ).toEqual([ADA, BEN, UNCONNECTED].map((tenant) => ({ tenant_id: tenant, count: tenant === ADA ? 2 : 1 })))
})

it.each([
  ['in chunks', true],
  ['in one piece', false],
])('deletes the large contents of a few messages at once only, %s', async (_, chunked) => {
  for (let n = 0; n < 20; n++) await expiring({ storedBytes: 4_500_000 })
  await fixture.database.query('UPDATE message_contents SET chunked = $1', [chunked])
  await fixture.clock.advance(1 * MINUTES)

  const batches = [await failExpired(), await failExpired(), await failExpired()]

  expect(batches.map(({ expired, more }) => [expired.length, more])).toEqual([
    [14, true],
    [6, false],
    [0, false],
  ])
})

it('lets a request that is under way finish, and begins no other', async () => {
  await expiring()
  const message = await fixture.claimOne()
  const { deliveries } = fixture.queue
  expect(await deliveries.clear(message, VERSION, true)).toBe(true)
  await fixture.clock.advance(1 * MINUTES)

  expect((await failExpired()).expired).toEqual([])
  expect(await deliveries.clear(message, VERSION, true)).toBe(false)
  expect(await fixture.settle(message, SENT)).toBe(true)
  expect(await fixture.read(message.id)).toMatchObject({ status: 'sent' })
})

it('leaves a draft unsent that is not complete in time, and has it deleted', async () => {
  await expiring({ attachmentBytes: 5_000_000, storedBytes: 5_000_000 })
  const message = await fixture.claimOne()
  const { deliveries } = fixture.queue
  const upload = { attached: 0, session: null, position: 10 }
  expect(await deliveries.storeDraft(message, VERSION, DRAFT)).toBe(true)
  expect(await deliveries.storeUpload(message, VERSION, upload, 10)).toBe(true)
  await fixture.clock.advance(1 * MINUTES)

  expect(await deliveries.storeUpload(message, VERSION, { ...upload, position: 20 }, 20)).toBe(false)
  expect(await deliveries.finishUpload(message, VERSION)).toBe(false)
  expect(await deliveries.storeDraft(message, VERSION, { ...DRAFT, draftId: 'other' })).toBe(false)
  await fixture.settle(message, { ...QUEUED, attempt: null })
  expect((await failExpired()).expired).toEqual([{ id: message.id, code: 'expired' }])
  expect(await fixture.database.query(`SELECT item_id, kind FROM mailbox_cleanups ORDER BY 1`)).toEqual([
    { item_id: 'draft', kind: 'draft' },
    { item_id: 'other', kind: 'draft' },
  ])
})

it('retries a failed message in time only, and says of a second copy that it may have been sent', async () => {
  const problem = { ...RECIPIENT_REFUSED, code: 'outcome-unknown' } as const
  const ids = [await expiring(), await expiring()]
  for (const message of await fixture.claim(2)) await fixture.settle(message, { ...FAILED, problem })
  const [retried = '', late = ''] = ids
  const retry = (id: string) => fixture.queue.messages.retry(ACTOR, id, fixture.clock.now())
  expect(await retry(retried)).toBe(true)
  await fixture.clock.advance(1 * MINUTES)

  expect(await retry(late)).toBe(false)
  expect((await failExpired()).expired).toEqual([{ id: retried, code: 'outcome-unknown' }])
  expect(await retry(retried)).toBe(false)
})

it('does not wait for a message that somebody has in hand, such as to cancel it', async () => {
  const id = await expiring()
  await fixture.clock.advance(1 * MINUTES)
  const release = await fixture.database.lockRow('message_queue', id, 'message_id')

  expect((await failExpired()).expired).toEqual([])
  await release()
  expect((await failExpired()).expired).toHaveLength(1)
  expect(await fixture.queue.messages.cancel(ACTOR, id, fixture.clock.now())).toBe(false)
})
