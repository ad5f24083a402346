import type pg from 'pg'
import { idsOf } from '../columns.ts'

// Counts what events tell, in the background after they were written, so that an outcome costs no write of its own and
// workers never wait for each other's counters. Outcomes are counted by the hour; recipients outside of the organisation by
// the minute, since Microsoft's limit of them looks back over 24 hours. `mail_overviews` has the position up to which the
// events of a tenant are counted.

/** How long counts are kept: 30 days in UTC, the current one included, and a day to spare. */
const KEPT = `interval '31 days'`
/** A minute counts until its last moment is a day old. */
const EXTERNAL_KEPT = `interval '1 day 1 minute'`
const COUNTED_AT_ONCE = 2_000
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

/** SQL for the lowest position of any event since `moment`, which is SQL itself. */
function positionSince(moment: string): string {
  return `floor(extract(epoch FROM ${moment}) * 1000000)::bigint`
}

/** SQL for a statement that adds `counts`: a query for kinds, times and counts. $1 tenant */
export function addCounts(counts: string): string {
  return `
INSERT INTO event_counts AS c (tenant_id, kind, at, count)
SELECT $1, n.kind, n.at, n.count FROM (${counts}) AS n(kind, at, count) ORDER BY n.kind, n.at
ON CONFLICT (tenant_id, kind, at) DO UPDATE SET count = c.count + excluded.count`
}

/**
 * SQL for a query that counts the external recipients of messages in `sent`, by the domains in `place`. While all mail is
 * redirected, each message has one recipient.
 */
const EXTERNAL = `
SELECT 'external', date_bin('1 minute', w.at, 'epoch'), count(*)
  FROM (
    SELECT s.at, lower(split_part(m.from_email, '@', 2)) AS sender_domain, lower(split_part(r ->> 'address', '@', 2)) AS domain
      FROM sent s JOIN messages m ON m.id = s.message_id LEFT JOIN tenant_settings t ON t.tenant_id = m.tenant_id
     CROSS JOIN LATERAL jsonb_array_elements(
       CASE WHEN t.redirect_all_to IS NOT NULL THEN jsonb_build_array(jsonb_build_object('address', t.redirect_all_to))
            ELSE m."to" || coalesce(m.cc, '[]') || coalesce(m.bcc, '[]') END) AS r
     WHERE m.id = ${idsOf('sent')}) AS w
 CROSS JOIN place p
 WHERE NOT w.domain = ANY (CASE WHEN p.internal_domains = '{}' THEN ARRAY[coalesce(w.sender_domain, '')] ELSE p.internal_domains END)
 GROUP BY 2`

/**
 * Counts the next events of a tenant. The row with the position is locked: a second process goes on after the first, and
 * whoever changes the domains waits. $1 tenant, $2 at most
 */
const COUNT = `
WITH place AS MATERIALIZED (
  SELECT o.tenant_id, greatest(o.position, ${positionSince(`mail_now() - ${KEPT}`)}) AS position, o.internal_domains
    FROM mail_overviews o WHERE o.tenant_id = $1 FOR UPDATE
), next AS MATERIALIZED (
  SELECT e.* FROM place p CROSS JOIN LATERAL (
    SELECT e.position, e.at, e.type, e.message_id FROM message_events e
     WHERE e.tenant_id = p.tenant_id AND e.position > p.position ORDER BY e.position LIMIT $2) AS e
), sent AS MATERIALIZED (
  SELECT message_id, at FROM next WHERE type = 'message.sent' AND at > mail_now() - ${EXTERNAL_KEPT}
), counted AS (${addCounts(`
SELECT split_part(type, '.', 2), date_bin('1 hour', at, 'epoch'), count(*) FROM next
 WHERE type IN ('message.sent', 'message.failed', 'message.held') GROUP BY 1, 2
 UNION ALL ${EXTERNAL}`)}
)
UPDATE mail_overviews o
   SET position = n.position, last_sent_at = greatest(o.last_sent_at, n.last_sent_at), last_ended_at = greatest(o.last_ended_at, n.last_ended_at)
  FROM (SELECT max(position) AS position, count(*)::int AS events, max(at) FILTER (WHERE type = 'message.sent') AS last_sent_at,
               max(at) FILTER (WHERE type IN ('message.sent', 'message.failed')) AS last_ended_at
          FROM next HAVING count(*) > 0) AS n
 WHERE o.tenant_id = $1
RETURNING n.events`

/** Whether there is something to count; nothing is written otherwise. $1 tenant */
const IS_BEHIND = `
SELECT o.tenant_id IS NULL AS begins,
       EXISTS (SELECT 1 FROM message_events e WHERE e.tenant_id = a.tenant_id AND e.position > coalesce(o.position, 0)) AS behind
  FROM (SELECT $1::text AS tenant_id) AS a LEFT JOIN mail_overviews o ON o.tenant_id = a.tenant_id`

/** $1 tenant */
export const BEGIN_OVERVIEW = `INSERT INTO mail_overviews (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING`

/** Counts some of the events that are not counted yet. Returns whether there may be more. */
export async function countEvents(pool: pg.Pool, tenantId: string): Promise<boolean> {
  const { rows } = await pool.query<{ begins: boolean; behind: boolean }>(IS_BEHIND, [tenantId])
  if (!rows[0]?.behind) return false
  if (rows[0].begins) await pool.query(BEGIN_OVERVIEW, [tenantId])
  const counted = await pool.query<{ events: number }>(COUNT, [tenantId, COUNTED_AT_ONCE])
  return counted.rows[0]?.events === COUNTED_AT_ONCE
}

/** Deletes what was counted of external recipients. $1 tenant */
export const UNCOUNT_EXTERNAL = `DELETE FROM event_counts WHERE tenant_id = $1 AND kind = 'external'`

/** Counts external recipients anew as far as events are counted, in a transaction that has locked the position. $1 tenant */
export const RECOUNT_EXTERNAL = `
WITH place AS MATERIALIZED (
  SELECT o.position, o.internal_domains FROM mail_overviews o WHERE o.tenant_id = $1
), sent AS MATERIALIZED (
  SELECT e.message_id, e.at FROM place p JOIN message_events e ON e.position <= p.position
   WHERE e.tenant_id = $1 AND e.position > ${positionSince(`mail_now() - ${EXTERNAL_KEPT}`)} AND e.type = 'message.sent' AND e.at > mail_now() - ${EXTERNAL_KEPT}
)${addCounts(EXTERNAL)}`

/** SQL for how many external recipients were counted within 24 hours. */
export function externalOf(tenant: string): string {
  return `
SELECT coalesce(sum(c.count), 0)::int FROM event_counts c
 WHERE c.tenant_id = ${tenant} AND c.kind = 'external' AND c.at > mail_now() - ${EXTERNAL_KEPT}`
}

const OUTCOMES = ['sent', 'failed', 'held', 'bounced'] as const

/** $1 tenant, $2 kinds */
const READ = `
WITH counts AS MATERIALIZED (
  SELECT kind, at, count FROM event_counts
   WHERE tenant_id = $1 AND kind = ANY ($2) AND at > date_bin('1 day', mail_now(), 'epoch') - interval '${SHOWN_DAYS} days' AND at <= mail_now()
), shown AS (
  SELECT true AS is_hour, at, kind, count FROM counts WHERE at > date_bin('1 hour', mail_now(), 'epoch') - interval '${SHOWN_HOURS} hours'
   UNION ALL
  SELECT false, date_bin('1 day', at, 'epoch'), kind, count FROM counts
   WHERE at >= date_bin('1 day', mail_now(), 'epoch') - interval '${SHOWN_DAYS - 1} days'
)
SELECT is_hour, at, ${OUTCOMES.map((kind) => `coalesce(sum(count) FILTER (WHERE kind = '${kind}'), 0)::int AS ${kind}`).join(', ')}
  FROM shown GROUP BY is_hour, at ORDER BY at`

/** Reads what has been counted. */
export async function readOutcomeHistory(pool: pg.Pool, tenantId: string): Promise<OutcomeHistory> {
  const { rows } = await pool.query<OutcomeCount & { is_hour: boolean }>(READ, [tenantId, OUTCOMES])
  return {
    hours: rows.filter(({ is_hour: isHour }) => isHour),
    days: rows.filter(({ is_hour: isHour }) => !isHour),
  }
}

/** $1 now */
const DELETE_OLD = `
DELETE FROM event_counts WHERE at < $1::timestamptz - ${KEPT} OR (kind = 'external' AND at < $1::timestamptz - ${EXTERNAL_KEPT})`

export async function deleteOldCounts(pool: pg.Pool, now: Date): Promise<void> {
  await pool.query(DELETE_OLD, [now])
}
