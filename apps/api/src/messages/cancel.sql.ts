/**
 * Cancels what has not left and cannot have left: also while its attachments are being uploaded, since a draft is sent
 * only by the holder of the lease. A draft that it leaves in the mailbox is to be deleted there.
 *
 * $1 id, $2 tenant, $3 service, or null for any, $4 now
 */
export const CANCEL = `
WITH cancelled AS (
  UPDATE messages
     SET status = 'cancelled', held_because = NULL, next_attempt_at = NULL, ended_at = $4, content = NULL, content_key_sealed = NULL,
         stored_bytes = 0, uploading = false, upload_url_sealed = NULL, lease_owner = NULL, lease_until = NULL
   WHERE id = $1 AND tenant_id = $2 AND ($3::text IS NULL OR service = $3)
     AND lookups IS NULL AND (status IN ('scheduled', 'queued', 'held') OR status = 'sending' AND uploading)
  RETURNING id, tenant_id, service, draft_id, chunked
), dropped AS (
  DELETE FROM message_chunks WHERE message_id IN (SELECT id FROM cancelled WHERE chunked)
), left_over AS (
  INSERT INTO mailbox_cleanups (tenant_id, item_id, kind, created_at, due_at)
  SELECT tenant_id, draft_id, 'draft', $4, $4 FROM cancelled WHERE draft_id IS NOT NULL
  ON CONFLICT DO NOTHING
)
SELECT service FROM cancelled`
