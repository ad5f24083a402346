import { noteAttempts } from './attempt.sql.ts'

/**
 * Writes the outcomes of a batch of turns. The holder of the lease writes; and whoever made the last attempt, however
 * late, as long as no later attempt has begun, also where the message has meanwhile been declared in doubt or ended for
 * it. Other rows stay as they are, with their attempts, usage, pauses and trouble. What was delivered is not kept. A turn
 * that used up no time, such as one that was throttled or held, lengthens no later wait.
 *
 * One outcome of a message in each statement. Times are counted from the moment of the outcome, which may have had to wait for the database.
 *
 * One array for each column of `result`
 */
export const SETTLE = `
WITH result AS MATERIALIZED (
  SELECT r.*, o.at, o.at + r.wait_ms * interval '1 millisecond' AS next_attempt_at, o.at + r.pause_ms * interval '1 millisecond' AS pause_until
    FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::int[], $7::boolean[], $8::bigint[],
                $9::jsonb[], $10::text[], $11::text[], $12::text[], $13::text[], $14::boolean[], $15::bigint[], $16::bigint[])
         AS r(id, lease_owner, status, wait_ms, held_because, lookups, possible_duplicate, trying_ms,
              problem, from_email, attempt_outcome, attempt_code, attempt_detail, charged, pause_ms, ago_ms)
   CROSS JOIN LATERAL (SELECT mail_now() - r.ago_ms * interval '1 millisecond' AS at) AS o
), written AS (
  UPDATE messages m
     SET status = r.status,
         next_attempt_at = r.next_attempt_at,
         held_because = r.held_because,
         lookups = r.lookups,
         possible_duplicate = r.possible_duplicate,
         trying_ms = r.trying_ms,
         attempt_count = CASE WHEN r.trying_ms > m.trying_ms THEN m.attempt_count ELSE greatest(1, m.attempt_count - 1) END,
         problem = r.problem,
         from_email = coalesce(r.from_email, m.from_email),
         sent_at = CASE WHEN r.status = 'sent' THEN r.at END,
         ended_at = CASE WHEN r.status IN ('sent', 'failed') THEN r.at END,
         content = CASE WHEN r.status = 'sent' THEN NULL ELSE m.content END,
         content_key_sealed = CASE WHEN r.status = 'sent' THEN NULL ELSE m.content_key_sealed END,
         stored_bytes = CASE WHEN r.status = 'sent' THEN 0 ELSE m.stored_bytes END,
         uploading = m.uploading AND r.status NOT IN ('sent', 'failed'),
         upload_url_sealed = CASE WHEN r.status NOT IN ('sent', 'failed') THEN m.upload_url_sealed END,
         lease_owner = NULL,
         lease_until = NULL,
         attempt_id = CASE WHEN r.status <> 'sent' AND m.attempt_id <> r.lease_owner THEN m.attempt_id END,
         wire_version = NULL
    FROM result r
   WHERE m.id = r.id
     AND (m.status = 'sending' AND m.lease_owner = r.lease_owner
          OR m.attempt_id = r.lease_owner
             AND (m.status IN ('queued', 'sending', 'held')
                  OR m.status = 'failed' AND m.problem ->> 'code' = 'outcome-unknown' AND r.status = 'sent'))
  RETURNING m.id, m.tenant_id, m.recipients, m.chunked, m.draft_id, m.save_to_sent_items
), dropped AS (
  DELETE FROM message_chunks
   WHERE message_id IN (SELECT w.id FROM written w JOIN result r USING (id) WHERE r.status = 'sent' AND w.chunked)
), left_over AS ( -- in the mailbox: the draft of what was not sent, and the copy of what was not to be saved
  INSERT INTO mailbox_cleanups (tenant_id, item_id, kind, created_at, due_at)
  SELECT w.tenant_id, w.draft_id, CASE WHEN r.status = 'sent' THEN 'copy' ELSE 'draft' END, mail_now(), mail_now()
    FROM written w JOIN result r USING (id)
   WHERE w.draft_id IS NOT NULL AND (r.status = 'failed' OR r.status = 'sent' AND NOT w.save_to_sent_items)
  ON CONFLICT DO NOTHING
), attempts AS (
  SELECT w.id AS message_id, w.tenant_id, r.at, r.attempt_outcome AS outcome, r.attempt_code AS code, r.attempt_detail AS detail
    FROM written w JOIN result r USING (id) WHERE r.attempt_outcome IS NOT NULL
), ${noteAttempts('attempts')}, used AS (
  INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients)
  SELECT w.tenant_id, date_bin('10 seconds', r.at, 'epoch'), count(*), sum(w.recipients)
    FROM written w JOIN result r USING (id) WHERE r.charged
   GROUP BY 1, 2
   ORDER BY 1, 2
  ON CONFLICT (tenant_id, started_at) DO UPDATE
    SET messages = mailbox_usage.messages + excluded.messages, recipients = mailbox_usage.recipients + excluded.recipients
), boxes AS ( -- a mailbox that is held, or at its limits, is not in trouble: that is told otherwise
  SELECT w.tenant_id, max(r.pause_until) AS pause_until,
         bool_or(r.status IN ('sent', 'held') OR r.attempt_outcome IN ('throttled', 'refused')) AS answered,
         bool_or(r.attempt_outcome IN ('unavailable', 'unknown')) AS troubled
    FROM written w JOIN result r USING (id)
   GROUP BY w.tenant_id
   ORDER BY w.tenant_id
), noticed AS ( -- no row is touched while all is well: claims pass over those that are
  UPDATE tenants t
     SET mailbox_paused_until = greatest(t.mailbox_paused_until, b.pause_until),
         troubled_since = CASE WHEN b.answered THEN NULL WHEN b.troubled THEN coalesce(t.troubled_since, mail_now()) ELSE t.troubled_since END
    FROM boxes b
   WHERE t.id = b.tenant_id
     AND (b.pause_until IS NOT NULL OR (b.answered AND t.troubled_since IS NOT NULL)
          OR (NOT b.answered AND b.troubled AND t.troubled_since IS NULL))
), alerted AS ( -- one a minute for each tenant, however many failed in it; told once the minute is over
  INSERT INTO alert_events (id, tenant_id, type, at, facts, count, dedupe_key, publish_at)
  SELECT 'alt_' || replace(gen_random_uuid()::text, '-', ''), w.tenant_id, 'message.failed', mail_now(), '{}', count(*),
         'message.failed ' || floor(extract(epoch FROM mail_now()) / 60), date_bin('1 minute', mail_now(), 'epoch') + interval '65 seconds'
    FROM written w JOIN result r USING (id) WHERE r.status = 'failed'
   GROUP BY w.tenant_id
   ORDER BY w.tenant_id
  ON CONFLICT (tenant_id, dedupe_key) DO UPDATE
    SET count = alert_events.count + excluded.count, at = excluded.at, dismissed_at = NULL
)
SELECT id FROM written`
