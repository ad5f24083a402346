import type pg from 'pg'
import { countEvents, nextEvents } from './count-events.ts'

// How many messages were sent, failed and held, by the hour.

/** How long counts are kept: 30 days in UTC, the current one included, and a day to spare. */
const KEPT = `interval '31 days'`
const KEPT_MS = 31 * 24 * 60 * 60_000
const COUNTED_AT_ONCE = 5_000
const SHOWN_HOURS = 24
const SHOWN_DAYS = 30

/** What happened within an hour or a day. */
export interface OutcomeCount {
  /** When the hour or the day begins, in UTC. */
  readonly at: Date
  readonly sent: number
  readonly failed: number
  readonly held: number
  /** Recipients. */
  readonly bounced: number
}

export interface OutcomeHistory {
  /** The hours of the last 24 in which something happened, oldest first. */
  readonly hours: readonly OutcomeCount[]
  /** The days of the last 30 in which something happened, oldest first. */
  readonly days: readonly OutcomeCount[]
}

/** $1 tenant, $2 at most */
const COUNT = `
WITH ${nextEvents('outcome_progress', `mail_now() - ${KEPT}`)}, counted AS (
  INSERT INTO outcome_counts AS c (tenant_id, hour, sent, failed, held)
  SELECT tenant_id, date_bin('1 hour', at, 'epoch'), count(*) FILTER (WHERE type = 'message.sent'),
         count(*) FILTER (WHERE type = 'message.failed'), count(*) FILTER (WHERE type = 'message.held')
    FROM next WHERE type IN ('message.sent', 'message.failed', 'message.held')
   GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (tenant_id, hour) DO UPDATE
    SET sent = c.sent + excluded.sent, failed = c.failed + excluded.failed, held = c.held + excluded.held
)
UPDATE outcome_progress p
   SET position = n.position, last_sent_at = greatest(p.last_sent_at, n.last_sent_at), last_ended_at = greatest(p.last_ended_at, n.last_ended_at)
  FROM (SELECT max(position) AS position, count(*)::int AS events, max(at) FILTER (WHERE type = 'message.sent') AS last_sent_at,
               max(at) FILTER (WHERE type IN ('message.sent', 'message.failed')) AS last_ended_at
          FROM next HAVING count(*) > 0) AS n
 WHERE p.tenant_id = $1
RETURNING n.events`

/** Counts some of the events that are not counted yet. Returns whether there may be more. */
export async function countOutcomes(pool: pg.Pool, tenantId: string): Promise<boolean> {
  return countEvents(pool, tenantId, { table: 'outcome_progress', count: COUNT, atOnce: COUNTED_AT_ONCE })
}

/** $1 tenant */
const READ = `
WITH counts AS MATERIALIZED (
  SELECT hour, sent, failed, held, bounced FROM outcome_counts
   WHERE tenant_id = $1 AND hour > date_bin('1 day', mail_now(), 'epoch') - interval '${SHOWN_DAYS} days' AND hour <= mail_now()
)
SELECT true AS is_hour, hour AS at, sent, failed, held, bounced FROM counts
 WHERE hour > date_bin('1 hour', mail_now(), 'epoch') - interval '${SHOWN_HOURS} hours'
 UNION ALL
SELECT false, date_bin('1 day', hour, 'epoch'), sum(sent)::int, sum(failed)::int, sum(held)::int, sum(bounced)::int FROM counts
 WHERE hour >= date_bin('1 day', mail_now(), 'epoch') - interval '${SHOWN_DAYS - 1} days'
 GROUP BY 2
 ORDER BY 2`

/** Reads what has been counted. */
export async function readOutcomeHistory(pool: pg.Pool, tenantId: string): Promise<OutcomeHistory> {
  const { rows } = await pool.query<OutcomeCount & { is_hour: boolean }>(READ, [tenantId])
  return {
    hours: rows.filter(({ is_hour: isHour }) => isHour),
    days: rows.filter(({ is_hour: isHour }) => !isHour),
  }
}

const FORGET = `DELETE FROM outcome_counts WHERE hour < $1`

export async function forgetOutcomes(pool: pg.Pool, now: Date): Promise<void> {
  await pool.query(FORGET, [new Date(now.getTime() - KEPT_MS)])
}
