import { appendAuditEvent } from '../database/audit-log.ts'
import type { Prisma } from '../database/generated/client.ts'

/** Owns messages: one service, or the whole tenant when `service` is null. */
export interface Owner {
  readonly tenantId: string
  readonly service: string | null
}

/** Acts on messages: a service when `userId` is null, else a person of the tenant. */
export interface Actor extends Owner {
  readonly userId: string | null
}

/** A message that an actor changed, and the service it belongs to. */
export interface ActedOn {
  readonly id: string
  readonly service: string
}

/**
 * Writes the audit event of a person. Services write none: a message keeps its own history, and the thousands of
 * changes that services make would hide what people do.
 */
export async function auditPerson(
  transaction: Prisma.TransactionClient,
  { tenantId, userId }: Actor,
  action: 'message-cancelled' | 'message-retried',
  { id: message, service }: ActedOn,
  now: Date,
): Promise<void> {
  if (userId === null) return
  const details = { message, name: service }
  await appendAuditEvent(transaction, { tenantId, at: now, actor: userId, action, outcome: 'done', details })
}
