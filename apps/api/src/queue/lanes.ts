// A lane is what waits of one service in one priority of a mailbox, first due first. Lanes have no table: they are read
// off the index of their keys, so that they cost nothing to keep, and a mailbox with one lane needs two look-ups.

/**
 * Bounds a walk over the lanes of one priority in a mailbox. Those behind come up as soon as others are empty, and a lower
 * priority has its share however many there are.
 */
const MAX_LANES = 300

/**
 * SQL for the key of a row's lane. No other index fits a condition on it. The rows of a tenant that version 1.1.0 queued
 * name no service, and count as one.
 */
function laneOf(row: string): string {
  return `(${row}.tenant_id || '/' || ${row}.priority::text || '/' || coalesce(${row}.service, '')) COLLATE "C"`
}

/** SQL for what the index of lanes holds. */
const inLanes = (row: string) => `${row}.state = 'queued' AND ${row}.priority >= 0`

/**
 * SQL for whether a row of message_queue is queued in a lane.
 *
 * @param row its alias
 * @param key SQL
 */
export function isInLane(row: string, key: string): string {
  return `${laneOf(row)} = ${key} AND ${inLanes(row)}`
}

/**
 * A query for the `message_id` and the `mark_id` of what is queued of a service, or names none.
 *
 * @param tenant SQL
 * @param service SQL
 */
export function queuedOf(tenant: string, service: string): string {
  const keys = [0, 1, 2].flatMap((rank) => [`${tenant} || '/${rank}/' || ${service}`, `${tenant} || '/${rank}/'`])
  return `
  SELECT q.message_id, q.mark_id FROM unnest(ARRAY[${keys.join(', ')}]) AS lane(key) CROSS JOIN LATERAL (
    SELECT * FROM message_queue q WHERE ${isInLane('q', 'lane.key')} ORDER BY q.due_at OFFSET 0) AS q`
}

/**
 * A recursive common table expression `lanes` of the lanes in which something is queued, marked messages and later ones
 * included: its `key`, `priority` (0 high, 1 normal, 2 low) and `service`.
 *
 * @param tenant SQL for the tenant's id
 */
export function walkLanes(tenant: string): string {
  // 0 follows / in ASCII.
  const endOfPriority = `${tenant} || '/' || lanes.priority || '0'`
  const next = (after: string) => `
    SELECT ${laneOf('q')} AS key, least(q.priority, 2) AS priority, coalesce(q.service, '') AS service FROM message_queue q
     WHERE ${inLanes('q')} AND ${laneOf('q')} > ${after} AND ${laneOf('q')} < ${tenant} || '0' ORDER BY ${laneOf('q')} LIMIT 1`
  return `lanes AS (
  SELECT first.*, 1 AS number FROM (${next(`${tenant} || '/'`)}) AS first
   UNION ALL
  SELECT following.*, CASE WHEN following.priority = lanes.priority THEN lanes.number + 1 ELSE 1 END
    FROM lanes CROSS JOIN LATERAL (${next(`CASE WHEN lanes.number < ${MAX_LANES} THEN lanes.key ELSE ${endOfPriority} END`)}) AS following
   WHERE lanes.number < ${MAX_LANES} OR lanes.priority < 2
)`
}
