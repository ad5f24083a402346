import { LARGE_FROM_BYTES } from '@inforiver-mail/contract/message'

/**
 * Leases due messages to one worker.
 *
 * Each tenant's row is locked while its mailbox is looked at, so that two processes never spend the same allowance;
 * tenants that another process is looking at are passed over. Every tenant gets its share of the batch, so that one
 * tenant's backlog does not delay another's message; and large messages leave one of the mailbox's requests at once to
 * the others, so that none waits for an upload. A limit of 0 stands for none.
 *
 * $1 now, $2 how many at most, $3 requests at once, $4 messages a minute, $5 recipients a day, $6 lease owner,
 * $7 lease until
 */
export const CLAIM = `
WITH boxes AS MATERIALIZED (
  SELECT t.id AS tenant_id
    FROM tenants t
   WHERE (t.mailbox_paused_until IS NULL OR t.mailbox_paused_until <= $1)
     AND EXISTS (SELECT 1 FROM messages m WHERE m.tenant_id = t.id AND m.status = 'queued' AND m.next_attempt_at <= $1)
   ORDER BY random()
   LIMIT $2
     FOR UPDATE OF t SKIP LOCKED
), sending AS MATERIALIZED (
  SELECT b.tenant_id, coalesce(sum(m.recipients), 0)::int AS recipients, count(m.id)::int AS messages,
         count(m.id) FILTER (WHERE m.stored_bytes > ${LARGE_FROM_BYTES})::int AS large,
         count(m.id)::int + (SELECT count(*)::int FROM mailbox_cleanups c WHERE c.tenant_id = b.tenant_id AND c.lease_until > $1) AS requests
    FROM boxes b LEFT JOIN messages m ON m.tenant_id = b.tenant_id AND m.status = 'sending' AND ($3 > 0 OR $4 > 0 OR $5 > 0)
   GROUP BY b.tenant_id
), room AS MATERIALIZED (
  SELECT s.tenant_id,
         least(
           ceil($2::numeric / (SELECT count(*) FROM boxes))::int,
           CASE WHEN $3 = 0 THEN $2 ELSE $3 - s.requests END,
           CASE WHEN $4 = 0 THEN $2 ELSE $4 - s.messages - (
             SELECT coalesce(sum(u.messages), 0)::int FROM mailbox_usage u
              WHERE u.tenant_id = s.tenant_id AND u.started_at > $1::timestamptz - interval '70 seconds') END
         ) AS messages,
         CASE WHEN $3 < 2 THEN $2 ELSE $3 - 1 - s.large END AS large,
         CASE WHEN $5 = 0 THEN 0 ELSE s.recipients + (
           SELECT coalesce(sum(u.recipients), 0)::int FROM mailbox_usage u
            WHERE u.tenant_id = s.tenant_id AND u.started_at > $1::timestamptz - interval '1 day') END AS recipients_used
    FROM sending s
), picked AS MATERIALIZED (
  SELECT due.id, r.tenant_id
    FROM room r CROSS JOIN LATERAL (
      SELECT first.id, sum(first.recipients) OVER place AS recipients, row_number() OVER place AS place,
             first.is_large, count(*) FILTER (WHERE first.is_large) OVER place AS large
        FROM (SELECT m.id, m.recipients, m.next_attempt_at, m.stored_bytes > ${LARGE_FROM_BYTES} AS is_large FROM messages m
               WHERE m.tenant_id = r.tenant_id AND m.status = 'queued' AND m.next_attempt_at <= $1
                 AND (r.large > 0 OR m.stored_bytes <= ${LARGE_FROM_BYTES})
               ORDER BY m.next_attempt_at LIMIT greatest(r.messages, 0)) AS first
       WINDOW place AS (ORDER BY first.next_attempt_at, first.id)
    ) AS due
   WHERE ($5 = 0 OR r.recipients_used + due.recipients <= $5
          OR (r.recipients_used = 0 AND due.place = 1)) -- more than a day allows: on a day of its own
     AND (NOT due.is_large OR due.large <= r.large)
   LIMIT $2
)
UPDATE messages m
   SET status = 'sending', lease_owner = $6, lease_until = $7, attempt_count = m.attempt_count + 1
  FROM picked p LEFT JOIN tenant_settings s ON s.tenant_id = p.tenant_id
 WHERE m.id = p.id AND m.status = 'queued'
RETURNING m.id, m.tenant_id, m.recipients, m.attempt_count, m.trying_ms, m.lookups, m.possible_duplicate,
          m.on_unknown_outcome, m.save_to_sent_items, m.from_email, m.draft_id, m.created_at, m.content_key_sealed,
          m.attachment_bytes, m.chunked, m.stored_bytes, m.uploading, m.upload_attached, m.upload_url_sealed, m.upload_expires_at,
          m.upload_position, CASE WHEN m.stored_bytes = 0 THEN m.content END AS content,
          concat_ws(' ', s.status, s.version, s.grant_version, s.sent_items_search) AS settings_stamp`

/** Undoes a claim whose answer was lost: nobody has touched its messages. $1 lease owner */
export const GIVE_BACK = `
UPDATE messages SET status = 'queued', lease_owner = NULL, lease_until = NULL, attempt_count = attempt_count - 1
 WHERE status = 'sending' AND lease_owner = $1`

/** $1 ids, $2 lease owners, $3 lease until */
export const RENEW = `
UPDATE messages m SET lease_until = $3
  FROM unnest($1::text[], $2::text[]) AS held(id, lease_owner)
 WHERE m.id = held.id AND m.lease_owner = held.lease_owner AND m.status = 'sending'
RETURNING m.id`

/**
 * Written before anything is done with the draft, so that any process can go on from it. While one is being filled it
 * is certain that the message was not sent. $1 id, $2 lease owner, $3 draft id, $4 whether it is to be filled, $5 its sender
 */
export const STORE_DRAFT = `
UPDATE messages
   SET draft_id = $3, from_email = $5, uploading = $4, lookups = CASE WHEN $4 THEN NULL ELSE lookups END, upload_attached = 0,
       upload_url_sealed = NULL, upload_expires_at = NULL, upload_position = 0, uploaded_bytes = 0
 WHERE id = $1 AND lease_owner = $2 AND status = 'sending'`

/** A draft that was made while its message was cancelled is to be deleted. $1 id, $2 draft id, $3 now */
export const LEAVE_DRAFT = `
INSERT INTO mailbox_cleanups (tenant_id, item_id, kind, created_at, due_at)
SELECT tenant_id, $2, 'draft', $3, $3 FROM messages WHERE id = $1 AND status = 'cancelled'
ON CONFLICT DO NOTHING`

/**
 * How far a draft is filled. A mailbox that takes bytes is out of trouble.
 * $1 id, $2 lease owner, $3 attached, $4 upload address, $5 until when, $6 position, $7 bytes in all
 */
export const STORE_UPLOAD = `
WITH stored AS (
  UPDATE messages
     SET upload_attached = $3, upload_url_sealed = $4, upload_expires_at = $5, upload_position = $6, uploaded_bytes = $7, attempt_count = 1
   WHERE id = $1 AND lease_owner = $2 AND status = 'sending' AND uploading
  RETURNING id, tenant_id
), noticed AS (
  UPDATE tenants t SET troubled_since = NULL
    FROM stored s JOIN messages before USING (id)
   WHERE t.id = s.tenant_id AND t.troubled_since IS NOT NULL AND before.uploaded_bytes < $7
)
SELECT id FROM stored`

/** From here on it may be sent, and cannot be cancelled. $1 id, $2 lease owner */
export const FINISH_UPLOAD = `
UPDATE messages SET uploading = false, upload_url_sealed = NULL WHERE id = $1 AND lease_owner = $2 AND status = 'sending'`

/** What a claim left out because it is large. $1 id */
export const READ_CONTENT = `SELECT content FROM messages WHERE id = $1`

/**
 * Takes messages away from workers whose lease ran out. They may have been sent: they are in doubt from now on, but for
 * those whose draft was still being filled.
 * $1 now
 */
export const RECOVER_ABANDONED = `
WITH abandoned AS (
  SELECT id FROM messages WHERE status = 'sending' AND lease_until < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED
), recovered AS (
  UPDATE messages m
     SET status = 'queued', lookups = CASE WHEN m.uploading THEN NULL ELSE 0 END, next_attempt_at = $1, lease_owner = NULL, lease_until = NULL
    FROM abandoned a WHERE m.id = a.id
  RETURNING m.id, m.tenant_id, m.uploading
), noted AS (
  INSERT INTO message_attempts (tenant_id, message_id, at, outcome, detail)
  SELECT tenant_id, id, $1, CASE WHEN uploading THEN 'unavailable' ELSE 'unknown' END,
         CASE WHEN uploading THEN 'The process that was uploading it ended, or stood still. Another goes on where it was.'
              ELSE 'The process that was sending it ended, or stood still, before the outcome was written down.' END
    FROM recovered
), noticed AS (
  UPDATE tenants SET troubled_since = $1 WHERE id IN (SELECT tenant_id FROM recovered) AND troubled_since IS NULL
)
SELECT id FROM recovered`

/** Messages whose time has come. $1 now */
export const RELEASE_SCHEDULED = `
UPDATE messages SET status = 'queued'
 WHERE id IN (SELECT id FROM messages WHERE status = 'scheduled' AND next_attempt_at <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`

/** Held messages whose reason is gone, should they have been held in the moment it went. $1 now */
export const RELEASE_HELD = `
UPDATE messages SET status = 'queued', held_because = NULL, next_attempt_at = $1
 WHERE id IN (
   SELECT m.id FROM messages m JOIN tenant_settings s ON s.tenant_id = m.tenant_id
    WHERE m.status = 'held' AND s.status = 'connected' AND s.problem IS NULL
      AND (m.held_because <> 'large-attachments-disabled' OR s.large_attachments)
    LIMIT 1000 FOR UPDATE OF m SKIP LOCKED)`
