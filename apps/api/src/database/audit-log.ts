import type { AuditAction, AuditDetails } from '@inforiver-mail/contract/audit'
import type { Prisma, PrismaClient } from './generated/client.ts'

/** Something that a person did or that Microsoft decided. Never holds a secret, a token or the content of a message. */
export interface AuditEvent {
  readonly tenantId: string
  readonly at: Date
  /** The id of a user; null for the product itself. */
  readonly actor: string | null
  readonly action: AuditAction
  readonly outcome: string
  readonly details?: AuditDetails
}

/** Appends to the audit table, in the transaction of the change that the events report. */
export async function appendAuditEvent(
  transaction: Pick<Prisma.TransactionClient, 'auditEvent'>,
  ...events: readonly AuditEvent[]
): Promise<void> {
  const data = events.map(({ details = {}, ...event }) => Object.assign(event, { details }))
  await transaction.auditEvent.createMany({ data })
}

const HOUR_MS = 60 * 60_000

/** Limits the events per hour that have the same action, outcome and actor, and contain the details `of`. */
export interface HourlyLimit {
  readonly of: AuditDetails
  readonly atMost: number
}

/**
 * Appends an event that strangers can cause at will, within limits, because the audit table is never pruned. Two
 * concurrent processes may exceed a limit by one.
 */
export async function appendLimitedAuditEvent(
  prisma: PrismaClient,
  { tenantId, at, actor, action, outcome, details = {} }: AuditEvent,
  limits: readonly HourlyLimit[],
): Promise<void> {
  const since = new Date(at.getTime() - HOUR_MS)
  await prisma.$executeRaw`
    INSERT INTO audit_events (tenant_id, at, actor, action, outcome, details)
    SELECT ${tenantId}, ${at}, ${actor}, ${action}, ${outcome}, ${JSON.stringify(details)}::jsonb
     WHERE NOT EXISTS (
       SELECT 1 FROM jsonb_to_recordset(${JSON.stringify(limits)}::jsonb) AS hourly("of" jsonb, "atMost" int)
        WHERE (SELECT count(*) FROM audit_events e
                WHERE e.tenant_id = ${tenantId} AND e.at > ${since} AND e.action = ${action} AND e.outcome = ${outcome}
                  AND e.actor IS NOT DISTINCT FROM ${actor}::text AND e.details @> hourly."of") >= hourly."atMost")`
}
