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

/**
 * A queue that stands still, in one of two ways. Microsoft cannot be reached or takes nothing: messages have been due,
 * and nothing has got through, since trouble began; that they are tried again, or were paused for it, does not matter.
 * Or nobody tries: messages are due, the oldest for long, a mailbox could take them, and nothing has left it meanwhile or is
 * on its way. Where the rate is limited messages go on leaving, and where the day's recipients are used up none can:
 * that is no stall. Once for each: until something has got through, or the messages that stood still are gone.
 * $1 now, $2 due before, $3 recipients a day
 */
export const RAISE_STALLED = `
WITH working AS MATERIALIZED (
  SELECT t.id AS tenant_id, t.troubled_since, t.mailbox_paused_until AS paused_until
    FROM tenants t JOIN tenant_settings s ON s.tenant_id = t.id
   WHERE s.status = 'connected' AND s.problem IS NULL
), stalled AS (
  SELECT w.tenant_id, tried.due_at, greatest(tried.due_at, w.troubled_since) AS since
    FROM working w CROSS JOIN LATERAL (
      SELECT min(greatest(m.created_at, m.send_at)) AS due_at FROM messages m
       WHERE m.tenant_id = w.tenant_id AND m.status IN ('queued', 'sending')) AS tried
   WHERE w.troubled_since <= $2
   UNION ALL
  SELECT w.tenant_id, untried.due_at,
         greatest(untried.due_at, (SELECT max(u.started_at) FROM mailbox_usage u WHERE u.tenant_id = w.tenant_id))
    FROM working w CROSS JOIN LATERAL (
      SELECT m.next_attempt_at AS due_at, m.recipients FROM messages m
       WHERE m.tenant_id = w.tenant_id AND m.status = 'queued' ORDER BY m.next_attempt_at LIMIT 1) AS untried
   CROSS JOIN LATERAL (
      SELECT coalesce(sum(u.recipients), 0) AS recipients FROM mailbox_usage u
       WHERE u.tenant_id = w.tenant_id AND u.started_at > $2::timestamptz - interval '1 day') AS used
   WHERE w.troubled_since IS NULL AND (w.paused_until IS NULL OR w.paused_until <= $2)
     AND ($3 = 0 OR used.recipients = 0 OR used.recipients + untried.recipients <= $3)
     AND NOT EXISTS (
       SELECT 1 FROM messages m WHERE m.tenant_id = w.tenant_id AND m.status = 'sending' AND m.lease_until > $1)
)
INSERT INTO alert_events (id, tenant_id, type, at, facts, count, publish_at)
SELECT 'alt_' || replace(gen_random_uuid()::text, '-', ''), s.tenant_id, 'queue.stalled', $1,
       jsonb_build_object('oldestDueAt', to_char(s.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
       (SELECT count(*) FROM messages m WHERE m.tenant_id = s.tenant_id AND m.status IN ('queued', 'sending')), $1
  FROM stalled s
 WHERE s.since <= $2
   AND NOT EXISTS (SELECT 1 FROM alert_events a WHERE a.tenant_id = s.tenant_id AND a.type = 'queue.stalled' AND a.at > s.since)`

/** The notice of a queue that stood still goes once messages leave again. $1 now */
export const DISMISS_MOVING = `
UPDATE alert_events a SET dismissed_at = $1 FROM tenants t
 WHERE a.type = 'queue.stalled' AND a.dismissed_at IS NULL AND t.id = a.tenant_id AND t.troubled_since IS NULL
   AND EXISTS (SELECT 1 FROM mailbox_usage u WHERE u.tenant_id = t.id AND u.started_at > a.at)`

/** $1 raised before */
export const SWEEP = `DELETE FROM alert_events WHERE at < $1`
