import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { SealOwner } from '@inforiver-mail/m365/token-vault'

const SECRET_BYTES = 32 // Standard Webhooks asks for 24 to 64

/** As the Standard Webhooks specification writes a symmetric key. */
export function newWebhookSecret(random: RandomBytes): string {
  return `whsec_${random(SECRET_BYTES).toString('base64')}`
}

/** It opens only in the row it was sealed for. */
export function webhookSecretOwner(tenant: string, webhookId: string): SealOwner {
  return { tenant, record: webhookId, purpose: 'webhook-secret' }
}
