/**
 * Writes the outcomes of a batch of turns. Only the holder of the current lease writes: other rows stay as they are,
 * with their attempts, usage and pauses. What was delivered is not kept.
 *
 * One array for each column of `result`; $1 now
 */
export const SETTLE = `
WITH result AS MATERIALIZED (
  SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::int[], $8::boolean[], $9::bigint[],
                       $10::jsonb[], $11::text[], $12::text[], $13::text[], $14::text[], $15::boolean[], $16::timestamptz[])
    AS r(id, lease_owner, status, next_attempt_at, held_because, lookups, possible_duplicate, trying_ms,
         problem, from_email, attempt_outcome, attempt_code, attempt_detail, charged, pause_until)
), written AS (
  UPDATE messages m
     SET status = r.status,
         next_attempt_at = r.next_attempt_at,
         held_because = r.held_because,
         lookups = r.lookups,
         possible_duplicate = r.possible_duplicate,
         trying_ms = r.trying_ms,
         problem = r.problem,
         from_email = coalesce(r.from_email, m.from_email),
         sent_at = CASE WHEN r.status = 'sent' THEN $1::timestamptz END,
         ended_at = CASE WHEN r.status IN ('sent', 'failed') THEN $1::timestamptz END,
         content = CASE WHEN r.status = 'sent' THEN NULL ELSE m.content END,
         content_key_sealed = CASE WHEN r.status = 'sent' THEN NULL ELSE m.content_key_sealed END,
         lease_owner = NULL,
         lease_until = NULL
    FROM result r
   WHERE m.id = r.id AND m.lease_owner = r.lease_owner AND m.status = 'sending'
  RETURNING m.id, m.tenant_id, m.recipients
), noted AS (
  INSERT INTO message_attempts (tenant_id, message_id, at, outcome, code, detail)
  SELECT w.tenant_id, w.id, $1, r.attempt_outcome, r.attempt_code, r.attempt_detail
    FROM written w JOIN result r USING (id) WHERE r.attempt_outcome IS NOT NULL
), used AS (
  INSERT INTO mailbox_usage (tenant_id, started_at, messages, recipients)
  SELECT w.tenant_id, date_bin('10 seconds', $1::timestamptz, 'epoch'), count(*), sum(w.recipients)
    FROM written w JOIN result r USING (id) WHERE r.charged
   GROUP BY w.tenant_id
   ORDER BY w.tenant_id
  ON CONFLICT (tenant_id, started_at) DO UPDATE
    SET messages = mailbox_usage.messages + excluded.messages, recipients = mailbox_usage.recipients + excluded.recipients
), paused AS (
  UPDATE tenants t SET mailbox_paused_until = greatest(t.mailbox_paused_until, p.until)
    FROM (SELECT w.tenant_id, max(r.pause_until) AS until FROM written w JOIN result r USING (id)
           WHERE r.pause_until IS NOT NULL GROUP BY w.tenant_id) AS p
   WHERE t.id = p.tenant_id
)
SELECT id FROM written`
