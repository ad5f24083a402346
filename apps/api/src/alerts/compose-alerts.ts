import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Timers } from '../runtime/clock.ts'
import type { Database } from '../database/database.ts'
import type { SignedIn } from '../http/session.ts'
import type { NewId } from '../runtime/ids.ts'
import type { Events } from '../queue/records/events.ts'
import type { Upkeep } from '../queue/queue.ts'
import { alertRoutes } from './alert-routes.ts'
import { createAlertStore, type AlertStore } from './alert-store.ts'
import { createOutboxStore } from './outbox-store.ts'
import { createQueueWatch } from './queue-watch.ts'
import { createStorageWatch } from './storage-watch.ts'
import { createAddressRule } from './webhook-address.ts'
import { createWebhookAttempt } from './webhook-attempt.ts'
import { createWebhookDispatcher, type WebhookDispatcher } from './webhook-dispatcher.ts'
import { createWebhookSender } from './webhook-sender.ts'
import { createWebhookStore } from './webhook-store.ts'

export interface Alerts {
  readonly store: Pick<AlertStore, 'raiseSecretExpiring'>
  /** Sends alerts and events to the webhooks. */
  readonly dispatcher: WebhookDispatcher
  routes(guards: { requireAdmin: (request: FastifyRequest) => Promise<SignedIn> }): FastifyPluginAsync
  /** Housekeeping runs these, by name. */
  readonly tasks: Readonly<Record<string, () => Promise<void>>>
}

/** Wires alerts, the webhooks that deliver them, and the notices of the page. */
export function composeAlerts({
  database,
  queue,
  events,
  tenantId,
  recipientsPerDay,
  databaseNow,
  allowPrivate,
  extraCaCertificates,
  publicUrl,
  adminCenters,
  vault,
  clock,
  elapsedMs,
  timers,
  chance,
  random,
  newId,
  logger,
}: {
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
  clock: () => Date
  elapsedMs: () => number
  timers: Timers
  chance: () => number
  random: RandomBytes
  newId: NewId
  logger: FastifyBaseLogger
}): Alerts {
  const store = createAlertStore(database.prisma, newId)
  const webhooks = createWebhookStore(database.prisma, events, newId)
  const outbox = createOutboxStore(database.pool)
  const allowAddress = createAddressRule({ allowPrivate })
  const send = createWebhookSender({ allowAddress, extraCaCertificates, timers })
  const attempt = createWebhookAttempt({ vault, send, clock, logger })
  return {
    store,
    dispatcher: createWebhookDispatcher({
      outbox,
      events,
      attempt,
      publicUrl,
      adminCenters,
      timers,
      chance,
      random,
      logger,
    }),
    routes:
      ({ requireAdmin }) =>
      async (app) => {
        await app.register(alertRoutes, {
          requireAdmin,
          store,
          webhooks,
          outbox,
          events,
          vault,
          attempt,
          allowAddress,
          publicUrl,
          adminCenters,
          clock,
          random,
          newId,
        })
      },
    tasks: {
      'raise-stalled-queues': createQueueWatch({ queue, store, recipientsPerDay, databaseNow, elapsedMs }),
      'watch-storage': createStorageWatch({ queue, store, tenantId, databaseNow }),
      'sweep-alerts': async () => store.sweep(await databaseNow()),
    },
  }
}
