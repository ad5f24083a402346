import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { MessageEventType } from '@inforiver-mail/contract/message-event'
import { WebhookEventPayload, type WebhookSubject } from '@inforiver-mail/contract/webhook'
import { parseVaultKeys } from '@inforiver-mail/m365/key-ring'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import pino from 'pino'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { selfSignedCertificate } from '../../../../packages/m365/src/test-support/self-signed-certificate.ts'
import { serveTls } from '../../../../packages/m365/src/test-support/servers.ts'
import { systemTimers } from '../clock.ts'
import { appendAlert } from '../database/alert-log.ts'
import { openDatabase, type Database } from '../database/database.ts'
import { createEvents, type Events } from '../queue/events.ts'
import { newId } from '../test-support/new-id.ts'
import { createTestClock, HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { createTestDatabase, type TestDatabase } from '../test-support/test-database.ts'
import { createWebhookAttempt } from './alert-dispatcher.ts'
import { createAlertStore, type AlertStore } from './alert-store.ts'
import { createEventDispatcher } from './event-dispatcher.ts'
import { createEventStreamStore, type EventStreamStore } from './event-stream-store.ts'
import { newWebhookSecret, webhookSecretOwner } from './webhook-secret.ts'
import { createWebhookPlaces } from './webhook-places.ts'
import { createWebhookSender } from './webhook-sender.ts'

const WAIT = { interval: 20 } as const
const TENANT = 'ten_a'
const ADMIN = 'usr_a'
const TEN_ATTEMPTS = 10
/** No receiver of a test may seem not to answer on a machine that is busy. */
const NEVER_MS = 600_000
const parsed = parseVaultKeys(`test:${randomBytes(32).toString('base64')}`)
if (parsed.outcome !== 'read') throw new Error('The key of this test cannot be read.')
const vault = createTokenVault(parsed.keyRing)
const certificate = selfSignedCertificate()
const clock = createTestClock()
const logger = pino({ level: 'silent' })

let test: TestDatabase
let database: Database
let alerts: AlertStore
let events: Events
let streams: EventStreamStore

beforeAll(async () => {
  test = await createTestDatabase()
  await clock.govern(test)
  database = await openDatabase(test.url, () => {})
  alerts = createAlertStore(database.prisma, database.pool, newId)
  events = createEvents(database.pool)
  streams = createEventStreamStore(database.prisma, database.pool, events, newId)
  await test.query(`INSERT INTO tenants (id, created_at) VALUES ($1, now())`, [TENANT])
})
afterAll(async () => {
  await database.close()
  await test.drop()
})
beforeEach(async () => {
  await test.empty('webhooks', 'alert_events', 'message_events')
  await clock.advance(1 * MINUTES)
})

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

interface Receiver {
  readonly id: string
  /** The id of each request, in the order of arrival. */
  readonly received: string[]
  readonly bodies: unknown[]
  /** Decides on the status of each request; null: no answer. */
  answer: (id: string) => number | null
}

async function addWebhook(
  types: readonly WebhookSubject[] | null = ['message.sent'],
  services: readonly string[] | null = null,
): Promise<Receiver> {
  const id = newId('webhook')
  const secret = newWebhookSecret(randomBytes)
  const receiver: Receiver = { id, received: [], bodies: [], answer: () => 204 }
  const answer: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const event = String(request.headers['webhook-id'])
      const body = Buffer.concat(chunks).toString()
      const isSigned = request.headers['webhook-signature'] === new Webhook(secret).sign(event, clock.now(), body)
      receiver.received.push(event)
      receiver.bodies.push(isSigned ? JSON.parse(body) : 'not signed')
      const status = receiver.answer(event)
      if (status !== null) response.writeHead(status).end()
    })
  }
  const url = await serveTls(certificate, answer)
  const secretSealed = await vault.seal(secret, webhookSecretOwner(TENANT, id))
  const startsAt = types === null ? null : (await events.end(TENANT)).position
  await alerts.createWebhook(
    { id, tenantId: TENANT, url, secretSealed },
    { types, services, startsAt },
    ADMIN,
    clock.now(),
  )
  return receiver
}

/** Events that tell when somebody has read all of them. */
function spyOnReads(): { readonly events: Events; ended: () => Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return {
    events: {
      ...events,
      async read(...of) {
        const page = await events.read(...of)
        if (page?.ended) setImmediate(resolve)
        return page
      },
    },
    ended: () => promise,
  }
}

/** Sends as a process of its own. */
function startDispatcher(read: Events = events): () => Promise<void> {
  const send = createWebhookSender({
    allowAddress: () => true,
    extraCaCertificates: certificate.certificate,
    timers: systemTimers,
    timeoutMs: NEVER_MS,
  })
  const dispatcher = createEventDispatcher({
    store: streams,
    events: read,
    attempt: createWebhookAttempt({ vault, send, clock: clock.now, logger }),
    places: createWebhookPlaces(),
    timers: systemTimers,
    chance: () => 0,
    random: randomBytes,
    logger,
    pollEveryMs: 5,
  })
  dispatcher.start()
  let stopped: Promise<void> | null = null
  const stop = () => (stopped ??= dispatcher.stop())
  onTestFinished(stop)
  return stop
}

const byId = (ids: readonly string[]): string[] => ids.toSorted((one, other) => one.localeCompare(other))

/** Waits until a receiver has got these, each at least once. */
async function arrival(receiver: Receiver, ids: readonly string[]): Promise<void> {
  await expect.poll(() => byId([...new Set(receiver.received)]), WAIT).toEqual(byId(ids))
}

/** The events that are tried again later; none while one of them is being tried. */
async function rest(): Promise<unknown[] | null> {
  const rows = await test.query<{ attempts: number; leased: boolean }>(
    `SELECT attempts, next_attempt_at = mail_now() + interval '60 seconds' AS leased FROM webhook_retries ORDER BY position`,
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
  startDispatcher()

  await arrival(receiver, [sent, failed])
  expect(receiver.received).toHaveLength(2)
  const { event } = (
    await events.read(TENANT, { position: 0, mark: null }, 5, { types: ['message.failed'], services: null })
  )?.events[0] ?? { event: null }
  const [body] = receiver.bodies.slice(receiver.received.indexOf(failed))
  expect(body).toEqual({ type: 'message.failed', timestamp: clock.now().toISOString(), data: event })
  expect(WebhookEventPayload.parse(body)).toEqual(body)
  await expect
    .poll(() => alerts.listWebhooks(TENANT), WAIT)
    .toMatchObject([{ waiting: 0, lastAttempt: { type: 'message.failed', outcome: 'delivered', status: 204 } }])
})

it('sends alerts and events to those webhooks only that take them', async () => {
  const [old, both, chosen] = [
    await addWebhook(null),
    await addWebhook(['queue.stalled', 'message.sent']),
    await addWebhook(),
  ]
  await clock.advance(1)
  const raised = { tenantId: TENANT, at: clock.now() }
  await appendAlert(database.prisma, {
    id: newId('alert'),
    ...raised,
    type: 'queue.stalled',
    facts: { oldestDueAt: '' },
  })
  await appendAlert(database.prisma, {
    id: newId('alert'),
    ...raised,
    type: 'mailbox.recovered',
    facts: { fromEmail: '' },
  })
  await alerts.publish()
  const deliveries = await test.query<{ id: string; types: string[] }>(
    `SELECT d.webhook_id AS id, array_agg(a.type ORDER BY a.type) AS types FROM webhook_deliveries d JOIN alert_events a ON a.id = d.alert_id GROUP BY 1`,
  )
  expect(new Map(deliveries.map(({ id, types }) => [id, types]))).toEqual(
    new Map([
      [old.id, ['mailbox.recovered', 'queue.stalled']],
      [both.id, ['queue.stalled']],
    ]),
  )

  const ids = await happen(2)
  startDispatcher()
  await arrival(both, ids)
  await arrival(chosen, ids)
  expect(old.received).toEqual([])
})

it('sends a burst through several processes', async () => {
  const receiver = await addWebhook()
  const ids = await happen(60)
  expect(await streams.countWaiting(TENANT, [{ id: receiver.id, types: ['message.sent'], services: null }])).toEqual(
    new Map([[receiver.id, 60]]),
  )
  startDispatcher()
  startDispatcher()

  await arrival(receiver, ids)
  expect(receiver.received).toHaveLength(60)
})

it('records the position of an idle webhook once a minute', async () => {
  const receiver = await addWebhook()
  const waiting = () => streams.countWaiting(TENANT, [{ id: receiver.id, types: ['message.sent'], services: null }])
  await happen(25_000, 'message.held')
  await clock.advance(1 * MINUTES)
  await happen(1, 'message.held')
  const { position } = await events.end(TENANT)
  const stop = startDispatcher()
  await expect
    .poll(() => test.query('SELECT position FROM webhook_streams'), WAIT)
    .toEqual([{ position: String(position) }])
  await stop()

  await happen(1)
  expect(await waiting()).toEqual(new Map([[receiver.id, 1]])) // which looks no further than 20,000 events
})

it('skips no event after a failover to a clock that is behind', async () => {
  await happen(1)
  const receiver = await addWebhook()
  await clock.advance(40 * SECONDS)
  await happen(1, 'message.held')
  const look = spyOnReads()
  startDispatcher(look.events)
  await look.ended()
  await test.query(`DELETE FROM message_events WHERE type = 'message.held'`)
  await clock.advance(-30 * SECONDS)
  const ids = await happen(1)
  await arrival(receiver, ids)

  expect(receiver.received).toHaveLength(1)
})

it('tries an event again apart from the others, and gives it up after ten attempts', async () => {
  const receiver = await addWebhook()
  const [poison = '', ...others] = await happen(12)
  receiver.answer = (id) => (id === poison ? 500 : 204)
  startDispatcher()
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
  startDispatcher()
  await arrival(up, ids)
  await arrival(down, ids.slice(0, 2))
  await expect.poll(rest, WAIT).toHaveLength(2)
  const stream = () =>
    test.query(`SELECT failures FROM webhook_streams WHERE webhook_id = $1 AND lease IS NULL`, [down.id])
  await expect.poll(stream, WAIT).toEqual([{ failures: 1 }])

  await test.query(`UPDATE webhook_retries SET next_attempt_at = mail_now() + interval '1 day'`)
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
    `INSERT INTO webhook_retries (webhook_id, position, attempts, next_attempt_at)
     SELECT s.webhook_id, e.position, 1, mail_now() FROM webhook_streams s CROSS JOIN message_events e WHERE s.webhook_id <> $1`,
    [good.id],
  )
  for (const receiver of hanging) {
    receiver.answer = () => null
    await streams.replay(TENANT, receiver.id, new Date(0), ADMIN, clock.now())
  }
  startDispatcher()
  for (const receiver of hanging) await expect.poll(() => receiver.received, WAIT).toHaveLength(2)
  const later = await happen(3)

  await arrival(good, [...first, ...later])
  for (const { received } of hanging) expect(received).toHaveLength(2)
})

it('sends nothing more for an event to a receiver that answers 410', async () => {
  const receiver = await addWebhook()
  receiver.answer = () => 410
  const ids = await happen(2)
  startDispatcher()
  await arrival(receiver, ids)
  await expect.poll(() => test.query(`SELECT failures FROM webhook_streams`), WAIT).toEqual([{ failures: 1 }])

  expect(await rest()).toEqual([])
})

it('repeats what was under way when a process stopped, and nothing that had arrived', async () => {
  const receiver = await addWebhook()
  const [first = '', second = ''] = await happen(2)
  receiver.answer = (id) => (id === first ? 204 : null)
  const stop = startDispatcher()
  await arrival(receiver, [first, second])
  await expect.poll(() => test.query(`SELECT 1 FROM webhook_streams WHERE lease IS NOT NULL`), WAIT).toHaveLength(1)
  await stop()
  receiver.answer = () => 204
  startDispatcher()

  await expect.poll(() => receiver.received.filter((id) => id === second).length, WAIT).toBe(2)
  expect(receiver.received.filter((id) => id === first)).toHaveLength(1)
})

it('writes nothing for a lease that ended meanwhile', async () => {
  const receiver = await addWebhook()
  await happen(1)
  const [stream] = await streams.listDue({ limit: 1, except: [] })
  if (!stream) throw new Error('There is no stream.')
  expect(await streams.claim(stream, 'slow')).toBe(true)
  expect(await streams.claim(stream, 'other')).toBe(false)
  await clock.advance(61 * SECONDS)
  expect(await streams.claim(stream, 'other')).toBe(true)
  await streams.settle(stream, 'slow', {
    position: 9,
    failures: 0,
    waitMs: 0,
    attempt: null,
    retries: [{ position: 9, waitMs: 0 }],
  })

  expect(await rest()).toEqual([])
  expect(await test.query(`SELECT lease FROM webhook_streams WHERE webhook_id = $1`, [receiver.id])).toEqual([
    { lease: 'other' },
  ])
})

it('replays the events since a time, as the webhook asks for them, and records who asked', async () => {
  await happen(1)
  await clock.advance(1 * SECONDS)
  const since = clock.now()
  const missed = await happen(2)
  await happen(1, 'message.held')
  const receiver = await addWebhook()
  startDispatcher()

  expect(await streams.replay(TENANT, receiver.id, since, ADMIN, clock.now())).toEqual({ count: 2 })
  await arrival(receiver, missed)
  await expect.poll(() => test.query(`SELECT ends_at FROM webhook_streams`), WAIT).toEqual([{ ends_at: null }])
  const audited = `SELECT actor, details FROM audit_events WHERE action = 'webhook-replayed' AND details ->> 'webhook' = $1`
  expect(await test.query(audited, [receiver.id])).toEqual([
    { actor: ADMIN, details: { webhook: receiver.id, host: expect.any(String), since: since.toISOString(), count: 2 } },
  ])
  const later = new Date(clock.now().getTime() + 1 * HOURS)
  expect(await streams.replay(TENANT, receiver.id, later, ADMIN, clock.now())).toEqual({ count: 0 })
})

it('bounds the replays of a webhook, and forgets all about a webhook that is removed', async () => {
  const receiver = await addWebhook()
  receiver.answer = () => 500
  await happen(1)
  for (let each = 0; each < 5; each++)
    expect(await streams.replay(TENANT, receiver.id, new Date(0), ADMIN, clock.now())).toEqual({ count: 1 })
  expect(await streams.replay(TENANT, receiver.id, new Date(0), ADMIN, clock.now())).toBe('too-many')
  startDispatcher()
  await expect.poll(rest, WAIT).toHaveLength(1)
  await alerts.removeWebhook(TENANT, receiver.id, ADMIN, clock.now())

  expect(await rest()).toEqual([])
  expect(await test.query('SELECT 1 FROM webhook_streams')).toEqual([])
  expect(await streams.replay(TENANT, receiver.id, new Date(0), ADMIN, clock.now())).toBe('not-found')
})
