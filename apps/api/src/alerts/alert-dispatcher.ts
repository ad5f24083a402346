import type { WebhookAttempt, WebhookType } from '@inforiver-mail/contract/webhook'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { FastifyBaseLogger } from 'fastify'
import type { Timers } from '../clock.ts'
import { startPolling, type Polling } from '../polling.ts'
import { webhookBody } from './webhook-body.ts'
import type { AlertStore, ClaimedDelivery } from './alert-store.ts'
import type { WebhookPlaces } from './webhook-places.ts'
import { GONE, pauseAfter } from './webhook-schedule.ts'
import { webhookSecretOwner } from './webhook-secret.ts'
import type { SendWebhook } from './webhook-sender.ts'
import type { WebhookTarget } from './webhook-target.ts'

const POLL_EVERY_MS = 2_000
const AFTER_FAILURE_MS = 10_000
const MAX_UNDER_WAY = 20

/**
 * Sends one request to a webhook and returns the outcome. Rejects only with the reason of `signal`, or when the vault
 * cannot open the secret.
 */
export type AttemptWebhook = (
  webhook: WebhookTarget,
  event: { readonly id: string; readonly type: WebhookType; readonly body: string },
  signal?: AbortSignal,
) => Promise<WebhookAttempt>

export function createWebhookAttempt({
  vault,
  send,
  clock,
  logger,
}: {
  vault: TokenVault
  send: SendWebhook
  clock: () => Date
  logger: FastifyBaseLogger
}): AttemptWebhook {
  return async ({ id: webhook, tenantId, url, secretSealed }, { id, type, body }, signal) => {
    const secret = await vault.open(secretSealed, webhookSecretOwner(tenantId, webhook))
    const at = clock()
    const { outcome, status } = await send({ url, secret, id, at, body }, signal)
    // The address stays out of the log, since it is often a secret.
    if (id.startsWith('evt_')) logger.debug({ webhook, event: id, type, outcome, status }, 'event sent to a webhook')
    else if (outcome === 'delivered') logger.info({ webhook, alert: id, type, status }, 'webhook delivered')
    else logger.warn({ webhook, alert: id, type, outcome, status }, 'webhook not delivered')
    return { at: at.toISOString(), type, outcome, status }
  }
}

export interface AlertDispatcher {
  start(): void
  /** Aborts the requests under way; they are tried again. */
  stop(): Promise<void>
}

/** Publishes alerts and delivers them to the webhooks; any number of processes share the work. */
export function createAlertDispatcher({
  store,
  attempt,
  places,
  publicUrl,
  adminCenters,
  chance,
  timers,
  logger,
  pollEveryMs = POLL_EVERY_MS,
}: {
  store: AlertStore
  attempt: AttemptWebhook
  places: WebhookPlaces
  publicUrl: string
  adminCenters: AdminCenters
  /** Returns a number between 0 and 1, for jitter. */
  chance: () => number
  timers: Timers
  logger: FastifyBaseLogger
  pollEveryMs?: number
}): AlertDispatcher {
  /** Requests by webhook: one at a time, so that a webhook that does not answer delays only its own. */
  const underWay = new Map<string, Promise<void>>()
  let polling: Polling | null = null

  return {
    start() {
      polling = startPolling(dispatch, {
        timers,
        afterFailureMs: AFTER_FAILURE_MS,
        onFailure: (error) => logger.warn({ err: error }, 'alerts could not be delivered; trying again'),
      })
    },
    async stop() {
      await polling?.stop()
      await Promise.all(underWay.values())
    },
  }

  async function dispatch(signal: AbortSignal): Promise<number> {
    await store.publish()
    const free = MAX_UNDER_WAY - underWay.size
    const claimed = free > 0 ? await store.claim({ limit: free, except: [...underWay.keys()] }) : []
    for (const delivery of claimed) {
      const { id } = delivery.webhook
      const done = deliver(delivery, signal).finally(() => {
        underWay.delete(id)
        polling?.wake() // the same webhook may have more deliveries due
      })
      underWay.set(id, done)
    }
    return pollEveryMs
  }

  async function deliver(delivery: ClaimedDelivery, signal: AbortSignal): Promise<void> {
    const { webhook, raised, attempts } = delivery
    try {
      const { id, alert } = raised
      const body = webhookBody(raised, publicUrl, adminCenters)
      const attempted = await places.beside(webhook.id, () => attempt(webhook, { id, type: alert.type, body }, signal))
      const over = attempted.outcome === 'delivered' || attempted.status === GONE
      const againInMs = over ? null : pauseAfter(attempts, chance)
      await store.settle(delivery, attempted, againInMs)
      if (againInMs === null && attempted.outcome !== 'delivered')
        logger.error({ webhook: webhook.id, alert: id, attempts }, 'an alert was given up')
    } catch (error) {
      if (!signal.aborted) logger.error({ err: error, webhook: webhook.id }, 'a webhook could not be tried')
    }
  }
}
