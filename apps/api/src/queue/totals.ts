// The row that a mailbox has in mailbox_totals. Triggers keep it, and replace it several times for each mail; the
// statements that each mail needs count by themselves. While a transaction holds an old snapshot, PostgreSQL keeps
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
 * A query that locks the totals of the tenants of `rows` in a fixed order. Triggers change the totals tenant by tenant, so
 * that without it two statements about several tenants could deadlock.
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
 * A query that adds what a statement inserts into or deletes from the queue and the contents to the totals, once for each
 * tenant. It suppresses the triggers, which would add it once for each table.
 *
 * @param rows rows of `tenant_id`, `state`, `lease_owner`, `size`, `recipients`, `upload_bytes`, `bytes`, and `unindexed`, which
 *   is 1 for a message that the search index has yet to take
 * @param sign whether they are inserted (+) or deleted (-)
 */
export function addToTotals(rows: string, sign: '+' | '-'): string {
  const count = (condition: string) => `${sign}count(*) FILTER (WHERE ${condition})`
  const sum = (column: string, condition = 'true') =>
    `${sign}coalesce(sum(${column}) FILTER (WHERE ${condition}), 0)::bigint`
  const waits = `state = 'queued' AND lease_owner IS NULL`
  const leased = 'lease_owner IS NOT NULL'
  return `
SELECT set_config('inforiver_mail.counted', statement_timestamp()::text, true),
       add_to_mailbox_totals(tenant_id, stored_bytes => ${sum('bytes')}, unindexed => ${sum('unindexed')},
         queued => ${count(waits)}, queued_recipients => ${sum('recipients', waits)},
         sending => ${count(leased)}, sending_large => ${count(`${leased} AND size = 'large'`)}, sending_recipients => ${sum('recipients', leased)},
         upload_bytes => ${sum('upload_bytes', `state = 'queued'`)},
         scheduled => ${count(`state = 'scheduled'`)}, held => ${count(`state = 'held'`)})
  FROM ${rows} GROUP BY tenant_id`
}
