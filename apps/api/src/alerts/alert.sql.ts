/** $1 tenant, $2 at most */
export const LIST_WEBHOOKS = `
SELECT w.id, w.url, w.created_at, w.last_attempt,
       (SELECT count(*)::int FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.next_attempt_at IS NOT NULL) AS waiting
  FROM webhooks w WHERE w.tenant_id = $1 ORDER BY w.created_at, w.id LIMIT $2`

/** Tells each webhook what has happened since it was added. $1 now, $2 how many at most */
export const PUBLISH = `
WITH due AS MATERIALIZED (
  SELECT id, tenant_id, at FROM alert_events
   WHERE published_at IS NULL AND publish_at <= $1
   ORDER BY publish_at LIMIT $2 FOR UPDATE SKIP LOCKED
), made AS (
  INSERT INTO webhook_deliveries (webhook_id, alert_id, next_attempt_at)
  SELECT w.id, due.id, $1 FROM due JOIN webhooks w ON w.tenant_id = due.tenant_id AND w.created_at <= due.at
  ON CONFLICT DO NOTHING
)
UPDATE alert_events a SET published_at = $1 FROM due WHERE a.id = due.id`

/**
 * Of each webhook one at a time, so that one that does not answer keeps none waiting but its own.
 * $1 now, $2 how many at most, $3 when it is tried again if nothing is heard of it, $4 webhooks to leave out
 */
export const CLAIM = `
WITH first AS MATERIALIZED (
  SELECT DISTINCT ON (webhook_id) webhook_id, alert_id FROM webhook_deliveries
   WHERE next_attempt_at <= $1 AND webhook_id <> ALL ($4::text[])
   ORDER BY webhook_id, next_attempt_at, alert_id LIMIT $2
), due AS MATERIALIZED (
  SELECT d.webhook_id, d.alert_id FROM webhook_deliveries d JOIN first USING (webhook_id, alert_id)
   WHERE d.next_attempt_at <= $1 FOR UPDATE OF d SKIP LOCKED
)
UPDATE webhook_deliveries d SET attempts = d.attempts + 1, next_attempt_at = $3
  FROM due JOIN webhooks w ON w.id = due.webhook_id JOIN alert_events a ON a.id = due.alert_id
 WHERE d.webhook_id = due.webhook_id AND d.alert_id = due.alert_id
RETURNING w.id AS webhook_id, w.tenant_id, w.url, w.secret_sealed, d.attempts, a.id, a.type, a.at, a.facts, a.count`

/**
 * Only of the attempt that was claimed last: one that took longer than its claim has been made again.
 * $1 webhook, $2 alert, $3 attempts, $4 next attempt, $5 outcome, $6 the attempt
 */
export const SETTLE = `
WITH settled AS (
  UPDATE webhook_deliveries SET next_attempt_at = $4, outcome = $5
   WHERE webhook_id = $1 AND alert_id = $2 AND attempts = $3
  RETURNING webhook_id
)
UPDATE webhooks SET last_attempt = $6 WHERE id IN (SELECT webhook_id FROM settled)`

/** What a notice is about: a newer one of the same subject stands for all before it. */
const SUBJECT = `split_part(type, '.', 1)`

/** With how many messages all of them are about. $1 tenant */
export const LIST_NOTICES = `
SELECT DISTINCT ON (${SUBJECT}) id, type, at, facts,
       CASE WHEN type = 'message.failed' THEN sum(count) OVER (PARTITION BY type) ELSE count END::int AS count
  FROM alert_events WHERE tenant_id = $1 AND dismissed_at IS NULL
 ORDER BY ${SUBJECT}, at DESC, id DESC`

/** Answers with the chosen one, and whether it was still to be seen. $1 tenant, $2 alert, $3 now */
export const DISMISS = `
WITH chosen AS (SELECT id, type, at, dismissed_at IS NULL AS fresh, ${SUBJECT} AS subject FROM alert_events WHERE tenant_id = $1 AND id = $2 FOR UPDATE),
dismissed AS (
  UPDATE alert_events a SET dismissed_at = coalesce(a.dismissed_at, $3)
    FROM chosen c
   WHERE a.tenant_id = $1 AND split_part(a.type, '.', 1) = c.subject AND a.at <= c.at)
SELECT type, fresh FROM chosen`

/** Unless that has been told since nothing moved. $1 queues as JSON: tenantId, dueAt, since and waiting of each, $2 now */
export const RAISE_STALLED = `
INSERT INTO alert_events (id, tenant_id, type, at, facts, count, publish_at)
SELECT 'alt_' || replace(gen_random_uuid()::text, '-', ''), s."tenantId", 'queue.stalled', $2, jsonb_build_object('oldestDueAt', s."dueAt"), s.waiting, $2
  FROM jsonb_to_recordset($1::jsonb) AS s("tenantId" text, "dueAt" text, since timestamptz, waiting int)
 WHERE NOT EXISTS (SELECT 1 FROM alert_events a WHERE a.tenant_id = s."tenantId" AND a.type = 'queue.stalled' AND a.at > s.since)`

export const LIST_STALLED = `
SELECT tenant_id AS "tenantId", max(at) AS since FROM alert_events
 WHERE type = 'queue.stalled' AND dismissed_at IS NULL GROUP BY tenant_id`

/** $1 tenants, $2 now */
export const DISMISS_STALLED = `
UPDATE alert_events SET dismissed_at = $2 WHERE type = 'queue.stalled' AND dismissed_at IS NULL AND tenant_id = ANY ($1)`

/** $1 raised before */
export const SWEEP = `DELETE FROM alert_events WHERE at < $1`
