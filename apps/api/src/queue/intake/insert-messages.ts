import type { Attachment, MessagePriority, MessageStatus, Recipient } from '@inforiver-mail/contract/message'
import type pg from 'pg'
import { rankOf, sizeOf, uploadBytesOf } from '../columns.ts'
import { FREE_KEYS, takeKeys, type KeyClaim } from './idempotency.ts'
import { isInLane } from '../lanes.ts'
import { searchedText } from '../records/search-text.ts'
import { forAny, forSmallServices, smallService } from './storage.ts'
import { countAndTell, lockCounters, MAKE_COUNTERS, queueRows, storedBytes } from '../counters.ts'

// The statements that store messages. One stores any; the other, at less than two thirds of the cost, only those that
// nothing stands in the way of, which is nearly all of them.

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
  readonly idempotency: { readonly key: string; readonly contentHash: string } | null
}

/** What the statements are given of a message, and the types of it in SQL. */
const GIVEN = `
id text, tenant_id text, service text, of_page boolean, "to" jsonb, cc jsonb, bcc jsonb, recipients int, subject text, reference text, send_at timestamptz,
priority text, expires_at timestamptz, request_read_receipt boolean, request_delivery_receipt boolean, on_unknown_outcome text, save_to_sent_items boolean,
attachments jsonb, attachment_bytes bigint, stored_bytes bigint, open_bytes int, added_bytes bigint, data_key text, traceparent text, searched text,
content_from int, content_bytes int, place int`
/** What stays of a message: the columns of messages, and of `accepted`. */
const RECORDED = `
id, tenant_id, service, "to", cc, bcc, recipients, subject, reference, send_at, priority, expires_at, read_receipt, delivery_receipt, on_unknown_outcome,
save_to_sent_items, attachments, attachment_bytes, open_bytes, created_at`
/** The columns of message_queue that `accepted` has. */
const QUEUED = `tenant_id, service, state, due_at, held_because, recipients, upload_bytes, on_unknown_outcome, save_to_sent_items, expires_at`

/**
 * Common table expressions: the messages with the settings of their tenants, and their data keys, locked against deletion.
 *
 * $1 the messages as JSON, $2 the contents of all of them, one after the other: within JSON they would be text
 */
const NEW = `new AS MATERIALIZED (
  SELECT n.*, substring($2::bytea FROM n.content_from FOR n.content_bytes) AS content, n.send_at > mail_now() AS later, mail_now() AS created_at,
         n.request_read_receipt AS read_receipt, n.request_delivery_receipt AS delivery_receipt, s.from_email AS sender,
         CASE WHEN s.status IS NULL OR s.status = 'not-configured' THEN 'not-configured'
              WHEN s.problem IS NOT NULL THEN s.problem ->> 'code' END AS because
    FROM json_to_recordset($1::json) AS n(${GIVEN}) LEFT JOIN tenant_settings s ON s.tenant_id = n.tenant_id
), keys AS MATERIALIZED (
  SELECT id FROM data_keys WHERE id = ANY (ARRAY(SELECT data_key FROM new)) ORDER BY id FOR KEY SHARE
)`

/** A common table expression: the idempotency keys to take. $4 the keys as JSON */
const CLAIMS = `
claims AS MATERIALIZED (
  SELECT * FROM json_to_recordset($4::json) AS c(tenant_id text, service text, key text, content_hash text, message_id text, message_ids text[])
)`

/** A common table expression: the messages whose idempotency keys identify others. */
const REFUSED = `
refused AS MATERIALIZED (
  SELECT message_id FROM claims EXCEPT SELECT message_id FROM taken
)`

/**
 * Common table expressions that store messages and queue them, or hold them where the tenant has no working connection.
 * `accepted` has the messages.
 *
 * @param accepted rows of `new`, as `n`, and conditions
 * @param dueAt when a message is due that can leave at once
 * @param arrived what happens where the attachments of a message have arrived before
 * @param before how many bytes of the message have been counted before
 */
function store(parts: { accepted: string; dueAt: string; arrived: string; before: string }): string {
  const { accepted, dueAt, arrived, before } = parts
  return `
accepted AS MATERIALIZED (
  SELECT n.*, n.stored_bytes > octet_length(n.content) AS chunked, ${uploadBytesOf('n')} AS upload_bytes,
         CASE WHEN later THEN 'scheduled' WHEN because IS NULL THEN 'queued' ELSE 'held' END AS state,
         CASE WHEN later THEN send_at WHEN because IS NULL THEN ${dueAt} END AS due_at,
         CASE WHEN NOT coalesce(later, false) THEN because END AS held_because
    FROM ${accepted}
), recorded AS (
  INSERT INTO messages (${RECORDED}) SELECT ${RECORDED} FROM accepted
), texts AS (
  INSERT INTO message_texts (message_id, tenant_id, created_at, searched) SELECT id, tenant_id, created_at, searched FROM accepted
), stored AS (
  INSERT INTO message_contents (message_id, tenant_id, service, data_key, content, chunked, stored_bytes, attachment_bytes, begun_at, traceparent)
  SELECT id, tenant_id, service, data_key, content, chunked, stored_bytes, attachment_bytes, mail_now(), traceparent FROM accepted ${arrived}
), queued AS (
  INSERT INTO message_queue (message_id, waits_since, size, priority, ${QUEUED})
  SELECT id, greatest(created_at, send_at), ${sizeOf('a')}, ${rankOf('priority')}, ${QUEUED} FROM accepted a
  RETURNING tenant_id, state, mark_id, size, recipients, upload_bytes
), ${countAndTell(
    [queueRows('+', 'queued'), storedBytes('+', 'accepted', `stored_bytes + open_bytes - ${before}`)],
    [
      `SELECT tenant_id, id, service, false, mail_now(), 'message.held', NULL, left(held_because, 100), NULL FROM accepted WHERE state = 'held'`,
    ],
  )}`
}

/**
 * Stores messages. Content whose attachments were received is completed.
 *
 * - Messages that there is no room for are left out: those of services that hold a tenth of the storage before all others,
 *   and the largest first, so that they keep out no smaller ones. The total of the tenant is locked before it is compared, so
 *   that two processes cannot fill the same room.
 * - Messages whose data key is gone are left out. The other data keys are locked against deletion.
 * - Messages whose idempotency key identifies another are left out. Only what is stored uses up its key.
 * - Those of which all or none are stored are due a millisecond apart, so that they leave in their order, and after what
 *   their service has submitted before them.
 *
 * $1, $2 and $4 as above, $3 the most that a tenant may store, $5 whether to store all or none
 */
const INSERT_MESSAGES = `
WITH ${NEW}, before AS MATERIALIZED (
  SELECT max(last.due_at) AS due_at
    FROM (SELECT tenant_id, service FROM new WHERE $5 LIMIT 1) AS s CROSS JOIN unnest(ARRAY[0, 1, 2]) AS rank CROSS JOIN LATERAL (
      SELECT q.due_at FROM message_queue q
       WHERE ${isInLane('q', "s.tenant_id || '/' || rank || '/' || s.service")} AND q.attempt_count = 0
         AND q.due_at > mail_now() - interval '1 second' AND q.due_at < mail_now() + interval '1 minute'
       ORDER BY q.due_at DESC LIMIT 1) AS last
), ${CLAIMS}, totals AS MATERIALIZED (${lockCounters('new')}), of_services AS MATERIALIZED (
  SELECT n.tenant_id, n.service, service_stored_bytes(n.tenant_id, n.service) AS held_bytes
    FROM (SELECT DISTINCT tenant_id, service FROM new) AS n JOIN totals t ON t.tenant_id = n.tenant_id
   WHERE t.stored_bytes + (SELECT sum(m.added_bytes) FROM new m WHERE m.tenant_id = n.tenant_id) > ${forAny('$3')}
), adding AS (
  SELECT n.id, n.tenant_id, n.added_bytes, n.of_page, NOT n.of_page
           AND coalesce(s.held_bytes + sum(n.added_bytes) OVER (PARTITION BY n.tenant_id, n.service ORDER BY n.added_bytes, n.id)
                        >= ${smallService('$3')}, false) AS of_large
    FROM new n LEFT JOIN of_services s ON s.tenant_id = n.tenant_id AND s.service = n.service
   WHERE n.data_key IN (SELECT keys.id FROM keys)
), fitting AS MATERIALIZED (
  SELECT id
    FROM (SELECT a.id, CASE WHEN a.of_page THEN $3 WHEN a.of_large THEN ${forAny('$3')} ELSE ${forSmallServices('$3')} END AS may_be_bytes,
                 t.stored_bytes + sum(a.added_bytes) OVER (PARTITION BY a.tenant_id ORDER BY a.of_large, a.added_bytes, a.id) AS total_bytes
            FROM adding a JOIN totals t ON t.tenant_id = a.tenant_id) AS summed
   WHERE true /* fence: storage */ AND total_bytes <= may_be_bytes /* end */
), room AS MATERIALIZED (
  SELECT id FROM fitting WHERE NOT $5 OR (SELECT count(*) FROM fitting) = (SELECT count(*) FROM new)
), ${FREE_KEYS}, ${takeKeys('(SELECT count(*) FROM freed) >= 0')}, ${REFUSED}, arrived AS MATERIALIZED (
  SELECT message_id, stored_bytes FROM message_contents WHERE message_id = ANY (ARRAY(SELECT new.id FROM new)) FOR UPDATE
), ${store({
  accepted: `new n WHERE id IN (SELECT id FROM room) /* fence: idempotency */ AND NOT EXISTS (SELECT 1 FROM refused r WHERE r.message_id = n.id OR $5) /* end */
                AND (SELECT count(*) FROM arrived) >= 0`,
  dueAt: `CASE WHEN $5 THEN greatest(mail_now() - (SELECT count(*) FROM new) * interval '1 millisecond', (SELECT before.due_at FROM before))
                          + place * interval '1 millisecond' ELSE mail_now() END`,
  arrived: `
  ON CONFLICT (message_id) DO UPDATE
    SET content = excluded.content, stored_bytes = excluded.stored_bytes, attachment_bytes = excluded.attachment_bytes, begun_at = excluded.begun_at,
        traceparent = excluded.traceparent`,
  before: 'coalesce((SELECT arrived.stored_bytes FROM arrived WHERE arrived.message_id = id), 0)',
})}
SELECT n.id, a.state AS status, a.held_because, a.due_at AS next_attempt_at, mail_now() AS created_at, n.sender,
       t.stored_bytes AS tenant_bytes, n.data_key NOT IN (SELECT keys.id FROM keys) AS key_gone, n.id IN (SELECT fitting.id FROM fitting) AS fits,
       s.held_bytes
  FROM new n JOIN totals t ON t.tenant_id = n.tenant_id LEFT JOIN accepted a ON a.id = n.id
       LEFT JOIN of_services s ON s.tenant_id = n.tenant_id AND s.service = n.service
 WHERE (SELECT count(*) FROM counted) >= 0`

/**
 * Stores those messages that nothing stands in the way of: the tenant has totals, and room for all that it submits here, the
 * data key is there, and the idempotency key is free. The others are left out, for `INSERT_MESSAGES`, which has twice as many
 * nodes to set up. None may have attachments that were received before.
 *
 * $1 to $4 as above, but `added_bytes` is what all messages of the tenant add; $4 only with idempotency keys
 */
const insertPlain = (keyed: boolean): string => `
WITH ${NEW}, totals AS MATERIALIZED (${lockCounters('new')}), room AS (
  SELECT n.* FROM new n JOIN totals t ON t.tenant_id = n.tenant_id
   WHERE n.data_key IN (SELECT keys.id FROM keys) /* fence: storage */ AND t.stored_bytes + n.added_bytes <= ${forAny('$3')} /* end */
), ${keyed ? `${CLAIMS}, ${takeKeys()}, ${REFUSED}, ` : ''}${store({
  accepted: keyed
    ? 'room n WHERE true /* fence: idempotency */ AND id NOT IN (SELECT message_id FROM refused) /* end */'
    : 'room n',
  dueAt: 'mail_now()',
  arrived: '',
  before: '0',
})}
SELECT id, state AS status, held_because, due_at AS next_attempt_at, mail_now() AS created_at, sender
  FROM accepted WHERE (SELECT count(*) FROM counted) >= 0`
const INSERT_PLAIN = insertPlain(false)
const INSERT_PLAIN_WITH_KEYS = insertPlain(true)

/** What was stored of a message. */
export interface StoredRow {
  readonly id: string
  readonly status: MessageStatus
  readonly held_because: string | null
  readonly next_attempt_at: Date | null
  readonly created_at: Date
  readonly sender: string | null
}

export interface InsertedRow extends Omit<StoredRow, 'status'> {
  /** Null when the tenant has no room for the message, its data key is gone, or its idempotency key is taken. */
  readonly status: MessageStatus | null
  /** The bytes that the tenant had stored before. */
  readonly tenant_bytes: string
  readonly key_gone: boolean
  /** Whether there is room for the message, and its data key is there. */
  readonly fits: boolean
  /** What its service holds, where the last tenth of the storage was asked for. */
  readonly held_bytes: string | null
}

interface Insertion {
  readonly messages: readonly NewMessage[]
  /** The idempotency keys of messages, or one of all of them together. */
  readonly claims: readonly KeyClaim[]
  readonly storageBytes: number
}

/**
 * The map is keyed by the ids of the messages.
 *
 * @param together whether to store all of them or none; else those that cannot be stored are left out
 */
export async function insertMessages(
  client: pg.PoolClient,
  { messages, claims, storageBytes }: Insertion,
  together = false,
): Promise<ReadonlyMap<string, InsertedRow>> {
  if (messages.length === 0) return new Map()
  const added = messages.map(({ addedBytes }) => addedBytes)
  await client.query(MAKE_COUNTERS, [messages.map(({ tenantId }) => tenantId)])
  const { rows } = await client.query<InsertedRow>({
    name: 'insert-messages',
    text: INSERT_MESSAGES,
    values: [...toValues(messages, added), storageBytes, toRecords(claims), together],
  })
  return new Map(rows.map((row) => [row.id, row]))
}

/** Stores those that nothing stands in the way of. The map is keyed by their ids. */
export async function insertPlainMessages(
  client: pg.PoolClient,
  { messages, claims, storageBytes }: Insertion,
): Promise<ReadonlyMap<string, StoredRow>> {
  const added = new Map<string, number>()
  for (const { tenantId, addedBytes } of messages) added.set(tenantId, (added.get(tenantId) ?? 0) + addedBytes)
  const addedByTenants = messages.map(({ tenantId }) => added.get(tenantId) ?? 0)
  const values = [...toValues(messages, addedByTenants), storageBytes]
  const { rows } = await client.query<StoredRow>(
    claims.length === 0
      ? { name: 'insert-messages-plain', text: INSERT_PLAIN, values }
      : { name: 'insert-messages-keyed', text: INSERT_PLAIN_WITH_KEYS, values: [...values, toRecords(claims)] },
  )
  return new Map(rows.map((row) => [row.id, row]))
}

function toValues(messages: readonly NewMessage[], addedBytes: readonly number[]): [string, Buffer] {
  let nextFrom = 1 // SQL counts from 1
  const given = messages.map(({ content, idempotency: _idempotency, receiving: _receiving, ...message }, place) => {
    const contentFrom = nextFrom
    nextFrom += content.length
    const added = { addedBytes: addedBytes[place], searched: searchedText(message) }
    return { ...message, ...added, contentFrom, contentBytes: content.length, place: place + 1 }
  })
  return [toRecords(given), Buffer.concat(messages.map(({ content }) => content))]
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
