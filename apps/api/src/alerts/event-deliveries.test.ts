import type { MessageEventType } from '@inforiver-mail/contract/message-event'
import { WebhookEventPayload, type WebhookSubject } from '@inforiver-mail/contract/webhook'
import { afterAll, beforeEach, expect, it } from 'vitest'
import type { Alert } from '../domain/alert.ts'
import { appendAlert } from '../database/alert-log.ts'
import { newId } from '../test-support/new-id.ts'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { ADMIN, createWebhookFixture, TENANT, type Receiver } from '../test-support/webhook-fixture.ts'

const WAIT = { interval: 20 } as const
const TEN_ATTEMPTS = 10

const fixture = await createWebhookFixture()
const { test, clock, events, webhooks } = fixture
afterAll(() => fixture.close())
beforeEach(() => fixture.clear())

let written = 0

/** Writes events, as the triggers of the queue do. Returns their ids. */
async function happen(count: number, type: MessageEventType = 'message.sent', service = 'reports'): Promise<string[]> {
  const first = clock.now().getTime() * 1_000 + (written += count) - count
  await test.query(
    `INSERT INTO message_events (tenant_id, position, at, message_id, service, type)
     SELECT $1, $2::bigint + n, mail_now(), 'msg_' || lpad(to_hex($2::bigint + n), 32, '0'), $3, $4 FROM generate_series(0, $5::int - 1) AS n`,
    [TENANT, first, service, type, count],
  )
  const found = await events.find(
    TENANT,
    Array.from({ length: count }, (_each, index) => first + index),
  )
  return found.map(({ event }) => event.id)
}

function addWebhook(
  types: readonly WebhookSubject[] | null = ['message.sent'],
  services: readonly string[] | null = null,
): Promise<Receiver> {
  return fixture.addWebhook({ types, services })
}

const byId = (ids: readonly string[]): string[] => ids.toSorted((one, other) => one.localeCompare(other))

/** Waits until a receiver has got these, each at least once. */
async function arrival(receiver: Receiver, ids: readonly string[]): Promise<void> {
  await expect.poll(() => byId([...new Set(receiver.received)]), WAIT).toEqual(byId(ids))
}

async function raise(alert: Alert): Promise<string> {
  const id = newId('alert')
  await appendAlert(fixture.database.prisma, { id, ...alert, tenantId: TENANT, at: clock.now() })
  return id
}

/** The events that are tried again later; none while one of them is being tried. */
async function rest(): Promise<unknown[] | null> {
  const rows = await test.query<{ attempts: number; leased: boolean }>(
    `SELECT attempts, next_attempt_at = mail_now() + interval '60 seconds' AS leased FROM webhook_deliveries WHERE position IS NOT NULL ORDER BY position`,
  )
  return rows.some(({ leased }) => leased) ? null : rows.map(({ attempts }) => attempts)
}

it('sends each event that a webhook asked for as a signed request, and no other', async () => {
  await happen(1)
  const receiver = await addWebhook(['message.sent', 'message.failed'], ['reports'])
  const [sent = ''] = await happen(1)
  await happen(1, 'message.held')
  await happen(1, 'message.sent', 'invitations')
  const [failed = ''] = await happen(1, 'message.failed')
  fixture.start()

  await arrival(receiver, [sent, failed])
  expect(receiver.received).toHaveLength(2)
  const { event } = (
    await events.read(TENANT, { position: 0, mark: null }, 5, { types: ['message.failed'], services: null })
  )?.events[0] ?? { event: null }
  const [body] = receiver.bodies.slice(receiver.received.indexOf(failed))
  expect(body).toEqual({ type: 'message.failed', timestamp: clock.now().toISOString(), data: event })
  expect(WebhookEventPayload.parse(body)).toEqual(body)
  await expect
    .poll(() => webhooks.list(TENANT), WAIT)
    .toMatchObject([{ waiting: 0, lastAttempt: { type: 'message.failed', outcome: 'delivered', status: 204 } }])
})

it('sends alerts and events to those webhooks only that take them', async () => {
  const old = await addWebhook(null)
  const both = await addWebhook(['queue.stalled', 'message.sent'])
  const chosen = await addWebhook()
  await clock.advance(1)
  const stalled = await raise({ type: 'queue.stalled', facts: { oldestDueAt: clock.now().toISOString() } })
  const recovered = await raise({ type: 'mailbox.recovered', facts: { fromEmail: 'ada@contoso.com' } })
  const ids = await happen(2)
  fixture.start()

  await arrival(both, [stalled, ...ids])
  await arrival(old, [stalled, recovered])
  await arrival(chosen, ids)
  expect(chosen.received).toHaveLength(2)
})

it('has two requests under way to a webhook at most, of which one is for new events, and alerts go before the rest', async () => {
  const [busy, other] = [await addWebhook(['message.sent', 'queue.stalled']), await addWebhook(null)]
  busy.answer = () => null
  const ids = await happen(3)
  const stop = fixture.start()
  await arrival(busy, ids.slice(0, 1))
  const stalled = await raise({ type: 'queue.stalled', facts: { oldestDueAt: clock.now().toISOString() } })
  await arrival(other, [stalled])
  const later = await raise({ type: 'mailbox.recovered', facts: { fromEmail: 'ada@contoso.com' } })
  await arrival(other, [stalled, later]) // a whole pass is over
  expect(busy.received).toHaveLength(2)
  await stop()

  const events = `SELECT $1, position, 1, mail_now() FROM message_events`
  await test.query(`INSERT INTO webhook_deliveries (webhook_id, position, attempts, next_attempt_at) ${events}`, [
    busy.id,
  ])
  await webhooks.replay(TENANT, busy.id, new Date(0), ADMIN, clock.now())
  await clock.advance(1 * MINUTES) // the leases of the process that ended
  fixture.start()
  await expect.poll(() => byId(busy.received.slice(2)), WAIT).toEqual(byId([stalled, ids[0] ?? '']))
})

it('moves an idle webhook on past what it is not sent', async () => {
  const receiver = await addWebhook()
  await happen(25_000, 'message.held')
  const { position } = await events.end(TENANT)
  const stop = fixture.start()
  await expect
    .poll(() => test.query('SELECT position FROM webhook_streams'), WAIT)
    .toEqual([{ position: String(position) }])
  await stop()

  await happen(1)
  expect(await receiver.listed()).toMatchObject({ waiting: 1 }) // which looks no further than 20,000 events
})

it('tries an event again apart from the others, and gives it up after ten attempts', async () => {
  const receiver = await addWebhook()
  const [poison = '', ...others] = await happen(12)
  receiver.answer = (id) => (id === poison ? 500 : 204)
  fixture.start()
  await arrival(receiver, [poison, ...others])
  await expect.poll(rest, WAIT).toEqual([1])

  const attempts = () => receiver.received.filter((id) => id === poison).length
  for (let count = 2; count <= TEN_ATTEMPTS; count++) {
    await clock.advance(25 * HOURS)
    await expect.poll(attempts, WAIT).toBe(count)
    await expect.poll(rest, WAIT).toEqual(count === TEN_ATTEMPTS ? [] : [count])
  }
  expect(receiver.received).toHaveLength(others.length + TEN_ATTEMPTS)
})

it('asks a webhook that is down with one event at a time, and delays no other', async () => {
  const down = await addWebhook()
  const up = await addWebhook()
  down.answer = () => 503
  const ids = await happen(20)
  fixture.start()
  await arrival(up, ids)
  await arrival(down, ids.slice(0, 2))
  await expect.poll(rest, WAIT).toHaveLength(2)
  const stream = () =>
    test.query(
      `SELECT failures FROM webhook_streams WHERE webhook_id = $1 AND due_at <> mail_now() + interval '60 seconds'`,
      [down.id],
    )
  await expect.poll(stream, WAIT).toEqual([{ failures: 1 }])

  await test.query(`UPDATE webhook_deliveries SET next_attempt_at = mail_now() + interval '1 day'`)
  await clock.advance(5 * SECONDS)
  await arrival(down, ids.slice(0, 3))
  await expect.poll(stream, WAIT).toEqual([{ failures: 2 }])
  down.answer = () => 204
  await clock.advance(10 * SECONDS)
  await arrival(down, ids)
  await clock.advance(25 * HOURS)
  await expect.poll(rest, WAIT).toEqual([])
})

it('sends new events while nine webhooks answer nothing, whatever is tried again or replayed to those', async () => {
  const hanging = await Promise.all(Array.from({ length: 9 }, () => addWebhook()))
  const good = await addWebhook()
  const first = await happen(3)
  await test.query(
    `INSERT INTO webhook_deliveries (webhook_id, position, attempts, next_attempt_at)
     SELECT s.webhook_id, e.position, 1, mail_now() FROM webhook_streams s CROSS JOIN message_events e WHERE s.webhook_id <> $1`,
    [good.id],
  )
  for (const receiver of hanging) {
    receiver.answer = () => null
    await webhooks.replay(TENANT, receiver.id, new Date(0), ADMIN, clock.now())
  }
  fixture.start()
  for (const receiver of hanging) await expect.poll(() => receiver.received, WAIT).toHaveLength(2)
  const later = await happen(3)

  await arrival(good, [...first, ...later])
  for (const { received } of hanging) expect(received).toHaveLength(2)
})

it('sends nothing more for an event to a receiver that answers 410', async () => {
  const receiver = await addWebhook()
  receiver.answer = () => 410
  const ids = await happen(2)
  fixture.start()
  await arrival(receiver, ids)
  await expect.poll(() => test.query(`SELECT failures FROM webhook_streams`), WAIT).toEqual([{ failures: 1 }])

  expect(await rest()).toEqual([])
})

it('repeats what was under way when a process stopped, and nothing that had arrived', async () => {
  const receiver = await addWebhook()
  const [first = '', second = ''] = await happen(2)
  receiver.answer = (id) => (id === first ? 204 : null)
  const stop = fixture.start()
  await arrival(receiver, [first, second])
  await expect.poll(() => test.query(`SELECT 1 FROM webhook_streams WHERE due_at > mail_now()`), WAIT).toHaveLength(1)
  await stop()
  receiver.answer = () => 204
  fixture.start()

  await expect.poll(() => receiver.received.filter((id) => id === second).length, WAIT).toBe(2)
  expect(receiver.received.filter((id) => id === first)).toHaveLength(1)
})

it('replays the events since a time, as the webhook asks for them, and records who asked', async () => {
  await happen(1)
  await clock.advance(1 * SECONDS)
  const since = clock.now()
  const missed = await happen(2)
  await happen(1, 'message.held')
  const receiver = await addWebhook()
  fixture.start()

  expect(await webhooks.replay(TENANT, receiver.id, since, ADMIN, clock.now())).toEqual({ count: 2 })
  await arrival(receiver, missed)
  await expect.poll(() => test.query(`SELECT ends_at FROM webhook_streams`), WAIT).toEqual([{ ends_at: null }])
  const audited = `SELECT actor, details FROM audit_events WHERE action = 'webhook-replayed' AND details ->> 'webhook' = $1`
  expect(await test.query(audited, [receiver.id])).toEqual([
    { actor: ADMIN, details: { webhook: receiver.id, host: expect.any(String), since: since.toISOString(), count: 2 } },
  ])
  const later = new Date(clock.now().getTime() + 1 * HOURS)
  expect(await webhooks.replay(TENANT, receiver.id, later, ADMIN, clock.now())).toEqual({ count: 0 })
})

it('bounds the replays of a webhook, and forgets all about a webhook that is removed', async () => {
  const receiver = await addWebhook()
  receiver.answer = () => 500
  await happen(1)
  for (let each = 0; each < 5; each++)
    expect(await webhooks.replay(TENANT, receiver.id, new Date(0), ADMIN, clock.now())).toEqual({ count: 1 })
  expect(await webhooks.replay(TENANT, receiver.id, new Date(0), ADMIN, clock.now())).toBe('too-many')
  fixture.start()
  await expect.poll(rest, WAIT).toHaveLength(1)
  await webhooks.remove(TENANT, receiver.id, ADMIN, clock.now())

  expect(await rest()).toEqual([])
  expect(await test.query('SELECT 1 FROM webhook_streams')).toEqual([])
  expect(await webhooks.replay(TENANT, receiver.id, new Date(0), ADMIN, clock.now())).toBe('not-found')
})
