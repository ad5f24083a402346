// The row that a mailbox has in mailbox_totals. Triggers keep it, and replace it several times for each mail; only what is
// stored as a whole is counted by the statement that stores it. While a transaction holds an old snapshot, PostgreSQL keeps
// every version of the row, and a look-up by the key visits them, the oldest first. In the index new versions lie behind old
// ones, so a walk backwards meets the valid one first (docs/decisions/0055-an-old-snapshot-costs-little.md).

/**
 * A query for the totals of a tenant: one row, or none. It asks for a range, because an equality makes the planner drop
 * the order, and the direction with it.
 *
 * @param tenant SQL for the tenant's id: a parameter, or a column with its table
 */
export function totalsOf(tenant: string, columns = '*'): string {
  return `SELECT ${columns} FROM mailbox_totals WHERE tenant_id >= ${tenant} AND tenant_id <= ${tenant} ORDER BY tenant_id DESC LIMIT 1`
}

/**
 * A query that locks the totals of the tenants of `rows`, in one order. Triggers change the totals tenant by tenant: of two
 * statements that concern several tenants, neither waits for the other while it is waited for.
 *
 * @param when SQL that is evaluated before anything is locked
 */
export function lockTotals(rows: string, when = 'true'): string {
  return `SELECT locked.* FROM (SELECT DISTINCT tenant_id FROM ${rows} WHERE ${when} ORDER BY tenant_id) AS asked
   CROSS JOIN LATERAL (${totalsOf('asked.tenant_id', 'tenant_id, stored_bytes, queued')} FOR UPDATE) AS locked`
}

/**
 * Common table expressions that lock the totals of the tenants of `rows`, and make those that are missing: `totals` has the
 * `tenant_id`, the `stored_bytes` and the messages `queued` of each.
 *
 * @param rows the name of rows of `tenant_id`
 */
export function takeTotals(rows: string): string {
  return `
known AS MATERIALIZED (${lockTotals(rows)}), made AS (
  INSERT INTO mailbox_totals AS t (tenant_id)
  SELECT DISTINCT tenant_id FROM ${rows} AS asked WHERE NOT EXISTS (SELECT 1 FROM known WHERE known.tenant_id = asked.tenant_id) ORDER BY 1
  ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = t.stored_bytes
  RETURNING t.tenant_id, t.stored_bytes, t.queued
), totals AS MATERIALIZED (
  SELECT * FROM known UNION ALL SELECT * FROM made
)`
}

/**
 * A common table expression, `counted`, that adds to the totals what messages come to that a statement stores as a whole: once
 * for each tenant. It has the triggers, which would add for each of three tables, leave that to this statement.
 *
 * @param rows the name of rows of `tenant_id`, `state`, `recipients`, `upload_bytes`, `stored_bytes` and `open_bytes`
 */
export function countStored(rows: string): string {
  const queued = `FILTER (WHERE state = 'queued')`
  return `
counted AS MATERIALIZED (
  SELECT set_config('inforiver_mail.counted', statement_timestamp()::text, true),
         add_to_mailbox_totals(tenant_id, stored_bytes => sum(stored_bytes + open_bytes)::bigint, unindexed => count(*), queued => count(*) ${queued},
                               queued_recipients => coalesce(sum(recipients) ${queued}, 0), upload_bytes => coalesce(sum(upload_bytes) ${queued}, 0)::bigint,
                               scheduled => count(*) FILTER (WHERE state = 'scheduled'), held => count(*) FILTER (WHERE state = 'held'))
    FROM ${rows} GROUP BY tenant_id
)`
}
