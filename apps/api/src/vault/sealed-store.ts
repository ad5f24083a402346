import { keyIdOfHead, sealedPrefix, type Sealed, type SealOwner } from '@inforiver-mail/m365/token-vault'
import { appendAuditEvent } from '../database/audit-log.ts'
import type { Database } from '../database/database.ts'
import { findSealedHeads, headOf, NO_KEY } from '../database/sealed-values.ts'
import type { ForgettableColumn, SealedColumn } from '../domain/sealed-column.ts'
import { SEALS_WITH } from './presence-store.ts'

export interface StoredValue {
  /** Identifies the row in its table. */
  readonly key: string
  readonly value: Sealed
  readonly owner: SealOwner
}

export type SealedStore = ReturnType<typeof createSealedStore>

export function createSealedStore(
  { pool, prisma }: Pick<Database, 'pool' | 'prisma'>,
  columns: readonly ForgettableColumn[],
) {
  return {
    columns,

    /** Finds the keys that stored values need. Its cost does not grow with the number of values. */
    async findKids(): Promise<Set<string>> {
      const kids = new Set<string>()
      for (const column of columns) for (const kid of (await findSealedHeads(pool, column)).keys()) kids.add(kid)
      return kids
    },

    /** Counts the values that each key seals. Its cost grows with their number. */
    async count(): Promise<Map<string, number>> {
      const counts = new Map<string, number>()
      for (const column of columns) {
        const { rows } = await pool.query<{ head: string; count: number }>(
          `SELECT ${headOf(column)} AS head, count(*)::int AS count FROM ${column.table} WHERE ${column.column} IS NOT NULL GROUP BY 1`,
        )
        for (const { head, count } of rows) {
          const kid = keyIdOfHead(head) ?? NO_KEY
          counts.set(kid, (counts.get(kid) ?? 0) + count)
        }
      }
      return counts
    },

    /** Reads values in the order of their rows' keys, beginning after `after`, except those sealed with `exceptKid`. */
    async read(
      column: SealedColumn,
      { after, exceptKid, limit }: { after: string; exceptKid: string | null; limit: number },
    ): Promise<StoredValue[]> {
      const { rows } = await pool.query<{ key: string; value: Sealed; tenant: string; record: string }>(
        `SELECT ${column.key} AS key, ${column.column} AS value, tenant_id AS tenant, ${column.record} AS record FROM ${column.table}
          WHERE ${column.column} IS NOT NULL AND ${column.key} > $1 AND ($2::text IS NULL OR NOT starts_with(${column.column}, $2))
          ORDER BY ${column.key} LIMIT $3`,
        [after, exceptKid === null ? null : sealedPrefix(exceptKid), limit],
      )
      return rows.map(({ key, value, tenant, record }) => ({
        key,
        value,
        owner: { tenant, record, purpose: column.purpose },
      }))
    },

    /** Replaces each value that is unchanged and whose row is not locked; returns how many. */
    async replace(
      { table, column, key }: SealedColumn,
      changes: readonly { key: string; before: Sealed; after: Sealed }[],
    ): Promise<number> {
      // SKIP LOCKED prevents a deadlock with concurrent writers. The array of keys keeps a join from reading the whole table.
      const { rowCount } = await pool.query(
        `WITH change AS MATERIALIZED (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS c(key, before, after)),
         free AS MATERIALIZED (
           SELECT t.${key} AS key FROM ${table} t JOIN change c ON t.${key} = c.key AND t.${column} = c.before
            WHERE t.${key} = ANY ($1)
              FOR NO KEY UPDATE OF t SKIP LOCKED
         )
         UPDATE ${table} t SET ${column} = c.after
           FROM change c JOIN free f ON f.key = c.key
          WHERE t.${key} = ANY ($1) AND t.${key} = c.key AND t.${column} = c.before`,
        [changes.map((change) => change.key), changes.map(({ before }) => before), changes.map(({ after }) => after)],
      )
      return rowCount ?? 0
    },

    /** Finds the keys that running processes seal new values with. */
    async findSealingKids(): Promise<Set<string>> {
      const { rows } = await pool.query<{ name: string }>(
        `SELECT DISTINCT application_name AS name FROM pg_stat_activity
          WHERE datname = current_database() AND starts_with(application_name, $1)`,
        [SEALS_WITH],
      )
      return new Set(rows.map(({ name }) => name.slice(SEALS_WITH.length)))
    },

    /** Whether anybody else is connected. A dead process counts while its last statement may still be written. */
    async isShared(): Promise<boolean> {
      // PostgreSQL hides the activity of other roles, but not their connections.
      const { rows } = await pool.query<{ connections: number }>(
        `SELECT count(*)::int AS connections FROM pg_stat_activity
          WHERE datname = current_database() AND coalesce(backend_type, 'client backend') = 'client backend'`,
      )
      return (rows[0]?.connections ?? 0) > pool.totalCount
    },

    async recordRotation(kid: string, resealed: number, finished: boolean, now: Date): Promise<void> {
      const installation = await prisma.installation.findUnique({ where: { id: 1 } })
      if (!installation) return
      await appendAuditEvent(prisma, {
        tenantId: installation.tenantId,
        at: now,
        actor: null,
        action: 'vault-rotated',
        outcome: finished ? 'done' : 'unfinished',
        details: { key: kid, resealed },
      })
    },
  }
}
