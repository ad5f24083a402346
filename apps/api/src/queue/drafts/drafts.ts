import { MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES } from '@inforiver-mail/m365/size-plan'
import type pg from 'pg'
import { currentSettings, isOfLivingProcess } from '../owner/clear.ts'
import { isInTime } from '../columns.ts'
import type { Mark, MarkedMessage, Upload } from '../owner/marked-message.ts'
import { addToCounters, queueRows } from '../counters.ts'

// A message that does not fit one request, or has to be found again, is sent by a draft in the mailbox:
//
//   no draft ──storeDraft──▶ filling ──storeUpload, after each file and each range──▶ filling ──finishUpload──▶ complete
//            ──storeDraft, with all its files──▶ complete ──sent, failed, or cancelled before it was complete──▶ no draft
//
// While it is filled the message cannot have been sent: it may be cancelled, and any process goes on from the stored
// position. Only who has it marked, and is not taken for dead, writes these steps, and only under the settings the draft was
// created with. Each statement locks the row of the queue, so that a cancel waits for it. A message that has expired goes
// no further. delivery/send-by-draft.ts makes the requests between these steps.
//
// What is left in the mailbox (a draft nobody needs, a copy nobody wants, or a draft whose id was never stored) is in
// cleanups.ts until delivery/clean-mailboxes.ts has deleted it. The room writes message_drafts and mailbox_cleanups; a
// statement that ends a message deletes its draft by `deleteDrafts` (../columns.ts).

export interface StoredDraft {
  /** Null when the draft is gone. */
  readonly draftId: string | null
  readonly internetMessageId: string | null
  readonly from: string | null
  /** The address of the mailbox that the draft lies in. */
  readonly mailbox: string
  /** Whom all mail was redirected to when it was made. */
  readonly redirectedTo: string | null
  /** Whether attachments are still to be uploaded. */
  readonly uploading: boolean
  /** Whether this attempt alone has recorded that a stray may be in the mailbox: the draft is that stray. */
  readonly wasStray?: boolean
  /** Without a draft: whether the one before may be in the mailbox after all. */
  readonly leavesFormer?: boolean
}

/** Whether it is still marked for this attempt, by a process that is not taken for dead. $1 id, $2 mark */
const IS_MINE = `message_id = $1 AND mark_id = $2 AND ${isOfLivingProcess('message_queue')}`

/** What was left to upload: only who has marked it changes it. $1 id, $2 mark */
const LEFT_BEFORE = `left_before AS MATERIALIZED (
  SELECT upload_bytes FROM message_queue WHERE message_id = $1 AND mark_id = $2
)`

/**
 * Counts what is left to upload of the row `marked`.
 *
 * @param when SQL that is evaluated before the counters are locked
 */
const counted = (when = 'true') => `counted AS (
  ${addToCounters(
    [queueRows('-', 'marked', { uploadBytes: '(SELECT upload_bytes FROM left_before)' }), queueRows('+', 'marked')],
    `${when} AND (SELECT upload_bytes FROM left_before) <> (SELECT upload_bytes FROM marked)`,
  )}
)`

/**
 * Stores a draft before it is used, so that any process can continue with it. While the draft is being filled, the
 * message cannot have been sent. A complete draft is sent next. One that Microsoft no longer shows is deleted all the same,
 * since a 404 may pass.
 *
 * $1 id, $2 mark, $3 tenant, $4 version of the settings, $5 draft id, $6 whether it is to be filled, $7 its sender,
 * $8 its Message-ID, $9 whom it is redirected to, $10 whether it was expected as a stray, $11 whether the one before is left,
 * $12 its mailbox
 */
const STORE_DRAFT = `
WITH current AS MATERIALIZED (${currentSettings('$3', '$4')}), ${LEFT_BEFORE}, marked AS (
  UPDATE message_queue
     SET has_draft = $5::text IS NOT NULL, uploading = $6, from_email = $7,
         attempt_id = CASE WHEN NOT $6 AND $5::text IS NOT NULL THEN mark_id ELSE attempt_id END,
         upload_bytes = coalesce((SELECT attachment_bytes FROM message_contents
                                   WHERE message_id = $1 AND attachment_bytes > ${MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES}), upload_bytes)
   WHERE ${IS_MINE} AND EXISTS (SELECT 1 FROM current) AND ($5::text IS NULL OR ${isInTime('message_queue')})
  RETURNING message_id, tenant_id, state, mark_id, size, recipients, upload_bytes
), gone AS (
  DELETE FROM message_drafts WHERE $5::text IS NULL AND message_id = (SELECT message_id FROM marked) RETURNING tenant_id, draft_id, mailbox
), left_over AS (
  INSERT INTO mailbox_cleanups (tenant_id, item_id, mailbox, kind, created_at, due_at)
  SELECT tenant_id, draft_id, mailbox, 'draft', mail_now(), mail_now() FROM gone WHERE $11
  ON CONFLICT DO NOTHING
), no_stray AS (
  DELETE FROM mailbox_cleanups
   WHERE $10 AND tenant_id = $3 AND item_id = (SELECT message_id FROM marked) AND mailbox = $12 AND kind = 'stray'
), stored AS (
  INSERT INTO message_drafts (message_id, tenant_id, draft_id, internet_message_id, redirected_to, mailbox)
  SELECT message_id, tenant_id, $5, $8, $9, $12 FROM marked WHERE $5::text IS NOT NULL
  ON CONFLICT (message_id) DO UPDATE
    SET draft_id = excluded.draft_id, internet_message_id = excluded.internet_message_id, redirected_to = excluded.redirected_to, mailbox = excluded.mailbox,
        upload_attached = 0, upload_url_sealed = NULL, upload_expires_at = NULL, upload_position = 0, uploaded_bytes = 0
), ${counted()}
SELECT message_id FROM marked WHERE (SELECT count(*) FROM counted) >= 0`

/**
 * Queues the deletion of a draft that could not be stored, because the message was cancelled or the settings changed. When
 * another worker holds the message, or it has ended otherwise, that worker may have adopted the draft: it stays a stray,
 * which is searched for once the message needs no draft.
 * $1 id, $2 mark, $3 draft id, $4 its mailbox
 */
const LEAVE_DRAFT = `
INSERT INTO mailbox_cleanups (tenant_id, item_id, mailbox, kind, created_at, due_at)
SELECT m.tenant_id, $3, $4, 'draft', mail_now(), mail_now() FROM messages m LEFT JOIN message_queue q ON q.message_id = m.id
 WHERE m.id = $1 AND (m.outcome IS NOT DISTINCT FROM 'cancelled' OR q.mark_id IS NOT DISTINCT FROM $2)
ON CONFLICT DO NOTHING`

/**
 * Returns false when the mark is gone or its process was taken for dead, the settings changed, or the message has expired. The
 * draft is then queued for deletion.
 */
export async function storeDraft(
  pool: pg.Pool,
  message: Mark,
  settingsVersion: number,
  { wasStray = false, leavesFormer = false, ...draft }: StoredDraft,
): Promise<boolean> {
  const { draftId, internetMessageId, from, mailbox, redirectedTo, uploading } = draft
  const stored = [draftId, uploading, from, internetMessageId, redirectedTo, wasStray, leavesFormer, mailbox]
  const { rowCount } = await pool.query(STORE_DRAFT, [...fenceOf(message, settingsVersion), ...stored])
  // fence: stray
  if (rowCount !== 1 && draftId !== null) await pool.query(LEAVE_DRAFT, [message.id, message.markId, draftId, mailbox])
  // end
  return rowCount === 1
}

/**
 * Stores how far a draft is filled. A mailbox that accepts bytes is no longer in trouble.
 *
 * $1 id, $2 mark, $3 tenant, $4 version of the settings, $5 attached, $6 upload address, $7 until when, $8 position,
 * $9 bytes uploaded, $10 bytes left
 */
const STORE_UPLOAD = `
WITH current AS MATERIALIZED (${currentSettings('$3', '$4')}), ${LEFT_BEFORE}, marked AS (
  UPDATE message_queue SET attempt_count = 1, upload_bytes = $10
   WHERE ${IS_MINE} AND uploading AND EXISTS (SELECT 1 FROM current) AND ${isInTime('message_queue')}
  RETURNING message_id, tenant_id, state, mark_id, size, recipients, upload_bytes
), stored AS (
  UPDATE message_drafts
     SET upload_attached = $5, upload_url_sealed = $6, upload_expires_at = $7, upload_position = $8, uploaded_bytes = $9
   WHERE message_id = (SELECT message_id FROM marked)
), noticed AS (
  UPDATE mailboxes b SET troubled_since = NULL
    FROM marked m JOIN message_drafts before USING (message_id)
   WHERE b.tenant_id = m.tenant_id AND b.troubled_since IS NOT NULL AND before.uploaded_bytes < $9
  RETURNING b.tenant_id
), ${counted('(SELECT count(*) FROM noticed) >= 0')}
SELECT message_id FROM marked WHERE (SELECT count(*) FROM counted) >= 0`

/** Returns false as `storeDraft` does. `uploadedBytes` counts all attachments. */
export async function storeUpload(
  pool: pg.Pool,
  message: Mark & Pick<MarkedMessage, 'attachmentBytes'>,
  settingsVersion: number,
  { attached, session, position }: Upload,
  uploadedBytes: number,
): Promise<boolean> {
  const leftBytes = message.attachmentBytes - uploadedBytes
  const values = [attached, session?.urlSealed ?? null, session?.expiresAt ?? null, position, uploadedBytes, leftBytes]
  const { rowCount } = await pool.query(STORE_UPLOAD, [...fenceOf(message, settingsVersion), ...values])
  return rowCount === 1
}

/** Starts an attempt: the message can no longer be cancelled. $1 id, $2 mark, $3 tenant, $4 version of the settings */
const FINISH_UPLOAD = `
WITH current AS MATERIALIZED (${currentSettings('$3', '$4')}), marked AS (
  UPDATE message_queue SET uploading = false, attempt_id = mark_id
   WHERE ${IS_MINE} AND EXISTS (SELECT 1 FROM current) AND ${isInTime('message_queue')}
  RETURNING message_id
), ended AS (
  UPDATE message_drafts SET upload_url_sealed = NULL WHERE message_id = (SELECT message_id FROM marked)
)
SELECT message_id FROM marked`

/** Marks the draft as complete: from here on the message may be sent. Returns false as `storeDraft` does. */
export async function finishUpload(pool: pg.Pool, message: Mark, settingsVersion: number): Promise<boolean> {
  const { rowCount } = await pool.query(FINISH_UPLOAD, fenceOf(message, settingsVersion))
  return rowCount === 1
}

/** The parameters $1 to $4 of the statements in this file. */
function fenceOf({ id, markId, tenantId }: Mark, settingsVersion: number): unknown[] {
  return [id, markId, tenantId, settingsVersion]
}
