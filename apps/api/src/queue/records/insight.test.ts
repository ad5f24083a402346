import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { ADA, useQueueFixture, FAILED, HELD, SENT, UNCONNECTED } from '../../test-support/queue-fixture.ts'
import { DAYS, HOURS, MINUTES } from '../../test-support/test-clock.ts'
import type { NewMessage } from '../intake/insert-messages.ts'
import type { FinalDelivery } from '../reports/merge-outcome.ts'

const fixture = useQueueFixture()

beforeAll(async () => {
  await fixture.clock.advance(30 * MINUTES)
})
beforeEach(() => fixture.addDataKey('dky_1'))
afterEach(async () => {
  await fixture.database.empty('messages', 'message_events', 'event_counts', 'mail_overviews')
  await fixture.database.query('UPDATE tenant_settings SET redirect_all_to = NULL')
})

const insight = () => fixture.queue.insight
const NONE = { sent: 0, failed: 0, held: 0, bounced: 0 }

async function ended(settlement: typeof SENT, changes: Partial<NewMessage> = {}): Promise<string> {
  const id = await fixture.submit(changes)
  expect(await fixture.settle(await fixture.claimOne(), settlement)).toBe(true)
  return id
}

async function history() {
  while (await insight().countEvents(ADA));
  return insight().readOutcomeHistory(ADA)
}

it('counts outcomes in the hour and the day in which they happened, also when the messages are deleted', async () => {
  const hour = new Date('2026-11-24T10:00:00.000Z')
  await ended(SENT)
  await ended(HELD)
  await fixture.clock.advance(1 * HOURS)
  const id = await ended(FAILED)
  await fixture.queue.messages.retry({ tenantId: ADA, service: null, userId: null }, id, fixture.clock.now())
  await fixture.settle(await fixture.claimOne(), SENT)
  const counted = await history()
  await fixture.clock.advance(10 * DAYS)
  await fixture.database.empty('messages', 'message_events')

  expect(counted.hours).toEqual([
    { ...NONE, is_hour: true, at: hour, sent: 1, held: 1 },
    { ...NONE, is_hour: true, at: new Date(hour.getTime() + HOURS), sent: 1, failed: 1 },
  ])
  const day = { ...NONE, is_hour: false, at: new Date('2026-11-24T00:00:00.000Z'), sent: 2, failed: 1, held: 1 }
  expect(counted.days).toEqual([day])
  expect(await history()).toEqual({ hours: [], days: [day] })
  await fixture.clock.advance(20 * DAYS)
  expect(await history()).toEqual({ hours: [], days: [] })
})

it('counts each outcome once, whichever processes count together', async () => {
  for (let each = 0; each < 6; each++) await ended(SENT)
  const processes = [fixture.newProcess(), fixture.newProcess(), fixture.newProcess()]

  await Promise.all(processes.map((process) => process.insight.countEvents(ADA)))

  expect((await history()).days).toMatchObject([{ sent: 6 }])
  expect(await insight().readExternalUse(ADA)).toMatchObject({ used: 0 })
  expect(await insight().readMailFacts(ADA)).toMatchObject({ waiting: 0, lastSentAt: fixture.clock.now() })
})

it('counts what failed within 24 hours to the moment, and no more what was retried', async () => {
  const other = {
    ...FAILED,
    problem: FAILED.problem && { ...FAILED.problem, microsoftCode: null, code: 'gave-up' as const },
  }
  await ended(FAILED)
  await fixture.clock.advance(20 * MINUTES)
  await ended(other)
  const retried = await ended(FAILED)
  await fixture.queue.messages.retry({ tenantId: ADA, service: null, userId: null }, retried, fixture.clock.now())
  await fixture.claimOne()
  const now = () => insight().readFailedOfDay(ADA)

  expect(await now()).toEqual({ count: 2, byCode: { 'recipient-refused': 1, 'gave-up': 1 } })
  await fixture.clock.advance(24 * HOURS - 10 * MINUTES)
  expect(await now()).toEqual({ count: 1, byCode: { 'gave-up': 1 } })
  await fixture.clock.advance(10 * MINUTES)
  expect(await now()).toEqual({ count: 0, byCode: {} })
})

it('counts held messages by reason', async () => {
  await fixture.submit({ tenantId: UNCONNECTED })
  await fixture.submit({ tenantId: UNCONNECTED })
  expect([...(await insight().readHeld(UNCONNECTED))]).toEqual([['not-configured', 2]])
  await fixture.database.query(
    `UPDATE message_queue SET held_because = 'reconnect-required' WHERE message_id = (SELECT min(message_id) FROM message_queue)`,
  )

  expect(Object.fromEntries(await insight().readHeld(UNCONNECTED))).toEqual({
    'not-configured': 1,
    'reconnect-required': 1,
  })
  expect([...(await insight().readHeld(ADA))]).toEqual([])
})

it('counts recipients that were not reached once, in the hour in which it happened, and by code', async () => {
  const id = await ended(SENT)
  const other = await ended(SENT, { cc: [{ address: 'quinn@contoso.com' }] })
  const at = fixture.clock.now()
  await fixture.clock.advance(2 * HOURS)
  const tell = (messageId: string, recipient: string, delivery: FinalDelivery, code: string | null) =>
    fixture.queue.reports.apply(ADA, [
      { messageId, recipient, delivery, code, detail: null, at, source: 'bounce', certain: true, note: null },
    ])
  await tell(id, 'max@contoso.com', 'delivered', null)
  await tell(id, 'max@contoso.com', 'failed', null)
  await tell(id, 'max@contoso.com', 'failed', '5.1.10')
  await tell(other, 'max@contoso.com', 'failed', null)
  await tell(other, 'quinn@contoso.com', 'quarantined', null)

  expect((await history()).hours).toMatchObject([{ sent: 2, bounced: 2 }])
  expect(await insight().readBouncedOfDay(ADA)).toEqual({ count: 2, byCode: { '5.1.10': 1, none: 1 } })
  expect(await insight().readQuarantinedOfDay(ADA)).toBe(1)
  await fixture.clock.advance(22 * HOURS)
  expect(await insight().readBouncedOfDay(ADA)).toEqual({ count: 0, byCode: {} })
  expect(await insight().readQuarantinedOfDay(ADA)).toBe(0)
})

const TO_ALL = {
  to: [{ address: 'max@contoso.com' }, { address: 'A@Fabrikam.com' }],
  cc: [{ address: 'b@eu.contoso.com' }],
  bcc: [{ address: 'c@müller.example' }],
}

async function used(): Promise<number> {
  while (await insight().countEvents(ADA));
  return (await insight().readExternalUse(ADA)).used
}

const enter = (internalDomains: string[]) =>
  insight().replaceSendingLimits(ADA, { licences: 250, internalDomains }, 'usr_ada', fixture.clock.now())

it('counts recipients outside of the domains that are entered, or of the sender’s, for 24 hours', async () => {
  await ended(SENT, TO_ALL)
  await ended(FAILED, TO_ALL)

  expect(await used()).toBe(3)
  await enter(['fabrikam.com', 'xn--mller-kva.example'])
  expect(await used()).toBe(2)
  expect(await insight().readExternalUse(ADA)).toEqual({
    used: 2,
    licences: 250,
    internalDomains: ['fabrikam.com', 'xn--mller-kva.example'],
  })
  await fixture.clock.advance(24 * HOURS - 1)
  expect(await used()).toBe(2)
  await fixture.clock.advance(1 * MINUTES + 1)
  expect(await used()).toBe(0)
})

it('counts the address of the redirection alone while all mail is redirected', async () => {
  await fixture.database.query(
    `UPDATE tenant_settings SET redirect_all_to = 'staging@fabrikam.com' WHERE tenant_id = $1`,
    [ADA],
  )
  await ended(SENT, TO_ALL)

  expect(await used()).toBe(1)
})

it('keeps a state of the mail against somebody who saw less', async () => {
  const at = fixture.clock.now()
  const earlier = new Date(at.getTime() - 1)
  await insight().recordMailState(ADA, { mail: 'flowing', since: at, seenAt: at })
  await fixture.newProcess().insight.recordMailState(ADA, { mail: 'idle', since: earlier, seenAt: earlier })

  expect(await insight().readMailFacts(ADA)).toMatchObject({ known: { mail: 'flowing', since: at } })
})
