import { MessageEventType } from '@inforiver-mail/contract/message-event'
import type { WebhookAttempt, WebhookSubject, WebhookType } from '@inforiver-mail/contract/webhook'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { Sealed, SealOwner, TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger } from 'fastify'
import type { SendWebhook } from './webhook-sender.ts'

const SECRET_BYTES = 32 // Standard Webhooks asks for 24 to 64

/** The address of a webhook and the secret that signs its requests. */
export interface WebhookTarget {
  readonly id: string
  readonly tenantId: string
  readonly url: string
  readonly secretSealed: Sealed
}

/** What a webhook is told: an alert, an event or a test. */
export interface Told {
  readonly id: string
  readonly type: WebhookType
  readonly body: string
}

/**
 * Sends one request to a webhook and returns the outcome. Rejects only with the reason of `signal`, or when the vault
 * cannot open the secret.
 */
export type AttemptWebhook = (webhook: WebhookTarget, told: Told, signal?: AbortSignal) => Promise<WebhookAttempt>

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

/** Returns a symmetric key in the notation of the Standard Webhooks specification. */
export function newWebhookSecret(random: RandomBytes): string {
  return `whsec_${random(SECRET_BYTES).toString('base64')}`
}

/** Binds the secret to its row: copied to another, it does not open. */
export function webhookSecretOwner(tenant: string, webhookId: string): SealOwner {
  return { tenant, record: webhookId, purpose: 'webhook-secret' }
}

/** The types of a webhook that are events. */
export function eventTypesOf(types: readonly WebhookSubject[]): MessageEventType[] {
  return MessageEventType.options.filter((type) => types.includes(type))
}
