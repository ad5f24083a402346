// The row that a mailbox has in mailbox_totals. Each statement that changes what it counts adds that in its last part
// (`addToTotals`). While a transaction holds an old snapshot, PostgreSQL keeps every version of the row, and a look-up by the
// key visits them, the oldest first. In the index new versions lie behind old ones, so a walk backwards meets the valid one
// first.

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
 * A query that locks the totals of the tenants of `rows`, in the order in which `addToTotals` does: two statements about
 * several tenants could deadlock otherwise.
 */
export function lockTotals(rows: string): string {
  return `SELECT locked.* FROM (SELECT DISTINCT tenant_id FROM ${rows} ORDER BY tenant_id) AS asked
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

/** SQL for the columns of message_queue by which a row counts. Any of them may be given as it was before the statement. */
export interface Counting {
  readonly state?: string
  readonly owner?: string
  readonly uploadBytes?: string
}

/**
 * Rows of message_queue that count from now on (+), or no longer (-).
 *
 * @param rows the name of rows with the columns that are not given
 */
export function queueRows(sign: '+' | '-', rows: string, { state, owner, uploadBytes }: Counting = {}): string {
  return `
SELECT ${sign}1, tenant_id, ${state ?? 'state'}, ${owner ?? 'lease_owner'}, size, recipients, ${uploadBytes ?? 'upload_bytes'}, 0 FROM ${rows}`
}

/**
 * Stored bytes that count from now on (+), or no longer (-).
 *
 * @param rows the name of rows of `tenant_id`
 * @param bytes SQL over a row
 */
export function storedBytes(sign: '+' | '-', rows: string, bytes = 'stored_bytes'): string {
  return `
SELECT ${sign}1, tenant_id, NULL::text, NULL::text, NULL::text, NULL::int, NULL::bigint, ${bytes} FROM ${rows}`
}

/**
 * A query that adds to the totals what a statement changes, once for each tenant and in one order. It reads what the other parts
 * of the statement return, so that the totals are locked after everything else. Triggers count what other statements change:
 * they let this one alone by its time, which no other statement of its transaction has.
 *
 * @param changes queries for what counts from now on, and for what no longer does
 * @param when SQL that is evaluated before anything is locked
 */
export function addToTotals(changes: readonly string[], when = 'true'): string {
  return adding(changes, when, '')
}

/** @param columns further columns for each tenant, evaluated when its totals are locked */
function adding(changes: readonly string[], when: string, columns: string): string {
  const count = (condition: string) => `coalesce(sum(sign) FILTER (WHERE ${condition}), 0)`
  const sum = (column: string, condition = 'true') =>
    `coalesce(sum(sign * ${column}) FILTER (WHERE ${condition}), 0)::bigint`
  const waits = `state = 'queued' AND lease_owner IS NULL`
  const leased = 'lease_owner IS NOT NULL'
  return `
SELECT set_config('inforiver_mail.counted', statement_timestamp()::text, true),
       add_to_mailbox_totals(tenant_id, stored_bytes => stored_bytes, queued => queued, queued_recipients => queued_recipients,
         sending => sending, sending_large => sending_large, sending_recipients => sending_recipients, upload_bytes => upload_bytes,
         scheduled => scheduled, held => held)${columns}
  FROM (
    SELECT tenant_id, ${sum('bytes')} AS stored_bytes,
           ${count(waits)} AS queued, ${sum('recipients', waits)} AS queued_recipients,
           ${count(leased)} AS sending, ${count(`${leased} AND size = 'large'`)} AS sending_large, ${sum('recipients', leased)} AS sending_recipients,
           ${sum('upload_bytes', `state = 'queued'`)} AS upload_bytes,
           ${count(`state = 'scheduled'`)} AS scheduled, ${count(`state = 'held'`)} AS held
      FROM (${changes.join(' UNION ALL ')}) AS changed(sign, tenant_id, state, lease_owner, size, recipients, upload_bytes, bytes)
     WHERE ${when} GROUP BY tenant_id ORDER BY tenant_id) AS change`
}

/**
 * Common table expressions, `counted` among them, for a statement that ends, holds or releases messages: they add to the totals
 * as `addToTotals` does, and write the events. Who has locked the totals of a tenant gives its next positions.
 *
 * @param changes as for `addToTotals`
 * @param events queries by `endedEvents` and `heldEvents`, about tenants that the changes name
 * @param when as for `addToTotals`
 */
export function countAndTell(changes: readonly string[], events: readonly string[], when = 'true'): string {
  const columns = `,
       tenant_id, last_event_position(tenant_id) AS position`
  return `
counted AS MATERIALIZED (${adding(changes, when, columns)}
), told AS (
  INSERT INTO message_events (tenant_id, position, at, possible_duplicate, message_id, service, type, code, detail)
  SELECT e.tenant_id, c.position + row_number() OVER (PARTITION BY e.tenant_id), e.at, e.possible_duplicate, e.message_id, e.service, e.type, e.code, e.detail
    FROM (${events.join(' UNION ALL ')}) AS e(tenant_id, message_id, service, possible_duplicate, at, type, code, detail)
    JOIN counted c ON c.tenant_id = e.tenant_id
)`
}

/** The columns of a row `m` of messages that `endedEvents` needs. */
export const ENDED = `m.id, m.tenant_id, m.service, m.created_at, m.outcome, m.ended_at, m.possible_duplicate, m.problem`

/** @param ended the name of rows of messages as they are from now on */
export function endedEvents(ended: string): string {
  return `
SELECT tenant_id, id, service, possible_duplicate, ended_at, 'message.' || outcome, CASE outcome WHEN 'failed' THEN left(problem ->> 'code', 100) END,
       CASE outcome WHEN 'failed' THEN left(concat_ws(': ', problem ->> 'title', problem ->> 'microsoftCode'), 500) END FROM ${ended}`
}

/** The columns of a row `q` of message_queue that `queueRows` and `heldEvents` need. */
export const MOVED = `q.message_id, q.tenant_id, q.state, q.lease_owner, q.size, q.recipients, q.upload_bytes, q.possible_duplicate, q.held_because`

/**
 * The events of messages that became held, or that were.
 *
 * @param moved the name of rows `q` of message_queue as they are from now on, and conditions
 */
export function heldEvents(moved: string): string {
  return `
SELECT q.tenant_id, q.message_id, (SELECT m.service FROM messages m WHERE m.id = q.message_id), q.possible_duplicate, mail_now(),
       CASE q.state WHEN 'held' THEN 'message.held' ELSE 'message.released' END, CASE q.state WHEN 'held' THEN left(q.held_because, 100) END, NULL FROM ${moved}`
}
