import type { MessagePriority } from '@inforiver-mail/contract/message'
import { COUNTED_FROM_BYTES, LARGE_FROM_BYTES } from '@inforiver-mail/contract/message-input'
import { MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES } from '@inforiver-mail/m365/size-plan'
import { isInLane, walkLanes } from './lanes.ts'

// SQL fragments that define the size of a message, whether it is being sent, and the deletion of what is stored of it.

/** Content of up to this many stored bytes, without chunks, is read together with the claim. */
const SMALL_BYTES = 65_536

/**
 * The size class of a message. `small`: the claim reads its content, and may clear it to be sent at once. `large`: it
 * never takes the last of its mailbox's concurrent requests.
 *
 * @param content the alias of a row of message_contents, or of its columns
 */
export function sizeOf(content: string): string {
  return `CASE WHEN ${content}.stored_bytes > ${LARGE_FROM_BYTES} THEN 'large'
               WHEN ${content}.chunked OR ${content}.stored_bytes > ${SMALL_BYTES} THEN 'medium' ELSE 'small' END`
}

/**
 * The bytes of a message that the upload limit counts. Attachments that are uploaded count as they are. A message sent
 * in one request counts as encoded: base64 adds a third to its attachments. A small message does not count.
 *
 * @param content as for `sizeOf`
 */
export function uploadBytesOf(content: string): string {
  return `CASE WHEN ${content}.attachment_bytes > ${MAX_ATTACHMENTS_IN_ONE_REQUEST_BYTES} THEN ${content}.attachment_bytes
               WHEN ${content}.stored_bytes + ${content}.attachment_bytes / 3 >= ${COUNTED_FROM_BYTES}
               THEN ${content}.stored_bytes + ${content}.attachment_bytes / 3 ELSE 0 END`
}

/** The value of message_queue.priority. What goes first has the lowest. */
const PRIORITY_RANK = { high: 0, normal: 1, low: 2 } as const satisfies Record<MessagePriority, number>

/**
 * The rank of a priority in the queue. An unknown one of a newer version counts as normal.
 *
 * @param priority SQL for a value of messages.priority
 */
function rankOf(priority: string): string {
  return `CASE ${priority} WHEN 'high' THEN ${PRIORITY_RANK.high} WHEN 'low' THEN ${PRIORITY_RANK.low} ELSE ${PRIORITY_RANK.normal} END`
}

/**
 * A statement that puts messages into the queue, and returns what `queueRows` needs of them.
 *
 * @param messages the name of rows with the columns of messages, and with the `size` and `upload_bytes` of their content
 * @param others further columns of message_queue, and SQL over a row for each
 */
export function enqueue(messages: string, others: Readonly<Record<string, string>>): string {
  const columns = {
    message_id: 'id',
    tenant_id: 'tenant_id',
    service: 'service',
    priority: rankOf('priority'),
    waits_since: 'greatest(created_at, send_at)',
    recipients: 'recipients',
    size: 'size',
    upload_bytes: 'upload_bytes',
    on_unknown_outcome: 'on_unknown_outcome',
    save_to_sent_items: 'save_to_sent_items',
    expires_at: 'expires_at',
    ...others,
  }
  return `
  INSERT INTO message_queue (${Object.keys(columns).join(', ')}) SELECT ${Object.values(columns).join(', ')} FROM ${messages}
  RETURNING tenant_id, state, mark_id, size, recipients, upload_bytes`
}

/** Whether a row of message_queue may still be sent. No index fits this condition. */
export function isInTime(row: string): string {
  return `coalesce(${row}.expires_at > mail_now(), true)`
}

/** Whether a worker has anything to do with it: in doubt, it is looked for also when its time is over. */
export function isToBeWorkedOn(row: string): string {
  return `(${isInTime(row)} OR ${row}.doubt <> 'none')`
}

/** Bounds a walk over one mailbox. A constant lets the planner know how little of the index it reads. */
const MAX_MARKED = 10_000

/** Columns of message_queue for a message that is not being sent, and so without a request under way. */
export const NO_MARK = `mark_id = NULL, marked_by = NULL, marked_at = NULL, wire_version = NULL`

/**
 * SQL for whether somebody is at a marked row. A request takes less, what takes longer shows in what the mailbox uses, and the
 * mark of a process that was killed stays until another sends for the mailbox.
 */
export function isBeingSent(row: string, now = 'mail_now()'): string {
  return `coalesce(${row}.marked_at > ${now} - interval '2 minutes', false)`
}

/** A message may be marked behind some that may not leave yet. */
const NEARLY_FIRST = 100

/**
 * Marked rows of message_queue. There is no index on marks, because with one every mark would update all indexes.
 * Marked rows are among the first of their lanes, apart from large ones that wait: few of those may leave at once, so that
 * any number may be ahead. counters says how many marked rows there are. If some are not found, the whole queue of
 * the mailbox is searched.
 *
 * @param tenants SQL for rows of counters
 */
export function markedRows(tenants: string): string {
  const isMarked = `coalesce(q.mark_id, '') <> ''` // of which the planner has no statistics
  return `
  SELECT marked.* FROM (${tenants}) AS t CROSS JOIN LATERAL (
    WITH RECURSIVE ${walkLanes('t.tenant_id')}, first AS MATERIALIZED (
      SELECT q.* FROM lanes l CROSS JOIN LATERAL (
        SELECT * FROM (
          SELECT * FROM message_queue q WHERE ${isInLane('q', 'l.key')} AND (q.size <> 'large' OR ${isMarked})
           ORDER BY q.due_at LIMIT ${MAX_MARKED}) AS ahead
         LIMIT t.sending + ${NEARLY_FIRST}) AS q
       WHERE ${isMarked} LIMIT t.sending
    )
    SELECT * FROM first WHERE (SELECT count(*) FROM first) >= t.sending
     UNION ALL
    (SELECT * FROM (
       SELECT q.* FROM message_queue q WHERE q.tenant_id = t.tenant_id AND q.state = 'queued' AND ${isMarked}
        ORDER BY q.due_at LIMIT ${MAX_MARKED}) AS anywhere
      WHERE (SELECT count(*) FROM first) < t.sending LIMIT t.sending)) AS marked
   WHERE t.sending > 0`
}

// A planner whose statistics are of an empty queue takes every index for one page long. So that a plan goes by the key
// whatever the statistics say, the key is the only condition that an index fits, and no other index contains the key.

/**
 * SQL that a statement needs to read what is queued of a tenant in the order of `waits_since`. It always holds: it keeps the
 * index of that order from statements that read in the order of `due_at`.
 */
export function hasWaited(row: string): string {
  return `${row}.waits_since >= '-infinity'`
}

/**
 * Whether a row has the key that another row names. The planner can only look up each key: by an equality it might read
 * the whole table, and beside `idsOf` it might look up all keys anew for each row.
 *
 * @param key the column that is the key of a table
 * @param value SQL over the other row
 */
export function isFoundBy(key: string, value: string): string {
  return `${key} = ANY (ARRAY[${value}])`
}

/** Compares with the ids of `rows` as an array. A join or IN may read the whole table instead. */
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

/** Whether the content of a message that its key has found is kept for a retry. No partial index fits this condition. */
export function hasContentLeft(row: string): string {
  return `${row}.content_kept::text = 'true'`
}

/** Whether a message can be tried again: it has failed, its time is not over, and its content is left. */
export function isRetryable(row: string): string {
  return `${row}.outcome = 'failed' AND ${hasContentLeft(row)} AND ${isInTime(row)}`
}

/** Whether a row of message_queue cannot have been sent, and will not be while nobody but its holder sends it. */
export function isCancellable(row: string): string {
  return `NOT ${row}.possible_duplicate
     /* fence: cancel-in-doubt */ AND ${row}.doubt = 'none' /* end */
     /* fence: cancel */ AND (${row}.mark_id IS NULL OR ${row}.uploading) /* end */`
}

/**
 * Whether a row of message_queue that is about to be deleted has no draft, or one that the statement sees. It does not see a
 * draft that was stored while it waited for the row: it would leave that draft in the mailbox, so it leaves the message alone.
 */
export function seesDraft(row: string): string {
  return `(NOT ${row}.has_draft OR (SELECT true FROM message_drafts d WHERE d.message_id = ${row}.message_id) IS TRUE)`
}

/**
 * Common table expressions that delete the stored drafts of ended messages, and queue their deletion in the mailbox.
 *
 * @param ended the name of rows of `message_id`
 * @param draftKind SQL over a row `e` of `ended`: the kind of cleanup, or null to leave the draft alone
 */
export function deleteDrafts(ended: string, draftKind: string): string {
  return `
ended_drafts AS (
  DELETE FROM message_drafts WHERE message_id = ${idsOf(ended)} RETURNING message_id, tenant_id, draft_id, mailbox
), left_over AS (
  INSERT INTO mailbox_cleanups (tenant_id, item_id, mailbox, kind, created_at, due_at)
  SELECT d.tenant_id, d.draft_id, d.mailbox, ${draftKind}, mail_now(), mail_now()
    FROM ended_drafts d JOIN ${ended} e USING (message_id) WHERE ${draftKind} IS NOT NULL
  ON CONFLICT DO NOTHING
)`
}

/** Content is deleted up to so many bytes at once: a message may have gigabytes, and a statement times out after 30 s. */
const DELETED_AT_ONCE_BYTES = 64 * 1024 * 1024

/** SQL for the stored bytes of a message's content. */
export function storedBytesOf(messageId: string): string {
  return `coalesce((SELECT c.stored_bytes FROM message_contents c WHERE c.message_id = ${messageId}), 0)`
}

/**
 * SQL for the `message_id` of as many rows as may be deleted at once with their content, in the order of the rows: at least
 * one.
 *
 * @param rows the name of rows of `message_id` and `stored_bytes`
 */
export function deletableAtOnce(rows: string): string {
  return `
SELECT message_id FROM (
  SELECT message_id, row_number() OVER line AS place, sum(stored_bytes) OVER line AS bytes_so_far
    FROM ${rows} WINDOW line AS (ROWS UNBOUNDED PRECEDING)) AS each
 WHERE place = 1 OR bytes_so_far <= ${DELETED_AT_ONCE_BYTES}`
}

/**
 * A common table expression, `dropped_contents`, that deletes contents, and with them their chunks (a foreign key).
 *
 * @param emptied the name of rows of `message_id`
 */
export function deleteContents(emptied: string): string {
  return `
dropped_contents AS (
  DELETE FROM message_contents WHERE message_id = ${idsOf(emptied)} RETURNING tenant_id, stored_bytes
)`
}
