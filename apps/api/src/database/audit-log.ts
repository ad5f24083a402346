import type { Prisma } from './generated/client.ts'

/** Something somebody did, or Microsoft decided. Never holds a secret. */
export interface AuditEvent {
  readonly tenantId: string
  readonly at: Date
  /** A user's id; null for the product itself. */
  readonly actor: string | null
  readonly action:
    | 'sign-in'
    | 'sign-out'
    | 'consent-started'
    | 'consent-ended'
    | 'settings-reset'
    | 'service-key-created'
    | 'service-key-revoked'
    | 'reconnect-required'
    | 'app-misconfigured'
    | 'app-recovered'
  readonly outcome: string
  readonly details?: Readonly<Record<string, string | boolean | null>>
}

/** Appends to the audit table, in the transaction of the change that it tells of. */
export async function appendAuditEvent(
  transaction: Pick<Prisma.TransactionClient, 'auditEvent'>,
  ...events: readonly AuditEvent[]
): Promise<void> {
  const data = events.map(({ details = {}, ...event }) => Object.assign(event, { details }))
  await transaction.auditEvent.createMany({ data })
}
