import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Timers } from '../clock.ts'
import type { Database } from '../database/database.ts'
import type { SignedIn } from '../http/session.ts'
import type { NewId } from '../ids.ts'
import type { Events } from '../queue/events.ts'
import type { Upkeep } from '../queue/queue.ts'
import { createAlertDispatcher, createWebhookAttempt, type AlertDispatcher } from './alert-dispatcher.ts'
import { alertRoutes } from './alert-routes.ts'
import { createAlertStore, type AlertStore } from './alert-store.ts'
import { createEventDispatcher } from './event-dispatcher.ts'
import { createEventStreamStore } from './event-stream-store.ts'
import { createQueueWatch } from './queue-watch.ts'
import { createStorageWatch } from './storage-watch.ts'
import { createAddressRule } from './webhook-address.ts'
import { createWebhookPlaces } from './webhook-places.ts'
import { createWebhookSender } from './webhook-sender.ts'

export interface Alerts {
  readonly store: Pick<AlertStore, 'raiseSecretExpiring'>
  /** Sends alerts and events to the webhooks. */
  readonly dispatcher: AlertDispatcher
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
  const store = createAlertStore(database.prisma, database.pool, newId)
  const allowAddress = createAddressRule({ allowPrivate })
  const send = createWebhookSender({ allowAddress, extraCaCertificates, timers })
  const attempt = createWebhookAttempt({ vault, send, clock, logger })
  const streams = createEventStreamStore(database.prisma, database.pool, events, newId)
  const places = createWebhookPlaces()
  const dispatchers = [
    createAlertDispatcher({ store, attempt, places, publicUrl, adminCenters, timers, chance, logger }),
    createEventDispatcher({ store: streams, events, attempt, places, timers, chance, random, logger }),
  ]
  return {
    store,
    dispatcher: {
      start() {
        for (const dispatcher of dispatchers) dispatcher.start()
      },
      async stop() {
        await Promise.all(dispatchers.map((dispatcher) => dispatcher.stop()))
      },
    },
    routes:
      ({ requireAdmin }) =>
      async (app) => {
        await app.register(alertRoutes, {
          requireAdmin,
          store,
          streams,
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
      'sweep-alerts': () => store.sweep(),
    },
  }
}
