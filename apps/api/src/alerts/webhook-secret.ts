import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { SealOwner } from '@inforiver-mail/m365/token-vault'

const SECRET_BYTES = 32 // Standard Webhooks asks for 24 to 64

/** Returns a symmetric key in the notation of the Standard Webhooks specification. */
export function newWebhookSecret(random: RandomBytes): string {
  return `whsec_${random(SECRET_BYTES).toString('base64')}`
}

/** Binds the secret to its row: copied to another, it does not open. */
export function webhookSecretOwner(tenant: string, webhookId: string): SealOwner {
  return { tenant, record: webhookId, purpose: 'webhook-secret' }
}
