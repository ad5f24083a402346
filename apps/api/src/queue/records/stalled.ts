import type pg from 'pg'
import { hasWaited, isBeingSent, markedRows } from '../columns.ts'
import { isInLane, walkLanes } from '../lanes.ts'
import { isToldOf } from '../mailbox/mailbox-refusals.ts'
import { DAY_WINDOW } from '../usage-windows.ts'

export interface StalledQueue {
  readonly tenantId: string
  /** When the oldest message was due to leave. */
  readonly dueAt: Date
  /** Since when nothing has moved. */
  readonly since: Date
  readonly waiting: number
}

/**
 * A queue stalls in two ways. Either every attempt fails: messages are due and nothing has got through since the mailbox
 * got into trouble, whether it was retried or paused meanwhile. Or nothing is attempted: messages are due, the mailbox
 * has room for them, and nothing has left it or is being sent. A mailbox at its rate limit keeps sending, and one that
 * has used up the recipients of its day has no room for what leaves next, in one of its lanes: neither is stalled.
 *
 * $1 now, $2 due before, $3 recipients a day
 */
const FIND_STALLED = `
WITH working AS MATERIALIZED (
  SELECT s.tenant_id, b.troubled_since, greatest(b.paused_until, b.no_access_until) AS paused_until, t.queued + t.sending AS waiting, t.sending
    FROM counters t JOIN tenant_settings s ON s.tenant_id = t.tenant_id LEFT JOIN mailboxes b ON b.tenant_id = t.tenant_id
   WHERE s.status = 'connected' AND s.problem IS NULL AND t.queued + t.sending > 0
     AND NOT ${isToldOf('b')}
), stalled AS (
  SELECT w.tenant_id, w.waiting, tried.due_at, greatest(tried.due_at, w.troubled_since) AS since
    FROM working w CROSS JOIN LATERAL (
      SELECT q.waits_since AS due_at FROM message_queue q WHERE q.tenant_id = w.tenant_id AND q.state = 'queued' AND ${hasWaited('q')}
       ORDER BY q.waits_since LIMIT 1) AS tried
   WHERE w.troubled_since <= $2
   UNION ALL
  SELECT w.tenant_id, w.waiting, untried.due_at,
         greatest(untried.due_at, (SELECT max(u.started_at) FROM mailbox_usage u WHERE u.tenant_id = w.tenant_id AND u.started_at <= $1))
    FROM working w CROSS JOIN LATERAL (
      SELECT q.due_at FROM message_queue q
       WHERE q.tenant_id = w.tenant_id AND q.state = 'queued' AND q.mark_id IS NULL ORDER BY q.due_at LIMIT 1) AS untried
   CROSS JOIN LATERAL (
      WITH RECURSIVE ${walkLanes('w.tenant_id')}
      SELECT max(first.recipients) AS recipients FROM lanes l CROSS JOIN LATERAL (
        SELECT q.recipients FROM message_queue q WHERE ${isInLane('q', 'l.key')} AND q.due_at <= $1 AND q.mark_id IS NULL ORDER BY q.due_at LIMIT 1) AS first
   ) AS next
   CROSS JOIN LATERAL (
      SELECT coalesce(sum(u.recipients), 0) AS recipients FROM mailbox_usage u
       WHERE u.tenant_id = w.tenant_id AND u.started_at > $2::timestamptz - ${DAY_WINDOW.interval} AND u.started_at <= $1) AS used
   WHERE w.troubled_since IS NULL AND (w.paused_until IS NULL OR w.paused_until <= $2)
     AND ($3 = 0 OR used.recipients = 0 OR used.recipients + next.recipients <= $3)
     AND NOT EXISTS (SELECT 1 FROM (${markedRows('SELECT w.tenant_id, w.sending')}) AS marked WHERE ${isBeingSent('marked', '$1::timestamptz')})
)
SELECT s.tenant_id AS "tenantId", s.due_at AS "dueAt", s.since, s.waiting FROM stalled s WHERE s.since <= $2`

/** Finds queues in which nothing has moved since `movedBefore`. */
export async function findStalledQueues(
  pool: pg.Pool,
  { now, movedBefore, recipientsPerDay }: { now: Date; movedBefore: Date; recipientsPerDay: number },
): Promise<StalledQueue[]> {
  return (await pool.query<StalledQueue>(FIND_STALLED, [now, movedBefore, recipientsPerDay])).rows
}

/** $1 tenants, $2 for each of them since when */
const FIND_MOVING = `
SELECT asked.tenant_id AS id FROM unnest($1::text[], $2::timestamptz[]) AS asked(tenant_id, since) LEFT JOIN mailboxes b USING (tenant_id)
 WHERE b.troubled_since IS NULL
   AND EXISTS (SELECT 1 FROM mailbox_usage u WHERE u.tenant_id = asked.tenant_id AND u.started_at > asked.since AND u.started_at <= mail_now())`

/** Returns those of the tenants from whose mailboxes something has left since. */
export async function findMovingQueues(
  pool: pg.Pool,
  stalled: readonly { readonly tenantId: string; readonly since: Date }[],
): Promise<string[]> {
  const values = [stalled.map(({ tenantId }) => tenantId), stalled.map(({ since }) => since)]
  return (await pool.query<{ id: string }>(FIND_MOVING, values)).rows.map(({ id }) => id)
}
