import { randomBytes } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { Webhook as ListedWebhook, WebhookSubject } from '@inforiver-mail/contract/webhook'
import { adminCentersAt } from '@inforiver-mail/m365/admin-centers'
import { parseVaultKeys } from '@inforiver-mail/m365/key-ring'
import { createTokenVault } from '@inforiver-mail/m365/token-vault'
import pino from 'pino'
import { Webhook } from 'standardwebhooks'
import { onTestFinished } from 'vitest'
import { selfSignedCertificate } from '../../../../packages/m365/src/test-support/self-signed-certificate.ts'
import { serveTls } from '../../../../packages/m365/src/test-support/servers.ts'
import { createOutboxStore } from '../alerts/outbox-store.ts'
import { createWebhookDispatcher } from '../alerts/webhook-dispatcher.ts'
import { createWebhookSender, newWebhookSecret, webhookSecretOwner } from '../alerts/webhook-sender.ts'
import { createWebhookStore } from '../alerts/webhook-store.ts'
import { systemTimers } from '../runtime/clock.ts'
import { openDatabase } from '../database/database.ts'
import { createEvents } from '../queue/records/events.ts'
import { newId } from './new-id.ts'
import { createTestClock, MINUTES } from './test-clock.ts'
import { createTestDatabase } from './test-database.ts'

export const TENANT = 'ten_a'
export const ADMIN = 'usr_a'
/** No receiver of a test may seem not to answer on a machine that is busy. */
const NEVER_MS = 600_000
const PUBLIC_URL = 'https://mail.contoso.com'
const ADMIN_CENTERS = adminCentersAt('https://login.microsoftonline.com', 'https://graph.microsoft.com')

export interface Receiver {
  readonly id: string
  /** The id of each request, in the order of arrival. */
  readonly received: string[]
  // oxlint-disable-next-line typescript/no-explicit-any -- tests assert on their shape
  readonly bodies: any[]
  /** Decides on the status of each request; null: no answer. */
  answer: (id: string) => number | null
  /** The webhook as the page lists it. */
  readonly listed: () => Promise<ListedWebhook | undefined>
}

/** Webhooks whose receivers are on this machine, and processes that send to them. */
export async function createWebhookFixture() {
  const parsed = parseVaultKeys(`test:${randomBytes(32).toString('base64')}`)
  if (parsed.outcome !== 'read') throw new Error('The key of this test cannot be read.')
  const vault = createTokenVault(parsed.keyRing)
  const certificate = selfSignedCertificate()
  const clock = createTestClock()
  const logger = pino({ level: 'silent' })
  const test = await createTestDatabase()
  await clock.govern(test)
  const database = await openDatabase(test.url, () => {})
  await test.query(`INSERT INTO tenants (id, created_at) VALUES ($1, now())`, [TENANT])
  const events = createEvents(database.pool)
  const outbox = createOutboxStore(database.pool)
  const webhooks = createWebhookStore(database.prisma, events, newId)
  const send = createWebhookSender({
    vault,
    allowAddress: () => true,
    extraCaCertificates: certificate.certificate,
    clock: clock.now,
    timers: systemTimers,
    logger,
    timeoutMs: NEVER_MS,
  })

  /** Runs a dispatcher until the test ends, or until what it returns is called. */
  function run(dispatcher: { start(): void; stop(): Promise<void> }): () => Promise<void> {
    dispatcher.start()
    let stopped: Promise<void> | null = null
    const stop = () => (stopped ??= dispatcher.stop())
    onTestFinished(stop)
    return stop
  }

  return {
    test,
    database,
    clock,
    events,
    outbox,
    webhooks,

    /** Adds a webhook that answers 204, and takes every alert and no event unless told otherwise. */
    async addWebhook({
      types = null,
      services = null,
    }: {
      types?: readonly WebhookSubject[] | null
      services?: readonly string[] | null
    } = {}): Promise<Receiver> {
      const id = newId('webhook')
      const secret = newWebhookSecret(randomBytes)
      const listed = async () => (await webhooks.list(TENANT)).find((webhook) => webhook.id === id)
      const receiver: Receiver = { id, received: [], bodies: [], answer: () => 204, listed }
      const answer: RequestListener = (request, response) => {
        const chunks: Buffer[] = []
        request.on('data', (chunk: Buffer) => chunks.push(chunk))
        request.on('end', () => {
          const sent = String(request.headers['webhook-id'])
          const body = Buffer.concat(chunks).toString()
          // The library's own check would compare the signature with the system's clock.
          const isSigned = request.headers['webhook-signature'] === new Webhook(secret).sign(sent, clock.now(), body)
          receiver.received.push(sent)
          receiver.bodies.push(isSigned ? JSON.parse(body) : 'not signed')
          const status = receiver.answer(sent)
          if (status !== null) response.writeHead(status).end()
        })
      }
      const url = await serveTls(certificate, answer)
      const secretSealed = await vault.seal(secret, webhookSecretOwner(TENANT, id))
      const startsAt = types === null ? null : (await events.end(TENANT)).position
      await webhooks.create(
        { id, tenantId: TENANT, url, secretSealed },
        { types, services, startsAt },
        ADMIN,
        clock.now(),
      )
      return receiver
    },

    /** Sends as a process of its own. */
    start(): () => Promise<void> {
      return run(
        createWebhookDispatcher({
          outbox,
          events,
          send,
          publicUrl: PUBLIC_URL,
          adminCenters: ADMIN_CENTERS,
          timers: systemTimers,
          chance: () => 0,
          logger,
          pollEveryMs: 10,
        }),
      )
    },

    /** Prepares the next test. */
    async clear(): Promise<void> {
      await test.empty('webhooks', 'alert_events', 'message_events')
      await clock.advance(1 * MINUTES)
    },

    async close(): Promise<void> {
      await database.close()
      await test.drop()
    },
  }
}
