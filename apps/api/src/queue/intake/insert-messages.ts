import type { Attachment, MessagePriority, MessageStatus, Recipient } from '@inforiver-mail/contract/message'
import type pg from 'pg'
import { enqueue, sizeOf, uploadBytesOf } from '../columns.ts'
import { searchedText } from '../records/search-text.ts'
import { forAny, forSmallServices, smallService } from './storage.ts'
import { countAndTell, lockCounters, queueRows, storedBytes } from '../counters.ts'

// The statement that stores messages. Its rows are what submit.ts is given: batches, each stored as a whole or not at all, and
// most of them of one message. It refuses a batch for the first of these reasons:
//
//  swept             its attachments were received before, and are deleted: their client was taken for gone
//  attachments-lost  the database failed while they arrived, and lost some of their chunks, which it does not flush (chunks.ts)
//  data-key-gone     nothing could open its content
//  storage-full      its tenant or service has no room for it (storage.ts)
//  key-taken         its idempotency key identifies another
//
// Rows are locked in the order in which every statement of the queue does: contents, data keys, counters, idempotency keys.

export interface NewMessage {
  readonly id: string
  readonly tenantId: string
  readonly service: string
  /** Whether an admin submits it on the page, whatever services are called. */
  readonly ofPage: boolean
  readonly to: readonly Recipient[]
  readonly cc: readonly Recipient[]
  readonly bcc: readonly Recipient[]
  /** To, cc and bcc together. */
  readonly recipients: number
  readonly subject: string
  readonly reference: string | null
  readonly sendAt: Date | null
  readonly priority: MessagePriority
  /** It is not sent after this time; null for any time. */
  readonly expiresAt: Date | null
  readonly requestReadReceipt: boolean
  readonly requestDeliveryReceipt: boolean
  readonly onUnknownOutcome: 'retry' | 'stop'
  readonly saveToSentItems: boolean
  readonly attachments: readonly Attachment[]
  /** The size of all attachments together. */
  readonly attachmentBytes: number
  /** Whether its attachments were received in chunks before. */
  readonly receiving: boolean
  /** The sealed size of content and chunks. */
  readonly storedBytes: number
  /** The size of what stays readable after the content is deleted: addresses, subject, reference and names of files. */
  readonly openBytes: number
  /** How much the tenant's stored bytes grow. Chunks were counted when they were reserved. */
  readonly addedBytes: number
  /** The id of the data key that its content key is derived from. */
  readonly dataKey: string
  readonly content: Buffer
  /** Null where nothing is traced. */
  readonly traceparent: string | null
}

/** What is stored as a whole: messages of one service, in their order. Only one alone has attachments that were received before. */
export interface NewBatch {
  readonly messages: readonly [NewMessage, ...NewMessage[]]
  readonly idempotency: { readonly key: string; readonly contentHash: string } | null
}

/** What the statement is given of a message, and the types of it in SQL. `behind` it are so many of its batch. */
const GIVEN = `
batch int, behind int, id text, tenant_id text, service text, "to" jsonb, cc jsonb, bcc jsonb, recipients int, subject text, reference text, send_at timestamptz,
priority text, expires_at timestamptz, request_read_receipt boolean, request_delivery_receipt boolean, on_unknown_outcome text, save_to_sent_items boolean,
attachments jsonb, attachment_bytes bigint, receiving boolean, stored_bytes bigint, open_bytes int, data_key text, traceparent text, searched text,
content_from int, content_bytes int`
/** The same of a batch. */
const BATCHES = `batch int, tenant_id text, service text, of_page boolean, added_bytes bigint, key text, content_hash text, message_ids text[]`
/** What stays of a message: the columns of messages, and of `accepted`. */
const RECORDED = `
id, tenant_id, service, "to", cc, bcc, recipients, subject, reference, send_at, priority, expires_at, read_receipt, delivery_receipt, on_unknown_outcome,
save_to_sent_items, attachments, attachment_bytes, open_bytes, created_at`
/**
 * - Without room for all, batches of services that hold a tenth of the storage are left out before all others, and the largest
 *   first, so that they keep out no smaller ones. The counters of the tenant are locked before they are compared, so that two
 *   processes cannot fill the same room. A tenant without counters has nothing stored, and no row is returned.
 * - Of two batches with one key, one gets it. Only what is stored uses up its key, which is free again after 24 hours.
 * - Messages of a batch are due a microsecond apart, the last one now: all the same after what was submitted before, since it
 *   takes longer than that to bring them here.
 * - Without a working connection of the tenant, messages are held.
 *
 * $1 the messages as JSON, $2 the contents of all of them, one after the other: within JSON they would be text, $3 the batches as
 * JSON, $4 the most that a tenant may store
 */
const INSERT_MESSAGES = `
WITH new AS MATERIALIZED (
  SELECT n.*, substring($2::bytea FROM n.content_from FOR n.content_bytes) AS content, n.stored_bytes > n.content_bytes AS chunked,
         n.send_at > mail_now() AS later, mail_now() AS created_at,
         n.request_read_receipt AS read_receipt, n.request_delivery_receipt AS delivery_receipt, s.from_email AS sender,
         CASE WHEN s.status IS NULL OR s.status = 'not-configured' THEN 'not-configured'
              WHEN s.problem IS NOT NULL THEN s.problem ->> 'code' END AS because
    FROM json_to_recordset($1::json) AS n(${GIVEN}) LEFT JOIN tenant_settings s ON s.tenant_id = n.tenant_id
), batches AS MATERIALIZED (
  SELECT * FROM json_to_recordset($3::json) AS b(${BATCHES})
), arrived AS MATERIALIZED (
  SELECT c.message_id, c.stored_bytes,
         (SELECT coalesce(sum(octet_length(k.content)), 0) FROM message_chunks k WHERE k.message_id = c.message_id) AS chunk_bytes
    FROM message_contents c
   WHERE c.message_id = ANY (ARRAY(SELECT id FROM new WHERE receiving)) AND c.content IS NULL ORDER BY c.message_id FOR UPDATE OF c
), keys AS MATERIALIZED (
  SELECT id FROM data_keys
   WHERE id = ANY (ARRAY(SELECT data_key FROM new)) AND (SELECT count(*) FROM arrived) >= 0 ORDER BY id FOR KEY SHARE
), faulty AS MATERIALIZED (
  SELECT n.batch, CASE WHEN n.receiving AND a.message_id IS NULL THEN 'swept'
                       WHEN n.receiving AND a.chunk_bytes <> n.stored_bytes - n.content_bytes THEN 'attachments-lost'
                       ELSE 'data-key-gone' END AS fault
    FROM new n LEFT JOIN arrived a ON a.message_id = n.id
   WHERE n.receiving AND a.chunk_bytes IS DISTINCT FROM n.stored_bytes - n.content_bytes OR n.data_key NOT IN (SELECT keys.id FROM keys)
), totals AS MATERIALIZED (${lockCounters('batches WHERE (SELECT count(*) FROM faulty) >= 0')}
), of_services AS MATERIALIZED (
  SELECT b.tenant_id, b.service, service_stored_bytes(b.tenant_id, b.service) AS held_bytes
    FROM (SELECT DISTINCT tenant_id, service FROM batches) AS b JOIN totals t ON t.tenant_id = b.tenant_id
   WHERE t.stored_bytes + (SELECT sum(m.added_bytes) FROM batches m WHERE m.tenant_id = b.tenant_id) > ${forAny('$4')}
), adding AS (
  SELECT b.*, NOT b.of_page
           AND coalesce(s.held_bytes + sum(b.added_bytes) OVER (PARTITION BY b.tenant_id, b.service ORDER BY b.added_bytes, b.batch)
                        >= ${smallService('$4')}, false) AS of_large
    FROM batches b LEFT JOIN of_services s ON s.tenant_id = b.tenant_id AND s.service = b.service
   WHERE b.batch NOT IN (SELECT faulty.batch FROM faulty)
), fitting AS MATERIALIZED (
  SELECT summed.*
    FROM (SELECT a.*, CASE WHEN a.of_page THEN $4 WHEN a.of_large THEN ${forAny('$4')} ELSE ${forSmallServices('$4')} END AS may_be_bytes,
                 t.stored_bytes + sum(a.added_bytes) OVER (PARTITION BY a.tenant_id ORDER BY a.of_large, a.added_bytes, a.batch) AS total_bytes
            FROM adding a JOIN totals t ON t.tenant_id = a.tenant_id) AS summed
   WHERE true /* fence: storage */ AND total_bytes <= may_be_bytes /* end */
), freed AS MATERIALIZED (
  DELETE FROM idempotency_records r USING fitting f
   WHERE r.tenant_id = f.tenant_id AND r.service = f.service AND r.key = f.key AND r.created_at < mail_now() - interval '24 hours'
  RETURNING 1
), taken AS MATERIALIZED (
  INSERT INTO idempotency_records (tenant_id, service, key, content_hash, message_id, message_ids, created_at)
  SELECT tenant_id, service, key, content_hash, message_ids[1], message_ids, mail_now()
    FROM fitting WHERE key IS NOT NULL AND (SELECT count(*) FROM freed) >= 0
   ORDER BY tenant_id, service, key, batch
  ON CONFLICT DO NOTHING
  RETURNING message_id
), accepted AS MATERIALIZED (
  SELECT n.*, coalesce(a.stored_bytes, 0) AS bytes_before, ${sizeOf('n')} AS size, ${uploadBytesOf('n')} AS upload_bytes,
         CASE WHEN later THEN 'scheduled' WHEN because IS NULL THEN 'queued' ELSE 'held' END AS state,
         CASE WHEN later THEN send_at WHEN because IS NULL THEN mail_now() - behind * interval '1 microsecond' END AS due_at,
         CASE WHEN NOT coalesce(later, false) THEN because END AS held_because
    FROM new n JOIN fitting f ON f.batch = n.batch LEFT JOIN arrived a ON a.message_id = n.id
   WHERE true /* fence: idempotency */ AND (f.key IS NULL OR f.message_ids[1] IN (SELECT message_id FROM taken)) /* end */
), recorded AS (
  INSERT INTO messages (${RECORDED}) SELECT ${RECORDED} FROM accepted
), texts AS (
  INSERT INTO message_texts (message_id, tenant_id, created_at, searched) SELECT id, tenant_id, created_at, searched FROM accepted
), stored AS (
  INSERT INTO message_contents (message_id, tenant_id, service, data_key, content, chunked, stored_bytes, attachment_bytes, begun_at, traceparent)
  SELECT id, tenant_id, service, data_key, content, chunked, stored_bytes, attachment_bytes, mail_now(), traceparent FROM accepted
  ON CONFLICT (message_id) DO UPDATE
    SET content = excluded.content, stored_bytes = excluded.stored_bytes, attachment_bytes = excluded.attachment_bytes, begun_at = excluded.begun_at,
        traceparent = excluded.traceparent
), queued AS (${enqueue('accepted', { state: 'state', due_at: 'due_at', held_because: 'held_because' })}
), ${countAndTell(
  [queueRows('+', 'queued'), storedBytes('+', 'accepted', 'stored_bytes + open_bytes - bytes_before')],
  [
    `SELECT tenant_id, id, service, false, mail_now(), 'message.held', NULL, left(held_because, 100), NULL FROM accepted WHERE state = 'held'`,
  ],
)}
SELECT n.batch, n.id, a.state AS status, a.held_because, a.due_at AS next_attempt_at, mail_now() AS created_at, n.sender,
       t.stored_bytes AS tenant_bytes, s.held_bytes,
       CASE WHEN a.id IS NULL THEN coalesce((SELECT min(f.fault) FROM faulty f WHERE f.batch = n.batch),
              CASE WHEN n.batch IN (SELECT batch FROM fitting) THEN 'key-taken' ELSE 'storage-full' END) END AS refused
  FROM new n JOIN totals t ON t.tenant_id = n.tenant_id LEFT JOIN accepted a ON a.id = n.id
       LEFT JOIN of_services s ON s.tenant_id = n.tenant_id AND s.service = n.service
 WHERE (SELECT count(*) FROM counted) >= 0
 ORDER BY n.batch, n.behind DESC`

/** What was stored of a message. */
export interface StoredRow {
  readonly status: MessageStatus
  readonly held_because: string | null
  readonly next_attempt_at: Date | null
  readonly created_at: Date
  readonly sender: string | null
}

export interface Refused {
  readonly refused: 'swept' | 'attachments-lost' | 'data-key-gone' | 'storage-full' | 'key-taken'
  /** The bytes that the tenant had stored before. */
  readonly tenant_bytes: string
  /** What its service holds, where the last tenth of the storage was asked for. */
  readonly held_bytes: string | null
}

type InsertedRow = { readonly batch: number } & ((StoredRow & { readonly refused: null }) | Refused)

/** Returns the rows of each batch in the order of its messages, or why it is refused; null where the tenant has no counters. */
export async function insertMessages(
  client: pg.ClientBase,
  batches: readonly NewBatch[],
  storageBytes: number,
): Promise<(readonly StoredRow[] | Refused | null)[]> {
  const messages = batches.flatMap((each, batch) =>
    each.messages.map((message, place) => ({ ...message, batch, behind: each.messages.length - place - 1 })),
  )
  const { rows } = await client.query<InsertedRow>({
    name: 'insert-messages',
    text: INSERT_MESSAGES,
    values: [
      toRecords(withPlaces(messages)),
      Buffer.concat(messages.map(({ content }) => content)),
      toRecords(batches.map(describe)),
      storageBytes,
    ],
  })
  const inserted = Map.groupBy(rows, ({ batch }) => batch)
  return batches.map((_, batch) => {
    const found = inserted.get(batch) ?? []
    const refused = found.find((row) => row.refused !== null)
    if (refused) return refused
    return found.length === 0 ? null : found.filter((row) => row.refused === null)
  })
}

function describe({ messages, idempotency }: NewBatch, batch: number) {
  const [{ tenantId, service, ofPage }] = messages
  const addedBytes = messages.reduce((sum, message) => sum + message.addedBytes, 0)
  return { batch, tenantId, service, ofPage, addedBytes, ...idempotency, messageIds: messages.map(({ id }) => id) }
}

/** Says where in the contents of all that of each message lies, and adds what is searched. */
function withPlaces<Message extends NewMessage>(messages: readonly Message[]) {
  let nextFrom = 1 // SQL counts from 1
  return messages.map(({ content, ...message }) => {
    const contentFrom = nextFrom
    nextFrom += content.length
    return { ...message, searched: searchedText(message), contentFrom, contentBytes: content.length }
  })
}

/** Formats rows as JSON with the names of columns. */
function toRecords(rows: readonly object[]): string {
  return JSON.stringify(
    rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [toColumn(name), value]))),
  )
}

function toColumn(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
