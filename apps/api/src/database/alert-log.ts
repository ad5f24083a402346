import type { Alert } from '../alert.ts'
import { newId } from '../ids.ts'
import type { Prisma } from './generated/client.ts'

/**
 * Appends an alert to the outbox, in the transaction of the change that it reports, so that no crash loses it. A tenant's
 * second alert with the same `dedupeKey` is ignored.
 */
export async function appendAlert(
  transaction: Pick<Prisma.TransactionClient, 'alertEvent'>,
  alert: Alert & { readonly tenantId: string; readonly at: Date; readonly dedupeKey?: string },
): Promise<void> {
  const { tenantId, at, type, facts, dedupeKey = null } = alert
  const data = { id: newId('alert'), tenantId, type, at, facts: { ...facts }, dedupeKey, publishAt: at }
  await transaction.alertEvent.createMany({ data: [data], skipDuplicates: true })
}

/** Dismisses the alerts about a mailbox, which are obsolete once it is reset, changed, or in another state. */
export async function dismissMailboxAlerts(
  transaction: Pick<Prisma.TransactionClient, 'alertEvent'>,
  tenantId: string,
  now: Date,
): Promise<void> {
  await transaction.alertEvent.updateMany({
    where: { tenantId, type: { startsWith: 'mailbox.' }, dismissedAt: null },
    data: { dismissedAt: now },
  })
}

/** Dismisses what was said about a used-up limit, once its pause is over or another one begins. */
export async function dismissQuotaAlerts(
  transaction: Pick<Prisma.TransactionClient, 'alertEvent'>,
  tenantId: string,
  now: Date,
): Promise<void> {
  await transaction.alertEvent.updateMany({
    where: { tenantId, type: 'quota.exceeded', dismissedAt: null },
    data: { dismissedAt: now },
  })
}
