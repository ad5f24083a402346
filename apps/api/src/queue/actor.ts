import { appendAuditEvent } from '../database/audit-log.ts'
import type { Prisma } from '../database/generated/client.ts'

/** Whose messages: of one service, or of the whole tenant when null. */
export interface Owner {
  readonly tenantId: string
  readonly service: string | null
}

/** Who acts: a service, or a person of the tenant. */
export interface Actor extends Owner {
  readonly userId: string | null
}

/** A message that somebody acted on, and the service that it belongs to. */
export interface ActedOn {
  readonly id: string
  readonly service: string
}

/** Of a service, each message has its own history; what it does with thousands of them would hide what people do. */
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
