import type { Attachment, Message, MessagePriority, MessageStatus, Recipient } from '@inforiver-mail/contract/message'
import type pg from 'pg'
import { createBatcher } from '../database/batcher.ts'
import { inOneStatement, inTransaction } from '../database/transaction.ts'
import { readHeldBecause } from '../stored-values.ts'
import { rankOf, sizeOf, uploadBytesOf } from './columns.ts'
import { NOTHING_KNOWN, reportRecipients } from './delivery-reports.ts'
import { claimColumns, TAKE_KEYS, whileKeyIsFreed, type FindKey, type KeyClaim } from './idempotency.ts'
import type { StorageFull } from './storage.ts'
import { takeTotals } from './totals.ts'
import { BETWEEN_TENANTS, MESSAGES_CHANNEL } from './wake.ts'

// ──▶ scheduled, queued, or held without access; also from receiving, when attachments arrived first.

/** The ids of as many tenants fit into a notification, which PostgreSQL limits to 8,000 bytes. */
const SUBMITS_PER_BATCH = 100
const BYTES_PER_BATCH = 16 * 1024 * 1024
/** Looking further back for what waits would walk over what has left meanwhile; waking once too often costs little. */
const SEEN_FOR = '2 seconds'

export interface NewMessage {
  readonly id: string
  readonly tenantId: string
  readonly service: string
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

export type Submitted =
  | { readonly outcome: 'stored'; readonly message: Message }
  | { readonly outcome: 'repeated'; readonly messageId: string }
  /** The idempotency key identifies a message with other content. */
  | { readonly outcome: 'key-reused' }
  /** Its attachments were swept before it was complete. */
  | { readonly outcome: 'swept' }
  /** The database failed while its attachments arrived, and lost some of them. */
  | { readonly outcome: 'attachments-lost' }
  /** Its data key was deleted, so its content could never be opened. */
  | { readonly outcome: 'data-key-gone' }
  | ({ readonly outcome: 'storage-full' } & StorageFull)

/**
 * Keeps received attachments from being swept while their messages are completed, and adds up their chunks, since a
 * database that failed meanwhile may have lost some (chunks.ts). $1 ids
 */
const LOCK_RECEIVED = `
SELECT c.message_id AS id, (SELECT coalesce(sum(octet_length(k.content)), 0) FROM message_chunks k WHERE k.message_id = c.message_id) AS bytes
  FROM message_contents c WHERE c.message_id = ANY ($1) AND c.content IS NULL FOR UPDATE OF c`

/**
 * Stores messages and queues them, or holds them when the tenant has no working connection. Content whose attachments
 * were received is completed.
 *
 * - Messages that the tenant has no room for are left out, the largest first, so that they keep out no smaller ones. The
 *   total of the tenant is locked before it is compared, so that two processes cannot fill the same room.
 * - Messages whose data key is gone are left out. The other data keys are locked against deletion.
 * - Messages whose idempotency key identifies another are left out. Only what is stored uses up its key.
 * - Those of which all or none are stored are due a millisecond apart, so that they leave in their order.
 * - Workers are woken only if nothing of the tenant became due a moment ago and still waits: otherwise they are busy, or
 *   wait for its limits. Where messages leave at once, the totals tell that nothing waits.
 *
 * $1 to $25 one array per column, of which $12 and $13 say where the content of a message begins in $26 and how long it is: an
 * array would have all content as text. $27 the most that a tenant may store, $28 the channel to wake workers on, $29 whether to
 * store all or none, $30 to $35 the idempotency keys to take
 */
const INSERT_MESSAGES = `
WITH new AS MATERIALIZED (
  SELECT n.*, substring($26::bytea FROM n.content_from FOR n.content_bytes) AS content, n.send_at > mail_now() AS later,
         s.from_email AS sender,
         CASE WHEN s.status IS NULL OR s.status = 'not-configured' THEN 'not-configured'
              WHEN s.problem IS NOT NULL THEN s.problem ->> 'code' END AS because
    FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::boolean[],
                $10::int[], $11::text[], $12::int[], $13::int[], $14::bigint[], $15::bigint[], $16::int[], $17::bigint[], $18::text[],
                $19::jsonb[], $20::jsonb[], $21::jsonb[], $22::text[], $23::timestamptz[], $24::boolean[], $25::boolean[]) WITH ORDINALITY
      AS n(id, tenant_id, service, "to", subject, reference, send_at, on_unknown_outcome, save_to_sent_items, recipients,
           data_key, content_from, content_bytes, attachment_bytes, stored_bytes, open_bytes, added_bytes, traceparent,
           cc, bcc, attachments, priority, expires_at, read_receipt, delivery_receipt, place)
    LEFT JOIN tenant_settings s ON s.tenant_id = n.tenant_id
), claims AS MATERIALIZED (
  SELECT * FROM unnest($30::text[], $31::text[], $32::text[], $33::text[], $34::text[], $35::text[])
    AS c(tenant_id, service, key, content_hash, message_id, message_ids)
), keys AS MATERIALIZED (
  SELECT id FROM data_keys WHERE id = ANY ($11) ORDER BY id FOR KEY SHARE
), ${takeTotals('new')}, fitting AS MATERIALIZED (
  SELECT id
    FROM (SELECT n.id, t.stored_bytes + sum(n.added_bytes) OVER (PARTITION BY n.tenant_id ORDER BY n.added_bytes, n.id) AS total_bytes
            FROM new n JOIN totals t ON t.tenant_id = n.tenant_id
           WHERE n.data_key IN (SELECT keys.id FROM keys)) AS adding
   WHERE total_bytes <= $27
), room AS MATERIALIZED (
  SELECT id FROM fitting WHERE NOT $29 OR (SELECT count(*) FROM fitting) = (SELECT count(*) FROM new)
), ${TAKE_KEYS}, refused AS MATERIALIZED (
  SELECT message_id FROM claims EXCEPT SELECT message_id FROM taken
), accepted AS MATERIALIZED (
  SELECT n.*, n.stored_bytes > octet_length(n.content) AS chunked,
         CASE WHEN later THEN 'scheduled' WHEN because IS NULL THEN 'queued' ELSE 'held' END AS state,
         CASE WHEN later THEN send_at WHEN because IS NULL THEN mail_now() - CASE WHEN $29 THEN cardinality($1) - place ELSE 0 END * interval '1 millisecond' END AS due_at,
         CASE WHEN NOT coalesce(later, false) THEN because END AS held_because
    FROM new n WHERE id IN (SELECT id FROM room) AND NOT EXISTS (SELECT 1 FROM refused r WHERE r.message_id = n.id OR $29)
), recorded AS (
  INSERT INTO messages (id, tenant_id, service, "to", subject, reference, created_at, send_at, on_unknown_outcome, save_to_sent_items,
                        recipients, attachment_bytes, open_bytes, cc, bcc, attachments, priority, expires_at, read_receipt, delivery_receipt)
  SELECT id, tenant_id, service, "to", subject, reference, mail_now(), send_at, on_unknown_outcome, save_to_sent_items, recipients,
         attachment_bytes, open_bytes, cc, bcc, attachments, priority, expires_at, read_receipt, delivery_receipt
    FROM accepted
), stored AS (
  INSERT INTO message_contents (message_id, tenant_id, data_key, content, chunked, stored_bytes, attachment_bytes, begun_at, traceparent)
  SELECT id, tenant_id, data_key, content, chunked, stored_bytes, attachment_bytes, mail_now(), traceparent FROM accepted
  ON CONFLICT (message_id) DO UPDATE
    SET content = excluded.content, stored_bytes = excluded.stored_bytes, attachment_bytes = excluded.attachment_bytes, begun_at = excluded.begun_at,
        traceparent = excluded.traceparent
), queued AS (
  INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, held_because, recipients, size, upload_bytes,
                             on_unknown_outcome, save_to_sent_items, priority, service, expires_at)
  SELECT id, tenant_id, state, due_at, greatest(mail_now(), send_at), held_because, recipients, ${sizeOf('a')}, ${uploadBytesOf('a')},
         on_unknown_outcome, save_to_sent_items, ${rankOf('priority')}, service, expires_at
    FROM accepted a
), waking AS (
  SELECT string_agg(a.tenant_id, '${BETWEEN_TENANTS}') AS tenants
    FROM (SELECT DISTINCT tenant_id FROM accepted WHERE state = 'queued') AS a JOIN totals t ON t.tenant_id = a.tenant_id
   WHERE CASE WHEN t.queued = 0 THEN true
              ELSE (SELECT true FROM message_queue q
                     WHERE q.tenant_id = a.tenant_id AND q.state = 'queued' AND q.lease_owner IS NULL
                       AND q.due_at >= mail_now() - interval '${SEEN_FOR}' AND q.due_at <= mail_now()
                     ORDER BY q.due_at DESC LIMIT 1) IS NOT TRUE END
), woken AS MATERIALIZED (
  SELECT pg_notify($28, tenants) FROM waking WHERE tenants IS NOT NULL
)
SELECT n.id, a.state AS status, a.held_because, a.due_at AS next_attempt_at, mail_now() AS created_at, n.sender,
       t.stored_bytes AS tenant_bytes, n.data_key NOT IN (SELECT keys.id FROM keys) AS key_gone, n.id IN (SELECT fitting.id FROM fitting) AS fits,
       (SELECT count(*) FROM woken) AS woken
  FROM new n JOIN totals t ON t.tenant_id = n.tenant_id LEFT JOIN accepted a ON a.id = n.id`

/** Resolves once the message is on disk. `storageBytes` is the most that a tenant may store. */
export function createSubmitting(
  pool: pg.Pool,
  storageBytes: number,
  findKey: FindKey,
): (message: NewMessage) => Promise<Submitted> {
  const insert = createBatcher((batch: readonly NewMessage[]) => insertBatch(pool, batch, storageBytes), {
    maxItems: SUBMITS_PER_BATCH,
    maxBytes: BYTES_PER_BATCH,
    sizeOf: ({ content }) => content.length,
  })
  /** Returns null where the key of the message was taken, and is free by now. */
  const submit = async (message: NewMessage): Promise<Submitted | null> => {
    const row = await insert(message)
    if (typeof row === 'string') return { outcome: row }
    if (row.status !== null)
      return { outcome: 'stored', message: freshMessage(message, { ...row, status: row.status }) }
    const claim = claimOf(message)
    const holder = claim && (await findKey(claim))
    if (holder && holder.contentHash !== claim.contentHash) return { outcome: 'key-reused' }
    if (holder) return { outcome: 'repeated', messageId: holder.messageId }
    if (row.key_gone) return { outcome: message.receiving ? 'swept' : 'data-key-gone' }
    if (row.fits) return null
    return {
      outcome: 'storage-full',
      storedBytes: Number(row.tenant_bytes),
      neededBytes: message.addedBytes,
      storageBytes,
    }
  }
  return (message) => whileKeyIsFreed(() => submit(message))
}

/** Why a message whose attachments were received before cannot be completed. */
type Incomplete = 'swept' | 'attachments-lost'

/** Takes one statement, or a transaction where attachments were received before. */
async function insertBatch(
  pool: pg.Pool,
  batch: readonly NewMessage[],
  storageBytes: number,
): Promise<(InsertedRow | Incomplete)[]> {
  const insert = (client: pg.PoolClient, messages: readonly NewMessage[]) =>
    insertMessages(client, { messages, claims: messages.flatMap((each) => claimOf(each) ?? []), storageBytes })
  if (!batch.some(({ receiving }) => receiving)) {
    const inserted = await inOneStatement(pool, (client) => insert(client, batch))
    return batch.map(({ id }) => inserted.get(id) ?? 'swept')
  }
  return inTransaction(pool, async (client) => {
    const incomplete = await lockReceived(client, batch)
    const complete = batch.filter(({ id }) => !incomplete.has(id))
    const inserted = await insert(client, complete)
    return batch.map(({ id }) => inserted.get(id) ?? incomplete.get(id) ?? 'swept')
  })
}

/** Keeps the attachments of messages from being swept. Returns those messages that cannot be completed, by id. */
async function lockReceived(
  client: pg.PoolClient,
  batch: readonly NewMessage[],
): Promise<ReadonlyMap<string, Incomplete>> {
  const received = batch.filter(({ receiving }) => receiving)
  const { rows } = await client.query<{ id: string; bytes: string }>(LOCK_RECEIVED, [received.map(({ id }) => id)])
  const stored = new Map(rows.map(({ id, bytes }) => [id, Number(bytes)]))
  const incomplete = new Map<string, Incomplete>()
  for (const { id, storedBytes, content } of received) {
    const bytes = stored.get(id)
    if (bytes === undefined) incomplete.set(id, 'swept')
    else if (bytes !== storedBytes - content.length) incomplete.set(id, 'attachments-lost')
  }
  return incomplete
}

export interface InsertedRow {
  readonly id: string
  /** Null when the tenant has no room for the message, its data key is gone, or its idempotency key is taken. */
  readonly status: MessageStatus | null
  readonly held_because: string | null
  readonly next_attempt_at: Date | null
  readonly created_at: Date
  readonly sender: string | null
  /** The bytes that the tenant had stored before. */
  readonly tenant_bytes: string
  readonly key_gone: boolean
  /** Whether the tenant has room for the message, and its data key is there. */
  readonly fits: boolean
}

interface Insertion {
  readonly messages: readonly NewMessage[]
  /** The idempotency keys of messages, or one of all of them together. */
  readonly claims: readonly KeyClaim[]
  readonly storageBytes: number
  /** Whether to store all of them or none; else those that cannot be stored are left out. */
  readonly together?: boolean
}

/** The map is keyed by the ids of the messages. */
export async function insertMessages(
  client: pg.PoolClient,
  { messages, claims, storageBytes, together = false }: Insertion,
): Promise<ReadonlyMap<string, InsertedRow>> {
  if (messages.length === 0) return new Map()
  const { rows } = await client.query<InsertedRow>({
    name: 'insert-messages',
    text: INSERT_MESSAGES,
    values: [...toColumns(messages), storageBytes, MESSAGES_CHANNEL, together, ...claimColumns(claims)],
  })
  return new Map(rows.map((row) => [row.id, row]))
}

function toColumns(messages: readonly NewMessage[]): unknown[] {
  const column = <T>(value: (message: NewMessage) => T): T[] => messages.map(value)
  let nextFrom = 1 // SQL counts from 1
  return [
    column(({ id }) => id),
    column(({ tenantId }) => tenantId),
    column(({ service }) => service),
    column(({ to }) => JSON.stringify(to)),
    column(({ subject }) => subject),
    column(({ reference }) => reference),
    column(({ sendAt }) => sendAt),
    column(({ onUnknownOutcome }) => onUnknownOutcome),
    column(({ saveToSentItems }) => saveToSentItems),
    column(({ recipients }) => recipients),
    column(({ dataKey }) => dataKey),
    column(({ content }) => {
      const from = nextFrom
      nextFrom += content.length
      return from
    }),
    column(({ content }) => content.length),
    column(({ attachmentBytes }) => attachmentBytes),
    column(({ storedBytes }) => storedBytes),
    column(({ openBytes }) => openBytes),
    column(({ addedBytes }) => addedBytes),
    column(({ traceparent }) => traceparent),
    column(({ cc }) => JSON.stringify(cc)),
    column(({ bcc }) => JSON.stringify(bcc)),
    column(({ attachments }) => JSON.stringify(attachments)),
    column(({ priority }) => priority),
    column(({ expiresAt }) => expiresAt),
    column(({ requestReadReceipt }) => requestReadReceipt),
    column(({ requestDeliveryReceipt }) => requestDeliveryReceipt),
    Buffer.concat(column(({ content }) => content)),
  ]
}

export function freshMessage(message: NewMessage, row: InsertedRow & { readonly status: MessageStatus }): Message {
  const { id, service, to, cc, bcc, subject, reference, sendAt, priority, expiresAt, attachments } = message
  return {
    id,
    status: row.status,
    service,
    from: row.sender,
    to: [...to],
    cc: [...cc],
    bcc: [...bcc],
    subject,
    reference,
    createdAt: row.created_at.toISOString(),
    sendAt: sendAt?.toISOString() ?? null,
    priority,
    expiresAt: expiresAt?.toISOString() ?? null,
    requestReadReceipt: message.requestReadReceipt,
    requestDeliveryReceipt: message.requestDeliveryReceipt,
    attachments: [...attachments],
    nextAttemptAt: row.next_attempt_at?.toISOString() ?? null,
    waitingBecause: null,
    sentAt: null,
    attempts: [],
    heldBecause: readHeldBecause(row.held_because),
    possibleDuplicate: false,
    progress: null,
    problem: null,
    recipients: reportRecipients({ to, cc, bcc }, NOTHING_KNOWN),
  }
}

function claimOf({ id, tenantId, service, idempotency }: NewMessage): KeyClaim | null {
  return idempotency && { tenantId, service, ...idempotency, messageId: id }
}
