import { MessageEventType } from '@inforiver-mail/contract/message-event'
import { beforeEach, expect, it } from 'vitest'
import {
  ADA,
  BEN,
  useQueueFixture,
  FAILED,
  HELD,
  SENT,
  UNCONNECTED,
  VERSION,
} from '../../test-support/queue-fixture.ts'
import { HOURS, MINUTES, SECONDS } from '../../test-support/test-clock.ts'
import { createForgetStore } from '../../vault/forget-store.ts'
import { SEALED_COLUMNS } from '../../sealed-columns.ts'
import { BEFORE_ALL_EVENTS, placeOf, positionOf, type EventFilter, type EventPlace } from './events.ts'
import { regroupHeld, WAITS_FOR_CONNECTION } from '../changes/release.ts'
import { failUnsent } from '../changes/not-resent.ts'

const ALL: EventFilter = { types: MessageEventType.options, services: null }
const PERSON = { service: null, userId: null }
const DAYS = 24 * HOURS

const fixture = useQueueFixture()
beforeEach(async () => {
  await fixture.database.empty('messages', 'message_events')
  await fixture.clock.advance(1 * MINUTES)
})

async function read(tenantId = ADA, after: EventPlace = BEFORE_ALL_EVENTS, limit = 1_000, filter = {}) {
  const page = await fixture.queue.events.read(tenantId, after, limit, { ...ALL, ...filter })
  if (page === null) throw new Error('The place is in the future.')
  return page
}

/** The types of the events of a message, oldest first. */
async function became(messageId: string, tenantId = ADA): Promise<string[]> {
  const { events } = await read(tenantId)
  return events.flatMap(({ event }) => (event.messageId === messageId ? event.type.replace('message.', '') : []))
}

// What happens

it('tells that a message was sent, with all that a receiver needs to recognise it', async () => {
  const id = await fixture.submit({ reference: 'run-42' })
  await fixture.settle(await fixture.claimOne(), { ...SENT, possibleDuplicate: true })

  const { events } = await read()

  expect(events.map(({ event }) => event)).toEqual([
    {
      id: expect.stringMatching(/^evt_[0-9a-f]{32}$/),
      type: 'message.sent',
      at: fixture.clock.now().toISOString(),
      messageId: id,
      reference: 'run-42',
      service: 'reports',
      recipient: null,
      code: null,
      detail: null,
      possibleDuplicate: true,
    },
  ])
})

it('tells why a message failed, also that it was sent after all, and tells nothing of a retry', async () => {
  const id = await fixture.submit()
  const first = await fixture.claimOne('first')
  await fixture.queue.deliveries.clear(first, VERSION, true)
  await fixture.judgeAbandoned()
  await fixture.settle(await fixture.claimOne('second'), FAILED)
  const { events } = await read()
  expect(events).toMatchObject([{ event: { type: 'message.failed', code: 'recipient-refused', detail: 'No' } }])

  await fixture.settle(first, SENT)
  expect(await became(id)).toEqual(['failed', 'sent'])

  const other = await fixture.submit()
  for (let round = 0; round < 2; round++) {
    await fixture.settle(await fixture.claimOne(), FAILED)
    await fixture.queue.messages.retry({ ...PERSON, tenantId: ADA }, other, fixture.clock.now())
  }
  expect(await became(other)).toEqual(['failed', 'failed'])
})

it('tells that a message is held and released, once each, whatever the reason becomes meanwhile', async () => {
  const other = await fixture.submit()
  await fixture.settle(await fixture.claimOne(), HELD)
  await fixture.queue.deliveries.release()
  expect(await became(other)).toEqual(['held', 'released'])

  const id = await fixture.submit({ tenantId: UNCONNECTED })
  const hold = (because: 'app-misconfigured' | null) =>
    fixture.opened.prisma.$transaction((transaction) =>
      regroupHeld(transaction, UNCONNECTED, WAITS_FOR_CONNECTION, because),
    )
  await hold('app-misconfigured')
  await hold(null)

  expect(await became(id, UNCONNECTED)).toEqual(['held', 'released'])
  expect((await read(UNCONNECTED)).events).toMatchObject([
    { event: { code: 'not-configured' } },
    { event: { code: null } },
  ])
})

it('tells of a held message whose time was over before anybody looked that it failed, not that it was released', async () => {
  const id = await fixture.submit({ expiresAt: new Date(fixture.clock.now().getTime() + 1 * MINUTES) })
  await fixture.settle(await fixture.claimOne(), HELD)
  await fixture.clock.advance(2 * MINUTES)

  await fixture.queue.deliveries.release()

  expect(await became(id)).toEqual(['held', 'failed'])
})

it('tells that a message was cancelled, lost its content, or was not sent after a restore', async () => {
  const cancelled = await fixture.submit()
  await fixture.queue.messages.cancel({ ...PERSON, tenantId: ADA }, cancelled, fixture.clock.now())
  await fixture.addDataKey('dky_lost')
  const unreadable = await fixture.submit({ dataKey: 'dky_lost' })
  const lost = [{ key: 'dky_lost', value: 'sealed dky_lost' as never, owner: { tenant: '', record: '', purpose: '' } }]
  await createForgetStore({ prisma: fixture.opened.prisma }).forget(SEALED_COLUMNS.dataKey, lost, fixture.clock.now())
  const restored = await fixture.submit()
  const client = await fixture.opened.pool.connect()
  await failUnsent(client)
  client.release()

  expect(await became(cancelled)).toEqual(['cancelled'])
  const codes = new Map((await read()).events.map(({ event }) => [event.messageId, event.code]))
  expect([codes.get(unreadable), codes.get(restored)]).toEqual(['content-lost', 'not-resent'])
})

// Reading

async function sendOne(service = 'reports', tenantId = ADA): Promise<void> {
  await fixture.submit({ service, tenantId })
  await fixture.settle(await fixture.claimOne(), SENT)
}

it('reads page by page, and only what was asked for', async () => {
  for (const service of ['reports', 'invitations', 'reports']) await sendOne(service)
  await sendOne('reports', BEN)
  const ids = (await read()).events.map(({ event }) => event.id)
  expect(ids).toHaveLength(3)

  const first = await read(ADA, BEFORE_ALL_EVENTS, 2)
  const second = await read(ADA, first.next, 2)
  expect([first, second].map(({ events }) => events.map(({ event }) => event.id))).toEqual([
    ids.slice(0, 2),
    ids.slice(2),
  ])
  expect([first.ended, second.ended]).toEqual([false, true])
  expect((await read(ADA, placeOf(ids[0] ?? ''))).events.map(({ event }) => event.id)).toEqual(ids.slice(1))

  const reports = await read(ADA, BEFORE_ALL_EVENTS, 100, { services: ['reports'] })
  expect(reports.events.map(({ event }) => event.id)).toEqual([ids[0], ids[2]])
  const failed = await read(ADA, BEFORE_ALL_EVENTS, 100, { types: ['message.failed'] })
  expect(failed).toMatchObject({ events: [], ended: true })
  expect(failed.next).toEqual(await fixture.queue.events.end(ADA)) // so that nobody looks at them again
})

it('counts from a time on, up to a bound', async () => {
  await sendOne()
  await fixture.clock.advance(1 * SECONDS)
  const since = fixture.clock.now()
  for (let each = 0; each < 3; each++) await sendOne()

  const count = (atMost: number) =>
    fixture.queue.events.count(ADA, positionOf(since), { ...ALL, since }, { atMost, lookedAt: 100 })
  const positions = (await read()).events.map(({ position }) => position)
  expect(await count(10)).toEqual({ count: 3, last: positions[3] })
  expect(await count(2)).toEqual({ count: 2, last: positions[2] })
  expect((await fixture.queue.events.find(ADA, positions.slice(2))).map(({ position }) => position)).toEqual(
    positions.slice(2),
  )
})

it('reads again what came shortly before an event that is not there, as after a restore', async () => {
  await sendOne()
  const { events, next } = await read()
  const ahead = { position: next.position + 1 * MINUTES * 1_000, mark: next.mark }

  expect((await read(ADA, ahead)).events).toEqual(events)
  expect(
    await fixture.queue.events.read(ADA, { ...ahead, position: next.position + 1 * DAYS * 1_000 }, 10, ALL),
  ).toBeNull()
})

it('keeps the order of events when the clock is set back', async () => {
  await sendOne()
  await fixture.database.setTime(new Date(fixture.clock.now().getTime() - 1 * HOURS))
  const before = await fixture.queue.events.end(ADA)
  await sendOne()

  expect((await read(ADA, before)).events).toHaveLength(1)
})

it('deletes events when their messages are old enough to be deleted', async () => {
  await sendOne()
  await fixture.clock.advance(20 * DAYS)
  await sendOne()
  await fixture.clock.advance(20 * DAYS)
  await fixture.queue.upkeep.deleteOld(fixture.clock.now())

  expect((await read()).events).toHaveLength(1)
})
