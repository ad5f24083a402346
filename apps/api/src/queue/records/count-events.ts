import type pg from 'pg'

// Counts what events tell, in the background after they were written, so that an outcome costs no write of its own and
// workers never wait for each other's counters. A table has the position up to which the events of a tenant are counted.

/** SQL for the lowest position of any event since `moment`, which is SQL itself. */
function positionSince(moment: string): string {
  return `floor(extract(epoch FROM ${moment}) * 1000000)::bigint`
}

/**
 * SQL for common table expressions that lock the row with the position, and take the next events. Who holds the row counts
 * them; a second process goes on after it. $1 tenant, $2 how many
 *
 * @param columns further columns of that table
 * @param keptSince SQL for the moment since when events are counted at all
 */
export function nextEvents(table: string, keptSince: string, columns = ''): string {
  return `
place AS MATERIALIZED (
  SELECT p.tenant_id, greatest(p.position, ${positionSince(keptSince)}) AS position${columns}
    FROM ${table} p WHERE p.tenant_id = $1 FOR UPDATE
), next AS MATERIALIZED (
  SELECT e.* FROM place p CROSS JOIN LATERAL (
    SELECT e.tenant_id, e.position, e.at, e.type, e.message_id FROM message_events e
     WHERE e.tenant_id = p.tenant_id AND e.position > p.position ORDER BY e.position LIMIT $2) AS e
)`
}

/**
 * Counts at most `atOnce` of the events that are not counted yet, and writes nothing if there are none. Returns whether
 * there may be more.
 *
 * @param count counts by `nextEvents`, and returns how many `events` that were
 */
export async function countEvents(
  pool: pg.Pool,
  tenantId: string,
  { table, count, atOnce }: { table: string; count: string; atOnce: number },
): Promise<boolean> {
  const { rows } = await pool.query<{ begins: boolean; behind: boolean }>(
    `SELECT p.tenant_id IS NULL AS begins,
            EXISTS (SELECT 1 FROM message_events e WHERE e.tenant_id = a.tenant_id AND e.position > coalesce(p.position, 0)) AS behind
       FROM (SELECT $1::text AS tenant_id) AS a LEFT JOIN ${table} p ON p.tenant_id = a.tenant_id`,
    [tenantId],
  )
  if (!rows[0]?.behind) return false
  if (rows[0].begins)
    await pool.query(`INSERT INTO ${table} (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING`, [tenantId])
  const counted = await pool.query<{ events: number }>(count, [tenantId, atOnce])
  return counted.rows[0]?.events === atOnce
}
