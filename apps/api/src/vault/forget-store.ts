import { appendAuditEvent } from '../database/audit-log.ts'
import type { Database } from '../database/database.ts'
import type { ForgettableColumn } from '../domain/sealed-column.ts'
import { FORGOTTEN_AT_ONCE } from '../queue/changes/forget.ts'
import type { StoredValue } from './sealed-store.ts'

export type ForgetStore = ReturnType<typeof createForgetStore>

export function createForgetStore({ prisma }: Pick<Database, 'prisma'>) {
  return {
    /**
     * Gives up rows whose value no longer opens, unless it was replaced meanwhile, and returns how many. A message leased
     * by a worker is left to it.
     */
    async forget(column: ForgettableColumn, lost: readonly StoredValue[], now: Date): Promise<number> {
      let forgotten = 0
      for (const statement of column.forget) {
        for (;;) {
          const count = await run(statement, column, lost, now)
          forgotten += count
          if (count < FORGOTTEN_AT_ONCE) break // one data key may cover very many messages
        }
      }
      return forgotten
    },
  }

  /** A transaction changes a tenant's stored bytes once, so that two cannot deadlock. */
  async function run(statement: string, { purpose }: ForgettableColumn, lost: readonly StoredValue[], now: Date) {
    return prisma.$transaction(async (transaction) => {
      const keys = lost.map(({ key }) => key)
      const values = lost.map(({ value }) => value)
      const rows = await transaction.$queryRawUnsafe<{ tenant_id: string }[]>(statement, keys, values, now)
      const records = Map.groupBy(rows, ({ tenant_id: tenantId }) => tenantId)
      await appendAuditEvent(
        transaction,
        ...[...records].map(([tenantId, { length }]) => ({
          tenantId,
          at: now,
          actor: null,
          action: 'vault-forgotten' as const,
          outcome: 'done',
          details: { what: purpose, records: length },
        })),
      )
      return rows.length
    })
  }
}
