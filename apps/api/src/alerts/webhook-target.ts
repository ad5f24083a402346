import type { Sealed } from '@inforiver-mail/m365/token-vault'

/** The address of a webhook and the secret that signs its requests. */
export interface WebhookTarget {
  readonly id: string
  readonly tenantId: string
  readonly url: string
  readonly secretSealed: Sealed
}

/** The columns of a webhook in the row of what is sent to it. */
export interface TargetRow {
  readonly webhook_id: string
  readonly tenant_id: string
  readonly url: string
  readonly secret_sealed: Sealed
}

export function toTarget({
  webhook_id: id,
  tenant_id: tenantId,
  url,
  secret_sealed: secretSealed,
}: TargetRow): WebhookTarget {
  return { id, tenantId, url, secretSealed }
}
