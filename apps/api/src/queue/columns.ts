import { COUNTED_FROM_BYTES, LARGE_FROM_BYTES } from '@inforiver-mail/contract/message'
import { MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES } from '@inforiver-mail/m365/size-plan'

// What it means to have content, a lease, or a place in the queue: in SQL, here and nowhere else.

/** Of content with its chunks, as they are stored. Below, the content comes with the claim. */
const SMALL_BYTES = 65_536

/**
 * How large a message is for the queue. `small`: its content comes with the claim, and it may go at once. `large`: it
 * leaves one of its mailbox's requests at once to the others.
 *
 * @param content the alias of a row of message_contents, or of its columns
 */
export function sizeOf(content: string): string {
  return `CASE WHEN ${content}.stored_bytes > ${LARGE_FROM_BYTES} THEN 'large'
               WHEN ${content}.chunked OR ${content}.stored_bytes > ${SMALL_BYTES} THEN 'medium' ELSE 'small' END`
}

/**
 * What the limit of uploads will count of a message. What is uploaded counts as it is; what goes in one request as it is
 * encoded, attachments with a third more, unless it is small.
 *
 * @param content as for `sizeOf`
 */
export function uploadBytesOf(content: string): string {
  return `CASE WHEN ${content}.attachment_bytes > ${MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES} THEN ${content}.attachment_bytes
               WHEN ${content}.stored_bytes + ${content}.attachment_bytes / 3 >= ${COUNTED_FROM_BYTES}
               THEN ${content}.stored_bytes + ${content}.attachment_bytes / 3 ELSE 0 END`
}

/** Of one mailbox. A constant tells the planner how little of the index it reads. */
const MAX_LEASED = 10_000

/** Nobody has it in hand, and no request of it is under way: columns of message_queue. */
export const NO_LEASE = `lease_owner = NULL, lease_until = NULL, wire_version = NULL`

/**
 * Rows of message_queue that workers have in hand, of every tenant: by the counts, since an index on leases would have
 * every claim write all indexes. They stand at the front of the queue, so that few others are passed over.
 *
 * @param tenants SQL for rows of mailbox_totals
 */
export function leasedRows(tenants: string): string {
  return `
  SELECT leased.* FROM (${tenants}) AS t CROSS JOIN LATERAL (
    SELECT * FROM (
      SELECT q.* FROM message_queue q
       WHERE q.tenant_id = t.tenant_id AND q.state = 'queued' AND coalesce(q.lease_owner, '') <> '' -- of which it has no statistics
       ORDER BY q.due_at LIMIT ${MAX_LEASED}) AS first
     LIMIT t.sending) AS leased
   WHERE t.sending > 0`
}

// A planner whose statistics are of a queue that was empty takes every index for one page long. So that a plan goes by the
// key whatever the statistics say, the key is the only condition that an index fits.

/** The ids that a statement is about, as an array: a join or IN may read the whole table instead. */
export function idsOf(rows: string): string {
  return `ANY (ARRAY(SELECT message_id FROM ${rows}))`
}

/** Whether a row of message_queue that its key has found is in a state. No partial index fits this condition. */
export function isInState(row: string, state: 'queued' | 'scheduled' | 'held'): string {
  return `${row}.state || '' = '${state}'`
}

/**
 * Whether a row that its key has found is of a tenant. No index fits this condition.
 *
 * @param tenant SQL
 */
export function isOfTenant(row: string, tenant: string): string {
  return `${row}.tenant_id || '' = ${tenant}`
}

/** Whether content is left of a row of unsent_messages that its key has found. No partial index fits this condition. */
export function hasContentLeft(row: string): string {
  return `${row}.has_content::text = 'true'`
}

/**
 * Common table expressions that delete what is stored of messages, and leave their drafts to be deleted in the mailbox.
 *
 * @param ended the name of rows of `message_id`
 * @param draftKind SQL for `draft`, `copy`, or null for a draft that is left alone, of a row of `ended` called `e`
 */
export function deleteDrafts(ended: string, draftKind: string): string {
  return `
ended_drafts AS (
  DELETE FROM message_drafts WHERE message_id = ${idsOf(ended)} RETURNING message_id, tenant_id, draft_id
), left_over AS (
  INSERT INTO mailbox_cleanups (tenant_id, item_id, kind, created_at, due_at)
  SELECT d.tenant_id, d.draft_id, ${draftKind}, mail_now(), mail_now()
    FROM ended_drafts d JOIN ${ended} e USING (message_id) WHERE ${draftKind} IS NOT NULL
  ON CONFLICT DO NOTHING
)`
}

/** Their chunks go with them, by a trigger. @param emptied the name of rows of `message_id` */
export function deleteContents(emptied: string): string {
  return `
dropped_contents AS (
  DELETE FROM message_contents WHERE message_id = ${idsOf(emptied)}
)`
}
