import { shuffled } from '../database/shuffle.sql.ts'

// A stream sends events to a webhook, from a position on: those to come, or those of a replay. A request that fails is
// tried again apart from its stream, so that it holds up no other event.

/** A sending without an outcome by then was interrupted, and is repeated. */
const LEASE = `interval '60 seconds'`
/** The webhook gets no further event while so many are tried again. */
const MOST_RETRIES = 1_000

/** $1 id, $2 webhook, $3 position, $4 the last position, or null, $5 since, or null */
export const ADD_STREAM = `
INSERT INTO webhook_streams (id, webhook_id, position, ends_at, since, due_at) VALUES ($1, $2, $3, $4, $5, mail_now())`

/** Shuffled, so that none waits for ever behind others. $1 streams to leave out, $2 limit */
export const LIST_DUE = `
SELECT s.id, s.position, s.ends_at, s.since, s.failures, w.id AS webhook_id, w.tenant_id, w.url, w.secret_sealed, w.types, w.services
  FROM webhook_streams s JOIN webhooks w ON w.id = s.webhook_id
 WHERE s.due_at <= mail_now() AND s.id <> ALL ($1::text[])
   AND (SELECT count(*) FROM (SELECT 1 FROM webhook_retries r WHERE r.webhook_id = s.webhook_id LIMIT ${MOST_RETRIES}) AS tried) < ${MOST_RETRIES}
 ORDER BY ${shuffled('s.id')} LIMIT $2`

/** $1 tenant */
export const LIST_STREAMS = `
SELECT s.webhook_id, s.position, s.ends_at, s.since FROM webhook_streams s JOIN webhooks w ON w.id = s.webhook_id WHERE w.tenant_id = $1`

/** Leases a stream that still stands where the events were read from. $1 stream, $2 position, $3 lease */
export const CLAIM_STREAM = `
UPDATE webhook_streams SET lease = $3, due_at = mail_now() + ${LEASE} WHERE id = $1 AND position = $2 AND due_at <= mail_now()`

/** Moves a stream on past events that it leaves out. $1 stream, $2 position, $3 new position */
export const MOVE_STREAM = `
UPDATE webhook_streams SET position = $3 WHERE id = $1 AND position = $2 AND due_at <= mail_now()`

/** $1 stream, $2 position */
export const END_STREAM = `DELETE FROM webhook_streams WHERE id = $1 AND position = $2 AND due_at <= mail_now()`

/**
 * Writes what came of a lease that is still held: another process may have repeated what an expired one sent.
 * $1 stream, $2 lease, $3 position, $4 failures, $5 ms until more is sent, $6 the last attempt, or null, $7 positions to
 * try again, $8 in how many ms each
 */
export const SETTLE_STREAM = `
WITH settled AS (
  UPDATE webhook_streams SET position = $3, failures = $4, lease = NULL, due_at = mail_now() + $5::float8 * interval '1 millisecond'
   WHERE id = $1 AND lease = $2
  RETURNING webhook_id
), again AS (
  INSERT INTO webhook_retries (webhook_id, position, attempts, next_attempt_at)
  SELECT s.webhook_id, f.position, 1, mail_now() + f.wait_ms * interval '1 millisecond'
    FROM settled s CROSS JOIN unnest($7::bigint[], $8::float8[]) AS f(position, wait_ms)
  ON CONFLICT (webhook_id, position) DO NOTHING
)
UPDATE webhooks SET last_attempt = coalesce($6::jsonb, last_attempt) WHERE id IN (SELECT webhook_id FROM settled)`

/** Claims some retries of each webhook that has any due. $1 webhooks to leave out, $2 limit of webhooks, $3 limit for each */
export const CLAIM_RETRIES = `
WITH waiting AS MATERIALIZED (
  SELECT id FROM webhooks w
   WHERE w.id <> ALL ($1::text[]) AND EXISTS (SELECT 1 FROM webhook_retries r WHERE r.webhook_id = w.id AND r.next_attempt_at <= mail_now())
   ORDER BY ${shuffled('w.id')} LIMIT $2
), due AS MATERIALIZED (
  SELECT r.webhook_id, r.position FROM waiting CROSS JOIN LATERAL (
    SELECT webhook_id, position FROM webhook_retries
     WHERE webhook_id = waiting.id AND next_attempt_at <= mail_now() ORDER BY position LIMIT $3 FOR UPDATE SKIP LOCKED) AS r
)
UPDATE webhook_retries r SET attempts = r.attempts + 1, next_attempt_at = mail_now() + ${LEASE}
  FROM due JOIN webhooks w ON w.id = due.webhook_id
 WHERE r.webhook_id = due.webhook_id AND r.position = due.position
RETURNING w.id AS webhook_id, w.tenant_id, w.url, w.secret_sealed, r.position, r.attempts`

/**
 * Writes the outcomes of the attempts that were claimed last.
 * $1 webhook, $2 positions, $3 attempts, $4 in how many ms to try again, null to end, $5 the last attempt, or null
 */
export const SETTLE_RETRIES = `
WITH result AS MATERIALIZED (
  SELECT * FROM unnest($2::bigint[], $3::int[], $4::float8[]) AS r(position, attempts, wait_ms)
), ended AS (
  DELETE FROM webhook_retries r USING result
   WHERE r.webhook_id = $1 AND r.position = result.position AND r.attempts = result.attempts AND result.wait_ms IS NULL
), again AS (
  UPDATE webhook_retries r SET next_attempt_at = mail_now() + result.wait_ms * interval '1 millisecond'
    FROM result
   WHERE r.webhook_id = $1 AND r.position = result.position AND r.attempts = result.attempts AND result.wait_ms IS NOT NULL
)
UPDATE webhooks SET last_attempt = coalesce($5::jsonb, last_attempt) WHERE id = $1`
