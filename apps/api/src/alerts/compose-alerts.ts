import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger, FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Runtime } from '../runtime/clock.ts'
import type { Database } from '../database/database.ts'
import type { SignedIn } from '../http/session.ts'
import type { Events } from '../queue/records/events.ts'
import type { Upkeep } from '../queue/queue.ts'
import { alertRoutes } from './alert-routes.ts'
import { createAlertStore } from './alert-store.ts'
import { createOutboxStore } from './outbox-store.ts'
import { createQueueWatch } from './stalled-queues.ts'
import { createStorageWatch } from './storage-watch.ts'
import { createAddressRule } from './webhook-address.ts'
import { createWebhookAttempt } from './webhook-attempt.ts'
import { createWebhookDispatcher } from './webhook-dispatcher.ts'
import { createWebhookSender } from './webhook-sender.ts'
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
  const { database, events, newId, databaseNow } = deps
  const store = createAlertStore(database.prisma, newId)
  const webhooks = createWebhookStore(database.prisma, events, newId)
  const outbox = createOutboxStore(database.pool)
  const allowAddress = createAddressRule(deps)
  const send = createWebhookSender({ ...deps, allowAddress })
  const attempt = createWebhookAttempt({ ...deps, send })
  const guarded = { ...deps, store, webhooks, outbox, attempt, allowAddress }
  return {
    store,
    /** Sends alerts and events to the webhooks. */
    dispatcher: createWebhookDispatcher({ ...deps, outbox, attempt }),
    routes:
      (guards: { requireAdmin: (request: FastifyRequest) => Promise<SignedIn> }): FastifyPluginAsync =>
      async (app) => {
        await app.register(alertRoutes, { ...guarded, ...guards })
      },
    /** Housekeeping runs these, by name. */
    tasks: {
      'raise-stalled-queues': createQueueWatch({ ...deps, store }),
      'watch-storage': createStorageWatch({ ...deps, store }),
      'sweep-alerts': async () => store.sweep(await databaseNow()),
    },
  }
}
