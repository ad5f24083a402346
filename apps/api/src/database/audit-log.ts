import type { AuditAction, AuditDetails } from '@inforiver-mail/contract/audit'
import type { Prisma } from './generated/client.ts'

/** Something somebody did, or Microsoft decided. Never holds a secret, a token or the content of a message. */
export interface AuditEvent {
  readonly tenantId: string
  readonly at: Date
  /** A user's id; null for the product itself. */
  readonly actor: string | null
  readonly action: AuditAction
  readonly outcome: string
  readonly details?: AuditDetails
}

/** Appends to the audit table, in the transaction of the change that it tells of. */
export async function appendAuditEvent(
  transaction: Pick<Prisma.TransactionClient, 'auditEvent'>,
  ...events: readonly AuditEvent[]
): Promise<void> {
  const data = events.map(({ details = {}, ...event }) => Object.assign(event, { details }))
  await transaction.auditEvent.createMany({ data })
}
