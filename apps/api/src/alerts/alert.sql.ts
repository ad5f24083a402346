import { causesIn, retriedCausesIn, retriedIn, sumCauses } from '../database/failed-alert.sql.ts'

// What is due, and whose claim has ended, is decided by the clock of the database, which all processes share.

/** A delivery without an outcome by then was interrupted, and is tried again. */
const LEASE = `interval '60 seconds'`
const KEPT_FOR = `interval '30 days'`

/** $1 tenant, $2 limit */
export const LIST_WEBHOOKS = `
SELECT w.id, w.url, w.types, w.services, w.created_at, w.last_attempt,
       ((SELECT count(*) FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.next_attempt_at IS NOT NULL)
        + (SELECT count(*) FROM webhook_retries r WHERE r.webhook_id = w.id))::int AS waiting
  FROM webhooks w WHERE w.tenant_id = $1 ORDER BY w.created_at, w.id LIMIT $2`

/** Creates a webhook. $1 id, $2 tenant, $3 address, $4 sealed secret, $5 types, or null, $6 services, or null */
export const CREATE_WEBHOOK = `
INSERT INTO webhooks (id, tenant_id, url, secret_sealed, created_at, types, services) VALUES ($1, $2, $3, $4, mail_now(), $5, $6)
RETURNING created_at AS "createdAt"`

/**
 * Creates a delivery of each due alert to every webhook that is older and takes its type. The time of an alert may be that
 * of a process, whose clock may differ: what was written by the clock of the database is compared. $1 limit of alerts
 */
export const PUBLISH = `
WITH due AS MATERIALIZED (
  SELECT id, tenant_id, CASE type WHEN 'message.failed' THEN at ELSE publish_at END AS raised_at,
         CASE type WHEN 'message.failed' THEN 'messages.failed' ELSE type END AS type FROM alert_events
   WHERE published_at IS NULL AND publish_at <= mail_now()
   ORDER BY publish_at LIMIT $1 FOR UPDATE SKIP LOCKED
), made AS (
  INSERT INTO webhook_deliveries (webhook_id, alert_id, next_attempt_at)
  SELECT w.id, due.id, mail_now() FROM due JOIN webhooks w ON w.tenant_id = due.tenant_id AND w.created_at <= due.raised_at
   WHERE w.types IS NULL OR due.type = ANY (w.types)
  ON CONFLICT DO NOTHING
)
UPDATE alert_events a SET published_at = mail_now() FROM due WHERE a.id = due.id`

/**
 * Claims one delivery for each webhook, so that a webhook that does not answer delays only its own.
 * Alerts of a type that only a newer version knows are left to its processes.
 * $1 limit, $2 webhooks to leave out, $3 the known types
 */
export const CLAIM = `
WITH first AS MATERIALIZED (
  SELECT DISTINCT ON (webhook_id) webhook_id, alert_id FROM webhook_deliveries
   WHERE next_attempt_at <= mail_now() AND webhook_id <> ALL ($2::text[])
     AND (SELECT a.type = ANY ($3::text[]) FROM alert_events a WHERE a.id = alert_id)
   ORDER BY webhook_id, next_attempt_at, alert_id LIMIT $1
), due AS MATERIALIZED (
  SELECT d.webhook_id, d.alert_id FROM webhook_deliveries d JOIN first USING (webhook_id, alert_id)
   WHERE d.next_attempt_at <= mail_now() FOR UPDATE OF d SKIP LOCKED
)
UPDATE webhook_deliveries d SET attempts = d.attempts + 1, next_attempt_at = mail_now() + ${LEASE}
  FROM due JOIN webhooks w ON w.id = due.webhook_id JOIN alert_events a ON a.id = due.alert_id
 WHERE d.webhook_id = due.webhook_id AND d.alert_id = due.alert_id
RETURNING w.id AS webhook_id, w.tenant_id, w.url, w.secret_sealed, d.attempts, a.id, a.type, a.at, a.facts, a.count`

/**
 * Writes the outcome of the attempt that was claimed last: an attempt that outlived its claim has been repeated.
 * $1 webhook, $2 alert, $3 attempts, $4 in how many ms to try again, null to end, $5 outcome, $6 the attempt
 */
export const SETTLE = `
WITH settled AS (
  UPDATE webhook_deliveries SET next_attempt_at = mail_now() + $4::float8 * interval '1 millisecond', outcome = $5
   WHERE webhook_id = $1 AND alert_id = $2 AND attempts = $3
  RETURNING webhook_id
)
UPDATE webhooks SET last_attempt = $6 WHERE id IN (SELECT webhook_id FROM settled)`

/** The subject of a notice. A newer notice stands for all older ones of its subject. */
const SUBJECT = `split_part(type, '.', 1)`

/** The notice of failed messages counts those of all alerts about them that were not retried. $1 tenant */
export const LIST_NOTICES = `
WITH open AS MATERIALIZED (
  SELECT id, type, at, facts, count, ${SUBJECT} AS subject FROM alert_events WHERE tenant_id = $1 AND dismissed_at IS NULL
     AND NOT (type = 'quota.exceeded' AND (facts ->> 'until')::timestamptz <= mail_now()) -- that pause is over
), failed AS (
  SELECT sum(count - ${retriedIn('facts')})::int AS count,
         jsonb_build_object('since', min(coalesce((facts ->> 'since')::timestamptz, date_bin('1 minute', at, 'epoch'))),
                            'causes', (${sumCauses(`SELECT c.* FROM open o CROSS JOIN LATERAL (${causesIn('o.facts')} UNION ALL SELECT code, -messages FROM (${retriedCausesIn('o.facts')}) AS r) AS c WHERE o.type = 'message.failed'`)})) AS facts
    FROM open WHERE type = 'message.failed' AND count > ${retriedIn('facts')}
)
SELECT DISTINCT ON (subject) id, type, at,
       CASE WHEN type = 'message.failed' THEN (SELECT facts FROM failed) ELSE facts END AS facts,
       CASE WHEN type = 'message.failed' THEN (SELECT count FROM failed) ELSE count END AS count
  FROM open WHERE type <> 'message.failed' OR (SELECT count FROM failed) > 0 ORDER BY subject, at DESC, id DESC`

/** Dismisses a notice and the older ones of its subject. `fresh`: it was not dismissed before. $1 tenant, $2 alert, $3 now */
export const DISMISS = `
WITH chosen AS (SELECT id, type, at, dismissed_at IS NULL AS fresh, ${SUBJECT} AS subject FROM alert_events WHERE tenant_id = $1 AND id = $2 FOR UPDATE),
dismissed AS (
  UPDATE alert_events a SET dismissed_at = coalesce(a.dismissed_at, $3)
    FROM chosen c
   WHERE a.tenant_id = $1 AND split_part(a.type, '.', 1) = c.subject AND a.at <= c.at)
SELECT type, fresh FROM chosen`

/**
 * Raises an alert for each queue, unless there was one since nothing moved.
 * $1 queues as JSON: the id of the alert, tenantId, dueAt, since and waiting of each, $2 now
 */
export const RAISE_STALLED = `
INSERT INTO alert_events (id, tenant_id, type, at, facts, count, publish_at)
SELECT s.id, s."tenantId", 'queue.stalled', $2, jsonb_build_object('oldestDueAt', s."dueAt"), s.waiting, $2
  FROM jsonb_to_recordset($1::jsonb) AS s(id text, "tenantId" text, "dueAt" text, since timestamptz, waiting int)
 WHERE NOT EXISTS (SELECT 1 FROM alert_events a WHERE a.tenant_id = s."tenantId" AND a.type = 'queue.stalled' AND a.at > s.since)`

export const LIST_STALLED = `
SELECT tenant_id AS "tenantId", max(at) AS since FROM alert_events
 WHERE type = 'queue.stalled' AND dismissed_at IS NULL GROUP BY tenant_id`

/** $1 tenants, $2 now */
export const DISMISS_STALLED = `
UPDATE alert_events SET dismissed_at = $2 WHERE type = 'queue.stalled' AND dismissed_at IS NULL AND tenant_id = ANY ($1)`

export const SWEEP = `DELETE FROM alert_events WHERE at < mail_now() - ${KEPT_FOR}`
