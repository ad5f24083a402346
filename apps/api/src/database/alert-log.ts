import type { Alert } from '../domain/alert.ts'
import type { Prisma } from './generated/client.ts'

/**
 * Appends an alert to the outbox, in the transaction of the change that it reports, so that no crash loses it. A tenant's
 * second alert with the same `dedupeKey` is ignored. It is due at once, by the clock of the database.
 */
export async function appendAlert(
  transaction: Pick<Prisma.TransactionClient, 'alertEvent'>,
  {
    facts,
    ...alert
  }: Alert & {
    readonly id: string
    readonly tenantId: string
    readonly at: Date
    /** How many messages it is about. */
    readonly count?: number
    readonly dedupeKey?: string
  },
): Promise<void> {
  await transaction.alertEvent.createMany({
    data: [{ ...alert, facts: facts as Prisma.InputJsonObject }],
    skipDuplicates: true,
  })
}

/** Dismisses the alerts about a subject, which is the word before the dot, once they are obsolete. */
export async function dismissAlerts(
  transaction: Pick<Prisma.TransactionClient, 'alertEvent'>,
  tenantId: string,
  subject: 'mailbox' | 'microsoft' | 'queue' | 'quota' | 'storage',
  now: Date,
): Promise<void> {
  await transaction.alertEvent.updateMany({
    where: { tenantId, type: { startsWith: `${subject}.` }, dismissedAt: null },
    data: { dismissedAt: now },
  })
}
