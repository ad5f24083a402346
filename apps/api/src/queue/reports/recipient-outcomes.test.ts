import { MessageEventType } from '@inforiver-mail/contract/message-event'
import { beforeEach, expect, it } from 'vitest'
import { ADA, BEN, useQueueFixture, SENT } from '../../test-support/queue-fixture.ts'
import { MINUTES } from '../../test-support/test-clock.ts'
import { BEFORE_ALL_EVENTS } from '../records/events.ts'
import type { OutcomeReport } from './merge-outcome.ts'

const fixture = useQueueFixture()
beforeEach(async () => {
  await fixture.database.empty('messages', 'message_events')
  await fixture.clock.advance(1 * MINUTES)
})

/** Sends a message to Max (twice, in other cases), Eva and Leo. */
async function send(): Promise<string> {
  const id = await fixture.submit({
    to: [{ address: 'Max@contoso.com' }, { address: 'eva@contoso.com' }],
    cc: [{ address: 'max@contoso.com' }],
    bcc: [{ address: 'leo@contoso.com' }],
    recipients: 4,
    reference: 'run-42',
  })
  await fixture.settle(await fixture.claimOne(), SENT)
  return id
}

function report(messageId: string, recipient: string, changes: Partial<OutcomeReport> = {}): OutcomeReport {
  return {
    messageId,
    recipient,
    delivery: 'delivered',
    code: null,
    detail: null,
    at: null,
    source: 'trace',
    certain: true,
    note: null,
    ...changes,
  }
}

async function told(): Promise<unknown[]> {
  const filter = { types: MessageEventType.options.slice(5), services: null }
  const page = await fixture.queue.events.read(ADA, BEFORE_ALL_EVENTS, 100, filter)
  return (page?.events ?? []).map(({ event: { type, recipient, code, at } }) => [type, recipient, code, at])
}

it('lists a message once under a delivery that became known later, in the order of submission', async () => {
  const ids = [await send()]
  await fixture.clock.advance(1 * MINUTES)
  ids.push(await send())
  const reported = ids.flatMap((id) => [report(id, 'max@contoso.com'), report(id, 'eva@contoso.com')])
  await fixture.queue.reports.apply(ADA, reported)
  const bounces = reported.toReversed().map((each) => Object.assign({}, each, { delivery: 'failed', source: 'bounce' }))
  await fixture.queue.reports.apply(ADA, bounces)

  const listing = {
    filter: { delivery: 'failed' } as const,
    start: null,
    limit: 10,
    signal: new AbortController().signal,
  }
  const { items, total } = await fixture.queue.messages.list({ tenantId: ADA, service: null }, listing, null)
  expect(items.map(({ id }) => id)).toEqual(ids.toReversed())
  expect(total).toBe(2)
})

it('lists a message as unknown, and looks at it for that, until each of its recipients is reported', async () => {
  const ids = [await send(), await send()]
  const listUnknown = async () => {
    const listing = {
      filter: { delivery: 'unknown' } as const,
      start: null,
      limit: 10,
      signal: new AbortController().signal,
    }
    const { items } = await fixture.queue.messages.list({ tenantId: ADA, service: null }, listing, null)
    return items.map(({ id }) => id).toSorted()
  }
  const readReported = () => fixture.database.query('SELECT id FROM messages WHERE reported')
  await fixture.queue.reports.apply(
    ADA,
    ids.flatMap((id) => [report(id, 'max@contoso.com'), report(id, 'eva@contoso.com')]),
  )
  expect(await listUnknown()).toEqual(ids.toSorted())
  expect(await readReported()).toEqual([])

  await fixture.queue.reports.apply(ADA, [report(ids[0] ?? '', 'leo@contoso.com')])
  expect(await listUnknown()).toEqual([ids[1]])
  expect(await readReported()).toEqual([{ id: ids[0] }])
})

it('keeps what is reported, and tells it once however often and wherever it is reported', async () => {
  const id = await send()
  const at = new Date(fixture.clock.now().getTime() - 1 * MINUTES)
  const reports = [
    report(id, 'max@Contoso.com', { at }),
    report(id, 'eva@contoso.com', { delivery: 'failed', code: '5.1.10', source: 'bounce', at }),
    report(id, 'stranger@contoso.com'),
    report(`msg_${'f'.repeat(32)}`, 'max@contoso.com'),
  ]
  const other = fixture.newProcess()
  const changed = await Promise.all([fixture.queue.reports.apply(ADA, reports), other.reports.apply(ADA, reports)])
  expect(changed.reduce((sum, some) => sum + some)).toBe(2)
  expect(await fixture.queue.reports.apply(ADA, reports)).toBe(0)
  expect(await told()).toEqual([
    ['message.bounced', 'eva@contoso.com', '5.1.10', at.toISOString()],
    ['message.delivered', 'Max@contoso.com', null, at.toISOString()],
  ])
})

it('keeps nothing for another tenant', async () => {
  expect(await fixture.queue.reports.apply(BEN, [report(await send(), 'max@contoso.com')])).toBe(0)
})

it('tells of a failure when its code comes, or without it after 10 minutes', async () => {
  const id = await send()
  const failed = { delivery: 'failed' as const }
  await fixture.queue.reports.apply(ADA, [report(id, 'max@contoso.com', failed), report(id, 'eva@contoso.com', failed)])
  await fixture.queue.reports.writeOverdueEvents()
  expect(await told()).toEqual([])

  const code = { ...failed, source: 'bounce' as const, code: '5.2.2' }
  await fixture.queue.reports.apply(ADA, [report(id, 'eva@contoso.com', code)])
  await fixture.clock.advance(10 * MINUTES)
  await Promise.all([fixture.queue, fixture.newProcess()].map(({ reports }) => reports.writeOverdueEvents()))
  expect(await told()).toEqual([
    ['message.bounced', 'eva@contoso.com', '5.2.2', expect.any(String)],
    ['message.bounced', 'Max@contoso.com', null, expect.any(String)],
  ])
})

it('finds messages by the Message-ID of their draft, of their MIME, and by the one that we make', async () => {
  const byDraft = await fixture.submit()
  const drafted = await fixture.claimOne()
  const draft = {
    draftId: 'd',
    from: 'ada@contoso.com',
    redirectedTo: null,
    mailbox: 'ada@contoso.com',
    uploading: false,
  }
  await fixture.queue.deliveries.storeDraft(drafted, 1, { ...draft, internetMessageId: '<draft@outlook.example>' })
  const ids = ['<draft@outlook.example>', '<mime@device.example>']
  const found = async (asked: readonly string[]) => {
    const messages = await fixture.queue.reports.findByMessageIds(ADA, asked)
    return new Map(messages.map(({ id, internetMessageId }) => [id, internetMessageId]))
  }
  await fixture.settle(drafted, SENT)
  const asMime = await fixture.submit()
  await fixture.queue.deliveries.settle({
    message: await fixture.claimOne(),
    settlement: SENT,
    fromEmail: 'ada@contoso.com',
    internetMessageId: '<mime@device.example>',
    ageMs: () => 0,
  })
  const asJson = await send()

  const own = `<${asJson}@contoso.com>`
  const asked = [...ids, own, `<${asMime}@contoso.com>`, `<${asJson}@elsewhere.example>`]
  expect(await found(asked)).toEqual(
    new Map([
      [byDraft, '<draft@outlook.example>'],
      [asMime, '<mime@device.example>'],
      [asJson, own],
    ]),
  )
  expect(await fixture.queue.reports.findByMessageIds(BEN, [...ids, own])).toEqual([])
})

it('shows what is awaited while a source is on, and no longer after a day', async () => {
  const trace = (on: boolean) => fixture.database.query('UPDATE tenant_settings SET trace_enabled = $1', [on])
  const id = await send()
  await fixture.queue.reports.apply(ADA, [
    report(id, 'max@contoso.com'),
    report(id, 'leo@contoso.com', { delivery: null, note: 'possible bounce' }),
  ])
  const shown = async () => {
    const { recipients } = await fixture.read(id)
    const list = { filter: {}, start: null, limit: 10, signal: new AbortController().signal }
    const { items } = await fixture.queue.messages.list({ tenantId: ADA, service: null }, list, null)
    return [recipients.map(({ kind, delivery }) => `${kind}: ${delivery}`).join(', '), items[0]?.delivery]
  }
  const off = ['to: delivered, to: unknown, cc: delivered, bcc: unknown', { delivered: 2, unknown: 2 }]
  expect(await shown()).toEqual(off)
  await trace(true)
  expect(await shown()).toEqual([
    'to: delivered, to: pending, cc: delivered, bcc: pending',
    { delivered: 2, pending: 2 },
  ])
  await fixture.clock.advance(24 * 60 * MINUTES)
  expect(await shown()).toEqual(off)
  await trace(false)
  expect((await fixture.read(id)).recipients[3]).toMatchObject({ address: 'leo@contoso.com', note: 'possible bounce' })
})
