import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Database } from '../database/database.ts'
import type { SignedIn } from '../http/session.ts'
import type { Upkeep } from '../queue/queue.ts'
import { createAlertDispatcher, createWebhookAttempt, type AlertDispatcher } from './alert-dispatcher.ts'
import { alertRoutes } from './alert-routes.ts'
import { createAlertStore, type AlertStore } from './alert-store.ts'
import { createQueueWatch } from './queue-watch.ts'
import { createAddressRule } from './webhook-address.ts'
import { createWebhookSender } from './webhook-sender.ts'

export interface Alerts {
  readonly store: Pick<AlertStore, 'raiseSecretExpiring'>
  readonly dispatcher: AlertDispatcher
  routes(guards: { requireAdmin: (request: FastifyRequest) => Promise<SignedIn> }): FastifyPluginAsync
  /** Housekeeping runs these, by name. */
  readonly tasks: Readonly<Record<string, () => Promise<void>>>
}

/** Wires alerts, the webhooks that deliver them, and the notices of the page. */
export function composeAlerts({
  database,
  queue,
  recipientsPerDay,
  databaseNow,
  allowPrivate,
  extraCaCertificates,
  publicUrl,
  adminCenters,
  vault,
  clock,
  elapsedMs,
  chance,
  random,
  logger,
}: {
  database: Pick<Database, 'prisma' | 'pool'>
  queue: Pick<Upkeep, 'findStalled' | 'findMoving'>
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
  chance: () => number
  random: RandomBytes
  logger: FastifyBaseLogger
}): Alerts {
  const store = createAlertStore(database.prisma, database.pool)
  const allowAddress = createAddressRule({ allowPrivate })
  const send = createWebhookSender({ allowAddress, extraCaCertificates })
  const attempt = createWebhookAttempt({ vault, send, clock, logger })
  return {
    store,
    dispatcher: createAlertDispatcher({ store, attempt, publicUrl, adminCenters, clock, chance, logger }),
    routes:
      ({ requireAdmin }) =>
      async (app) => {
        await app.register(alertRoutes, {
          requireAdmin,
          store,
          vault,
          attempt,
          allowAddress,
          publicUrl,
          adminCenters,
          clock,
          random,
        })
      },
    tasks: {
      'raise-stalled-queues': createQueueWatch({ queue, store, recipientsPerDay, databaseNow, elapsedMs }),
      'sweep-alerts': () => store.sweep(clock()),
    },
  }
}
