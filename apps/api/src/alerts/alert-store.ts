import type { Alert, AlertFacts } from '../domain/alert.ts'
import { appendAlert, dismissAlerts } from '../database/alert-log.ts'
import { appendAuditEvent } from '../database/audit-log.ts'
import type { PrismaClient } from '../database/generated/client.ts'
import { lockTenant } from '../database/transaction.ts'
import type { NewId } from '../runtime/ids.ts'
import type { StalledQueue } from '../queue/records/stalled.ts'
import { readAlertType } from '../domain/stored-values.ts'

const KEPT_MS = 30 * 24 * 60 * 60_000

/** What can be said of the storage. */
type StorageAlert = Extract<Alert, { type: `storage.${string}` }>

export type AlertStore = ReturnType<typeof createAlertStore>

export function createAlertStore(prisma: PrismaClient, newId: NewId) {
  return {
    /** Dismisses a notice and the older ones of its subject. Returns false when there is none of this id. */
    async dismiss(tenantId: string, id: string, actor: string, now: Date): Promise<boolean> {
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

    /** Raises `queue.stalled` once each time that a queue stands still. */
    async raiseStalled(queues: readonly StalledQueue[], now: Date): Promise<void> {
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

    /** Returns one notice of a stalled queue for each tenant, and when it was raised. */
    async listStalled(): Promise<{ tenantId: string; since: Date }[]> {
      const rows = await prisma.alertEvent.groupBy({
        by: 'tenantId',
        where: { type: 'queue.stalled', dismissedAt: null },
        _max: { at: true },
      })
      return rows.flatMap(({ tenantId, _max: { at: since } }) => (since === null ? [] : [{ tenantId, since }]))
    },

    /** Dismisses those notices, since messages leave again. */
    async dismissStalled(tenantIds: readonly string[], now: Date): Promise<void> {
      for (const tenantId of tenantIds) await dismissAlerts(prisma, tenantId, 'queue', now)
    },

    /** Raises `secret.expiring` once for each expiry date and `threshold` in days. */
    async raiseSecretExpiring(
      { tenantId, threshold, ...facts }: AlertFacts['secret.expiring'] & { tenantId: string; threshold: number },
      now: Date,
    ): Promise<void> {
      const dedupeKey = `secret.expiring ${facts.kind} ${facts.expiresAt} ${threshold}`
      await appendAlert(prisma, { id: newId('alert'), type: 'secret.expiring', facts, tenantId, at: now, dedupeKey })
    },

    /**
     * Raises an alert about the storage in place of those before it, unless the newest says the same, also where somebody has
     * dismissed it: at first there is room.
     */
    async raiseStorage({ tenantId, ...alert }: StorageAlert & { tenantId: string }, now: Date): Promise<void> {
      await prisma.$transaction(async (transaction) => {
        await lockTenant(transaction, tenantId)
        const last = await transaction.alertEvent.findFirst({
          where: { tenantId, type: { startsWith: 'storage.' } },
          orderBy: [{ at: 'desc' }, { id: 'desc' }],
          select: { type: true },
        })
        if ((last?.type ?? 'storage.recovered') === alert.type) return
        await dismissAlerts(transaction, tenantId, 'storage', now)
        await appendAlert(transaction, { id: newId('alert'), ...alert, tenantId, at: now })
      })
    },

    /** Deletes alerts after 30 days, with their deliveries. */
    async sweep(now: Date): Promise<void> {
      await prisma.alertEvent.deleteMany({ where: { at: { lt: new Date(now.getTime() - KEPT_MS) } } })
    },
  }
}
