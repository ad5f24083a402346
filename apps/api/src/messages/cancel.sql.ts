/**
 * Cancels what has not left and cannot have left: also while its attachments are being uploaded, since a draft is sent
 * only by the holder of the lease. A draft that it leaves in the mailbox is to be deleted there.
 *
 * $1 id, $2 tenant, $3 service, or null for any
 */
export const CANCEL = `
WITH cancelled AS (
  UPDATE messages
     SET status = 'cancelled', held_because = NULL, next_attempt_at = NULL, ended_at = mail_now(), content = NULL, content_key_sealed = NULL,
         stored_bytes = 0, uploading = false, upload_url_sealed = NULL, lease_owner = NULL, lease_until = NULL
   WHERE id = $1 AND tenant_id = $2 AND ($3::text IS NULL OR service = $3)
     AND lookups IS NULL AND NOT possible_duplicate AND (status IN ('scheduled', 'queued', 'held') OR status = 'sending' AND uploading)
  RETURNING id, tenant_id, service, draft_id, chunked
), dropped AS (
  DELETE FROM message_chunks WHERE message_id IN (SELECT id FROM cancelled WHERE chunked)
), left_over AS (
  INSERT INTO mailbox_cleanups (tenant_id, item_id, kind, created_at, due_at)
  SELECT tenant_id, draft_id, 'draft', mail_now(), mail_now() FROM cancelled WHERE draft_id IS NOT NULL
  ON CONFLICT DO NOTHING
)
SELECT service FROM cancelled`

/**
 * Starts a failed message from the beginning; its draft was deleted in the mailbox. What may have been sent already is
 * sent again on somebody's word: it is marked. $1 id, $2 tenant, $3 service, or null for any
 */
export const RETRY = `
UPDATE messages
   SET status = 'queued', next_attempt_at = mail_now(), ended_at = NULL, attempt_count = 0, trying_ms = 0, lookups = NULL,
       possible_duplicate = possible_duplicate OR coalesce(problem ->> 'code' = 'outcome-unknown', false), problem = NULL,
       draft_id = NULL, internet_message_id = NULL, uploading = false, upload_attached = 0, upload_url_sealed = NULL,
       upload_expires_at = NULL, upload_position = 0, uploaded_bytes = 0
 WHERE id = $1 AND tenant_id = $2 AND ($3::text IS NULL OR service = $3) AND status = 'failed' AND content IS NOT NULL
RETURNING service`
