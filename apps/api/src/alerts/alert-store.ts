import type { Alert, AlertFacts } from '../domain/alert.ts'
import { appendAlert, dismissAlerts } from '../database/alert-log.ts'
import { appendAuditEvent } from '../database/audit-log.ts'
import type { Prisma, PrismaClient } from '../database/generated/client.ts'
import { lockTenant } from '../database/tenant-lock.ts'
import type { NewId } from '../runtime/ids.ts'
import type { StalledQueue } from '../queue/records/stalled.ts'
import { readAlertType } from '../domain/stored-values.ts'

const KEPT_MS = 30 * 24 * 60 * 60_000

/** What can be said of the storage. */
type StorageAlert = Extract<Alert, { type: `storage.${string}` }>

export interface AlertStore {
  /** Dismisses a notice and the older ones of its subject. Returns false when there is none of this id. */
  dismiss(tenantId: string, id: string, actor: string, now: Date): Promise<boolean>
  /** Raises `queue.stalled` once each time that a queue stands still. */
  raiseStalled(queues: readonly StalledQueue[], now: Date): Promise<void>
  /** Returns one notice of a stalled queue for each tenant, and when it was raised. */
  listStalled(): Promise<{ tenantId: string; since: Date }[]>
  /** Dismisses those notices, since messages leave again. */
  dismissStalled(tenantIds: readonly string[], now: Date): Promise<void>
  /** Whether the newest alert about the storage says that it is nearly full, also where somebody has dismissed it. */
  isStorageNearlyFull(tenantId: string): Promise<boolean>
  /** Raises an alert about the storage in place of those before it, unless the newest is of the same type. */
  raiseStorage(alert: StorageAlert & { tenantId: string }, now: Date): Promise<void>
  /** Raises `secret.expiring` once for each expiry date and `threshold` in days. */
  raiseSecretExpiring(
    expiry: AlertFacts['secret.expiring'] & { tenantId: string; threshold: number },
    now: Date,
  ): Promise<void>
  /** Deletes alerts after 30 days, with their deliveries. */
  sweep(now: Date): Promise<void>
}

export function createAlertStore(prisma: PrismaClient, newId: NewId): AlertStore {
  return {
    async dismiss(tenantId, id, actor, now) {
      return prisma.$transaction(async (transaction) => {
        await lockTenant(transaction, tenantId)
        const alert = await transaction.alertEvent.findUnique({ where: { id, tenantId } })
        if (!alert) return false
        const [subject = ''] = alert.type.split('.')
        await transaction.alertEvent.updateMany({
          where: { tenantId, type: { startsWith: `${subject}.` }, at: { lte: alert.at }, dismissedAt: null },
          data: { dismissedAt: now },
        })
        if (alert.dismissedAt === null) {
          await appendAuditEvent(transaction, {
            tenantId,
            at: now,
            actor,
            action: 'notice-dismissed',
            outcome: 'done',
            details: { notice: id, what: readAlertType(alert.type).type },
          })
        }
        return true
      })
    },

    async raiseStalled(queues, now) {
      for (const { tenantId, dueAt, since, waiting: count } of queues)
        await prisma.$transaction(async (transaction) => {
          await lockTenant(transaction, tenantId)
          const isTold = { tenantId, type: 'queue.stalled', at: { gt: since } }
          if ((await transaction.alertEvent.count({ where: isTold })) > 0) return
          const facts = { oldestDueAt: dueAt.toISOString() }
          const alert = { type: 'queue.stalled', facts, count } as const
          await appendAlert(transaction, { id: newId('alert'), ...alert, tenantId, at: now })
        })
    },

    async listStalled() {
      const rows = await prisma.alertEvent.groupBy({
        by: 'tenantId',
        where: { type: 'queue.stalled', dismissedAt: null },
        _max: { at: true },
      })
      return rows.flatMap(({ tenantId, _max: { at: since } }) => (since === null ? [] : [{ tenantId, since }]))
    },

    async dismissStalled(tenantIds, now) {
      for (const tenantId of tenantIds) await dismissAlerts(prisma, tenantId, 'queue', now)
    },

    async raiseSecretExpiring({ tenantId, threshold, ...facts }, now) {
      const dedupeKey = `secret.expiring ${facts.kind} ${facts.expiresAt} ${threshold}`
      await appendAlert(prisma, { id: newId('alert'), type: 'secret.expiring', facts, tenantId, at: now, dedupeKey })
    },

    async isStorageNearlyFull(tenantId) {
      return (await lastStorageAlert(prisma, tenantId)) === 'storage.nearly-full'
    },

    async raiseStorage({ tenantId, ...alert }, now) {
      await prisma.$transaction(async (transaction) => {
        await lockTenant(transaction, tenantId)
        if ((await lastStorageAlert(transaction, tenantId)) === alert.type) return
        await dismissAlerts(transaction, tenantId, 'storage', now)
        await appendAlert(transaction, { id: newId('alert'), ...alert, tenantId, at: now })
      })
    },

    async sweep(now) {
      await prisma.alertEvent.deleteMany({ where: { at: { lt: new Date(now.getTime() - KEPT_MS) } } })
    },
  }
}

/** The type of the newest alert about the storage, dismissed or not. */
async function lastStorageAlert(
  client: Pick<Prisma.TransactionClient, 'alertEvent'>,
  tenantId: string,
): Promise<string | null> {
  const last = await client.alertEvent.findFirst({
    where: { tenantId, type: { startsWith: 'storage.' } },
    orderBy: [{ at: 'desc' }, { id: 'desc' }],
    select: { type: true },
  })
  return last?.type ?? null
}
