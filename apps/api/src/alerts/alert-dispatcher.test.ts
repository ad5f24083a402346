import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { adminCentersAt } from '@inforiver-mail/m365/admin-centers'
import { parseVaultKeys } from '@inforiver-mail/m365/key-ring'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import pino from 'pino'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest'
import { selfSignedCertificate } from '../../../../packages/m365/src/test-support/self-signed-certificate.ts'
import { serveTls } from '../../../../packages/m365/src/test-support/servers.ts'
import type { Alert } from '../alert.ts'
import { systemTimers } from '../clock.ts'
import { appendAlert } from '../database/alert-log.ts'
import { openDatabase, type Database } from '../database/database.ts'
import { newId } from '../test-support/new-id.ts'
import { createTestClock, HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { createTestDatabase, type TestDatabase } from '../test-support/test-database.ts'
import { createTestQueue } from '../test-support/test-queue.ts'
import { createAlertDispatcher, createWebhookAttempt, type AttemptWebhook } from './alert-dispatcher.ts'
import { createAlertStore, type AlertStore } from './alert-store.ts'
import { composeAlerts } from './compose-alerts.ts'
import { newWebhookSecret, webhookSecretOwner } from './webhook-secret.ts'
import { createWebhookPlaces } from './webhook-places.ts'
import { createWebhookSender } from './webhook-sender.ts'

const RECOVERED: Alert = { type: 'mailbox.recovered', facts: { fromEmail: 'ada@contoso.com' } }
const WAIT = { interval: 50 } as const
const TEN_ATTEMPTS = 10
/** No receiver of a test may seem not to answer on a machine that is busy. */
const NEVER_MS = 600_000
const ANY = { limit: 20, except: [] } as const
const parsed = parseVaultKeys(`test:${randomBytes(32).toString('base64')}`)
if (parsed.outcome !== 'read') throw new Error('The key of this test cannot be read.')
const vault = createTokenVault(parsed.keyRing)
const certificate = selfSignedCertificate()
const clock = createTestClock()
const logger = pino({ level: 'silent' })

let test: TestDatabase
let database: Database
let store: AlertStore

beforeAll(async () => {
  test = await createTestDatabase()
  await clock.govern(test)
  database = await openDatabase(test.url, () => {})
  store = createAlertStore(database.prisma, database.pool, newId)
})
afterAll(async () => {
  await database.close()
  await test.drop()
})
beforeEach(async () => {
  await test.empty('webhooks', 'alert_events')
  await test.query(
    `INSERT INTO tenants (id, created_at) VALUES ('ten_a', now()), ('ten_b', now()) ON CONFLICT DO NOTHING`,
  )
  await clock.advance(1 * MINUTES)
})

interface Received {
  readonly id: string
  // oxlint-disable-next-line typescript/no-explicit-any -- tests assert on its shape
  readonly payload: any
}

/** Adds a webhook whose receiver answers with these statuses one after the other, and repeats the last. */
async function addWebhook(statuses: readonly number[] = [204], tenantId = 'ten_a') {
  const received: Received[] = []
  const id = newId('webhook')
  const secret = newWebhookSecret(randomBytes)
  const answer: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const headers = request.headers as Record<string, string>
      const body = Buffer.concat(chunks).toString()
      // The library's own check would compare the signature with the system's clock.
      const signature = new Webhook(secret).sign(headers['webhook-id'] ?? '', clock.now(), body)
      const payload = headers['webhook-signature'] === signature ? JSON.parse(body) : 'not signed'
      received.push({ id: headers['webhook-id'] ?? '', payload })
      response.writeHead(statuses[received.length - 1] ?? statuses.at(-1) ?? 500).end()
    })
  }
  const url = await serveTls(certificate, answer)
  const secretSealed = await vault.seal(secret, webhookSecretOwner(tenantId, id))
  await store.createWebhook(
    { id, tenantId, url, secretSealed },
    { types: null, services: null, startsAt: null },
    'usr_a',
    clock.now(),
  )
  return { id, received, listed: async () => (await store.listWebhooks(tenantId)).find((webhook) => webhook.id === id) }
}

const send = createWebhookSender({
  allowAddress: () => true,
  extraCaCertificates: certificate.certificate,
  timers: systemTimers,
  timeoutMs: NEVER_MS,
})
const attemptWebhook = createWebhookAttempt({ vault, send, clock: clock.now, logger })

function start(attempt: AttemptWebhook = attemptWebhook) {
  const dispatcher = createAlertDispatcher({
    adminCenters: adminCentersAt('https://login.microsoftonline.com', 'https://graph.microsoft.com'),
    store,
    attempt,
    places: createWebhookPlaces(),
    publicUrl: 'https://mail.contoso.com',
    timers: systemTimers,
    chance: () => 0,
    logger,
    pollEveryMs: 20,
  })
  dispatcher.start()
  let stopped = false
  const stop = async () => {
    if (!stopped) await dispatcher.stop()
    stopped = true
  }
  onTestFinished(stop)
  return { stop }
}

/** Starts a process whose clock is ahead of the database's. It refuses to send to this machine. */
function startAhead(ms: number): void {
  const queue = createTestQueue(database.pool)
  const { dispatcher } = composeAlerts({
    database,
    queue: queue.upkeep,
    events: queue.events,
    tenantId: 'ten_a',
    recipientsPerDay: 0,
    databaseNow: async () => clock.now(),
    allowPrivate: false,
    extraCaCertificates: null,
    publicUrl: 'https://mail.contoso.com',
    adminCenters: adminCentersAt('https://login.microsoftonline.com', 'https://graph.microsoft.com'),
    vault,
    clock: () => new Date(clock.now().getTime() + ms),
    elapsedMs: () => clock.now().getTime(),
    timers: systemTimers,
    chance: () => 0,
    random: randomBytes,
    newId,
    logger,
  })
  dispatcher.start()
  onTestFinished(() => dispatcher.stop())
}

async function raise(alert: Alert = RECOVERED, tenantId = 'ten_a', at = clock.now()): Promise<string> {
  await appendAlert(database.prisma, { id: newId('alert'), ...alert, tenantId, at })
  const [row] = await test.query<{ id: string }>('SELECT id FROM alert_events ORDER BY at DESC, ctid DESC LIMIT 1')
  return row?.id ?? ''
}

it('notifies every webhook of the tenant with a signed request, none of another tenant, and shows the outcome', async () => {
  const [one, two, other] = [await addWebhook(), await addWebhook(), await addWebhook([204], 'ten_b')]
  const id = await raise()
  start()

  const lastAttempt = { at: clock.now().toISOString(), type: 'mailbox.recovered', outcome: 'delivered', status: 204 }
  await expect.poll(one.listed, WAIT).toMatchObject({ lastAttempt, waiting: 0 })
  await expect.poll(two.listed, WAIT).toMatchObject({ lastAttempt, waiting: 0 })
  expect(one.received).toEqual([
    {
      id,
      payload: {
        type: 'mailbox.recovered',
        timestamp: clock.now().toISOString(),
        data: {
          title: 'Mail leaves from ada@contoso.com again',
          detail: expect.any(String),
          action: expect.any(String),
          url: 'https://mail.contoso.com/settings/office365-smtp',
          fromEmail: 'ada@contoso.com',
        },
      },
    },
  ])
  expect(two.received).toEqual(one.received)
  expect(other.received).toEqual([])
})

it('tries again after 5 seconds, then after 5 minutes, under the same id', async () => {
  const webhook = await addWebhook([500, 302, 204])
  const id = await raise()
  start()

  await expect
    .poll(webhook.listed, WAIT)
    .toMatchObject({ lastAttempt: { outcome: 'refused', status: 500 }, waiting: 1 })
  await clock.advance(5 * SECONDS)
  await expect
    .poll(webhook.listed, WAIT)
    .toMatchObject({ lastAttempt: { outcome: 'redirected', status: 302 }, waiting: 1 })
  await clock.advance(5 * MINUTES)
  await expect.poll(webhook.listed, WAIT).toMatchObject({ lastAttempt: { outcome: 'delivered' }, waiting: 0 })
  expect(webhook.received.map(({ id }) => id)).toEqual([id, id, id])
  expect(webhook.received[2]?.payload).toEqual(webhook.received[0]?.payload)
})

it('does not try again before its time', async () => {
  const webhook = await addWebhook([500])
  await raise()
  start()
  await expect.poll(webhook.listed, WAIT).toMatchObject({ lastAttempt: { status: 500 } })

  await clock.advance(4 * SECONDS)
  const second = await addWebhook()
  await raise()

  await expect.poll(() => second.received.length, WAIT).toBe(1) // a whole pass is over
  expect(webhook.received.filter(({ id }) => id === webhook.received[0]?.id)).toHaveLength(1)
})

it('gives an alert up after ten attempts', async () => {
  const webhook = await addWebhook([500])
  await raise()
  start()

  for (let attempts = 1; attempts <= TEN_ATTEMPTS; attempts++) {
    await expect.poll(() => webhook.received.length, WAIT).toBe(attempts)
    // Until the outcome is written, the claim says that the delivery is due in 60 s: time that passed before would count
    // for the next attempt.
    const claimed = attempts === TEN_ATTEMPTS ? null : false
    await expect
      .poll(
        () =>
          test.query(
            `SELECT attempts, next_attempt_at = mail_now() + interval '60 seconds' AS claimed FROM webhook_deliveries`,
          ),
        WAIT,
      )
      .toEqual([{ attempts, claimed }])
    const waiting = attempts === TEN_ATTEMPTS ? 0 : 1
    expect(await webhook.listed()).toMatchObject({ waiting })
    await clock.advance(25 * HOURS)
  }
})

it('gives an alert up at once when the receiver is gone for good', async () => {
  const webhook = await addWebhook([410])
  await raise()
  start()

  await expect
    .poll(webhook.listed, WAIT)
    .toMatchObject({ lastAttempt: { outcome: 'refused', status: 410 }, waiting: 0 })
})

it('lets a webhook that does not answer delay no other', async () => {
  const silent = await addWebhook()
  const other = await addWebhook()
  const never: AttemptWebhook = async (webhook, received, signal) => {
    if (webhook.id !== silent.id) return attemptWebhook(webhook, received, signal)
    signal?.throwIfAborted() // claimed in the moment of the stop
    return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)))
  }
  await raise()
  await raise()
  const { stop } = start(never)

  await expect.poll(() => other.received.length, WAIT).toBe(2)
  await stop()
  expect(await silent.listed()).toMatchObject({ waiting: 2, lastAttempt: null })
})

it('delivers each alert once when several processes share the work', async () => {
  const webhook = await addWebhook()
  const ids = await Promise.all(Array.from({ length: 5 }, () => raise()))
  start()
  start()
  start()

  await expect.poll(webhook.listed, WAIT).toMatchObject({ lastAttempt: { outcome: 'delivered' } })
  await expect.poll(() => webhook.received.length, WAIT).toBe(ids.length)
  expect(new Set(webhook.received.map(({ id }) => id)).size).toBe(ids.length)
})

it('tries again what a process claimed and never finished', async () => {
  const webhook = await addWebhook()
  await raise()
  await store.publish()
  expect(await store.claim(ANY)).toHaveLength(1) // its process ends here
  start()
  await clock.advance(59 * SECONDS)
  expect(await store.claim(ANY)).toEqual([])
  expect(webhook.received).toEqual([])

  await clock.advance(1 * SECONDS)
  await expect.poll(() => webhook.received.length, WAIT).toBe(1)
})

it('leaves alone what another process is sending, although its own clock is ahead', async () => {
  const webhook = await addWebhook()
  await raise()
  await store.publish()
  const [slow] = await store.claim(ANY)
  if (!slow) throw new Error('Nothing was due.')
  const other = await addWebhook([204], 'ten_b')
  await raise(RECOVERED, 'ten_b')
  startAhead(90 * SECONDS)

  await expect.poll(other.listed, WAIT).toMatchObject({ lastAttempt: expect.anything() }) // a whole pass is over
  const attempts = 'SELECT attempts FROM webhook_deliveries WHERE webhook_id = $1'
  expect(await test.query(attempts, [webhook.id])).toEqual([{ attempts: 1 }])
  const delivered = {
    at: clock.now().toISOString(),
    type: 'mailbox.recovered',
    outcome: 'delivered',
    status: 204,
  } as const
  await store.settle(slow, delivered, null)
  expect(await webhook.listed()).toMatchObject({ waiting: 0, lastAttempt: delivered })
})

it('counts what failed in a minute until that is over, in a process whose clock is ahead as well', async () => {
  await test.query(
    `INSERT INTO alert_events (id, tenant_id, type, at, facts, publish_at) VALUES ('alt_a', 'ten_a', 'message.failed', mail_now(), '{}', mail_now() + interval '65 seconds')`,
  )
  const other = await addWebhook([204], 'ten_b')
  await raise(RECOVERED, 'ten_b')
  startAhead(90 * SECONDS)

  await expect.poll(other.listed, WAIT).toMatchObject({ lastAttempt: expect.anything() }) // a whole pass is over
  const published = `SELECT published_at FROM alert_events WHERE id = 'alt_a'`
  expect(await test.query(published)).toEqual([{ published_at: null }])
  await clock.advance(65 * SECONDS)
  await store.publish()
  await expect.poll(() => test.query(published), WAIT).toEqual([{ published_at: clock.now() }])
})

it('delivers at once what a process raised whose clock is ahead', async () => {
  const webhook = await addWebhook()
  const id = await raise(RECOVERED, 'ten_a', new Date(clock.now().getTime() + 90 * SECONDS))
  start()

  await expect.poll(() => webhook.received.map((request) => request.id), WAIT).toEqual([id])
})

it('delivers what a process raised whose clock is behind', async () => {
  const webhook = await addWebhook()
  const id = await raise(RECOVERED, 'ten_a', new Date(clock.now().getTime() - 10 * MINUTES))
  start()

  await expect.poll(() => webhook.received.map((request) => request.id), WAIT).toEqual([id])
})

it('aborts requests when it is stopped, and leaves their alerts to be tried again', async () => {
  const webhook = await addWebhook()
  const begun = Promise.withResolvers<void>()
  const hanging: AttemptWebhook = (_webhook, _received, signal) => {
    begun.resolve()
    return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)))
  }
  await raise()
  const { stop } = start(hanging)
  await begun.promise
  await stop()

  expect(await webhook.listed()).toMatchObject({ waiting: 1, lastAttempt: null })
})

it('does not let an attempt that took too long overrule the one after it', async () => {
  const webhook = await addWebhook()
  await raise()
  await store.publish()
  const [first] = await store.claim(ANY)
  await clock.advance(1 * MINUTES)
  const [second] = await store.claim(ANY)
  if (!first || !second) throw new Error('Nothing was due.')
  const attempt = { at: clock.now().toISOString(), type: 'mailbox.recovered', status: null } as const

  await store.settle(second, { ...attempt, outcome: 'delivered' }, null)
  await store.settle(first, { ...attempt, outcome: 'timed-out' }, 0)

  expect(await webhook.listed()).toMatchObject({ waiting: 0, lastAttempt: { outcome: 'delivered' } })
})

it('delivers nothing more to a webhook that is removed', async () => {
  const webhook = await addWebhook([500])
  await raise()
  start()
  await expect.poll(webhook.listed, WAIT).toMatchObject({ waiting: 1, lastAttempt: { status: 500 } })
  await store.removeWebhook('ten_a', webhook.id, 'usr_a', clock.now())
  const other = await addWebhook()
  await clock.advance(1 * HOURS)
  await raise()

  await expect.poll(() => other.received.length, WAIT).toBe(1)
  expect(webhook.received).toHaveLength(1)
})

it('sends a webhook nothing that happened before it was added', async () => {
  await raise()
  await store.publish()
  await raise() // not published yet
  await clock.advance(1 * SECONDS)
  const webhook = await addWebhook()
  start()
  await clock.advance(1 * SECONDS)
  const id = await raise()

  await expect.poll(() => webhook.received.map(({ id }) => id), WAIT).toEqual([id])
})
