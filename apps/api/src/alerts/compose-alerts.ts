import { isIP } from 'node:net'
import { fault } from '@inforiver-mail/contract/fault-text'
import { AlertType, dismissNotice, listNotices, type Notice } from '@inforiver-mail/contract/notice'
import {
  ADDRESS_FAULT,
  createWebhook,
  listWebhooks,
  MAX_WEBHOOKS,
  MAX_REPLAYS,
  removeWebhook,
  replayWebhook,
  testWebhook,
} from '@inforiver-mail/contract/webhook'
import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Database } from '../database/database.ts'
import { ProblemError, say } from '../http/problem.ts'
import { route } from '../http/route.ts'
import type { SignedIn } from '../http/session.ts'
import type { Upkeep } from '../queue/queue.ts'
import type { Events } from '../queue/records/events.ts'
import type { Runtime } from '../runtime/clock.ts'
import { createAlertStore } from './alert-store.ts'
import { knownOf, newerAlertText, noticeText } from './alert-text.ts'
import { createOutboxStore, type RaisedAlert } from './outbox-store.ts'
import { createQueueWatch, createStorageWatch } from './watches.ts'
import { createAddressRule } from './webhook-address.ts'
import { testBody } from './webhook-body.ts'
import { createWebhookDispatcher } from './webhook-dispatcher.ts'
import { createWebhookSender, eventTypesOf, newWebhookSecret, webhookSecretOwner } from './webhook-sender.ts'
import { createWebhookStore } from './webhook-store.ts'

export type Alerts = ReturnType<typeof composeAlerts>

/** Wires alerts, the webhooks that deliver them, and the notices of the page. */
export function composeAlerts(
  deps: Runtime & {
    database: Pick<Database, 'prisma' | 'pool'>
    queue: Pick<Upkeep, 'findStalled' | 'findMoving' | 'readStorage' | 'findLargestServices'>
    events: Events
    tenantId: string
    /** 0 means no limit. */
    recipientsPerDay: number
    databaseNow: () => Promise<Date>
    /** Whether webhooks may go to private addresses. */
    allowPrivate: boolean
    extraCaCertificates: string | null
    publicUrl: string
    adminCenters: AdminCenters
    vault: TokenVault
    logger: FastifyBaseLogger
  },
) {
  const { database, events, vault, adminCenters, publicUrl, clock, random, newId, databaseNow } = deps
  const store = createAlertStore(database.prisma, newId)
  const webhooks = createWebhookStore(database.prisma, events, newId)
  const outbox = createOutboxStore(database.pool)
  const allowAddress = createAddressRule(deps)
  const send = createWebhookSender({ ...deps, allowAddress })
  return {
    store,
    /** Sends alerts and events to the webhooks. */
    dispatcher: createWebhookDispatcher({ ...deps, outbox, send }),
    routes:
      ({ requireAdmin }: { requireAdmin: (request: FastifyRequest) => Promise<SignedIn> }): FastifyPluginAsync =>
      async (app) => {
        route(app, listWebhooks, requireAdmin, async ({ caller: { tenantId } }) => ({
          items: await webhooks.list(tenantId),
        }))

        route(app, createWebhook, requireAdmin, async ({ request, caller: { tenantId, userId: actor }, body }) => {
          const { url, types = null, services = null } = body
          const literal = new URL(url).hostname.replace(/^\[|\]$/g, '')
          if (isIP(literal) !== 0 && !allowAddress(literal)) throw refusedUrl(ADDRESS_FAULT)
          const id = newId('webhook')
          const secret = newWebhookSecret(random)
          const secretSealed = await vault.seal(secret, webhookSecretOwner(tenantId, id))
          const startsAt = eventTypesOf(types ?? []).length > 0 ? (await events.end(tenantId)).position : null
          const contents = { types, services, startsAt }
          const createdAt = await webhooks.create({ id, tenantId, url, secretSealed }, contents, actor, clock())
          if (createdAt === null) throw refusedUrl(FULL_FAULT)
          request.log.info({ webhook: id }, 'webhook created')
          return {
            id,
            url,
            types: types ?? [...AlertType.options],
            services,
            createdAt: createdAt.toISOString(),
            waiting: 0,
            lastAttempt: null,
            secret,
          }
        })

        route(app, removeWebhook, requireAdmin, async ({ request, caller: { tenantId, userId }, params: { id } }) => {
          if (!(await webhooks.remove(tenantId, id, userId, clock()))) throw noSuchWebhook()
          request.log.info({ webhook: id }, 'webhook removed')
        })

        route(app, testWebhook, requireAdmin, async ({ caller: { tenantId, userId }, params: { id } }) => {
          const webhook = await webhooks.find(tenantId, id)
          if (!webhook) throw noSuchWebhook()
          const test = { id: newId('alert'), type: 'webhook.test', body: testBody(clock(), publicUrl) } as const
          const attempted = await send(webhook, test)
          await webhooks.recordTest(webhook, userId, attempted)
          return attempted
        })

        route(
          app,
          replayWebhook,
          requireAdmin,
          async ({ request, caller: { tenantId, userId }, params: { id }, body }) => {
            const replayed = await webhooks.replay(tenantId, id, new Date(body.since), userId, clock())
            if (replayed === 'not-found') throw noSuchWebhook()
            if (replayed === 'too-many')
              throw new ProblemError('rate-limited', say('replays-running', { max: MAX_REPLAYS }))
            request.log.info({ webhook: id, events: replayed.count }, 'webhook replayed')
            return replayed
          },
        )

        route(app, listNotices, requireAdmin, async ({ caller }) => {
          const raised = await outbox.listNotices(caller.tenantId)
          const newestFirst = raised.toSorted((one, other) => other.at.getTime() - one.at.getTime())
          return { items: newestFirst.map((raised) => toNotice(raised, adminCenters)) }
        })

        route(app, dismissNotice, requireAdmin, async ({ caller: { tenantId, userId }, params: { id } }) => {
          if (!(await store.dismiss(tenantId, id, userId, clock())))
            throw new ProblemError('not-found', 'There is no such notice.')
        })
      },
    /** Housekeeping runs these, by name. */
    tasks: {
      'raise-stalled-queues': createQueueWatch({ ...deps, store }),
      'watch-storage': createStorageWatch({ ...deps, store }),
      'sweep-alerts': async () => store.sweep(await databaseNow()),
    },
  }
}

const FULL_FAULT = fault('too-many-webhooks', { max: MAX_WEBHOOKS })

function toNotice({ id, at, alert, newer, count }: RaisedAlert, adminCenters: AdminCenters): Notice {
  const text = newer ? newerAlertText(newer) : noticeText(alert, count, adminCenters)
  const values = newer ? { newer } : knownOf(alert, count, adminCenters).values
  return { id, type: alert.type, at: at.toISOString(), values, ...text }
}

function refusedUrl(message: string): ProblemError {
  return new ProblemError('invalid-input', message, { errors: [{ path: 'url', message }] })
}

function noSuchWebhook(): ProblemError {
  return new ProblemError('not-found', 'There is no such webhook.')
}
