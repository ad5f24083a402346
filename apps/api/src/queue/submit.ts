import type { Attachment, Message, MessagePriority, MessageStatus, Recipient } from '@inforiver-mail/contract/message'
import type pg from 'pg'
import { createBatcher } from '../database/batcher.ts'
import { inOneStatement, inTransaction } from '../database/transaction.ts'
import { readHeldBecause } from '../stored-values.ts'
import { rankOf, sizeOf, uploadBytesOf } from './columns.ts'
import { NOTHING_KNOWN, reportRecipients } from './delivery-reports.ts'
import { readKeys, releaseKeys, takeKeys, textOf, type KeyHolder, type KeyName } from './idempotency.ts'
import type { StorageFull } from './storage.ts'
import { MESSAGES_CHANNEL } from './wake.ts'

// ──▶ scheduled, queued, or held without access; also from receiving, when attachments arrived first.

const SUBMITS_PER_BATCH = 100
const BYTES_PER_BATCH = 16 * 1024 * 1024

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
  /** Its data key was deleted, so its content could never be opened. */
  | { readonly outcome: 'data-key-gone' }
  | ({ readonly outcome: 'storage-full' } & StorageFull)

/** Keeps received attachments from being swept while their messages are completed. $1 ids */
const LOCK_RECEIVED = `SELECT message_id AS id FROM message_contents WHERE message_id = ANY ($1) AND content IS NULL FOR UPDATE`

/**
 * Stores messages and queues them, or holds them when the tenant has no working connection. Content whose attachments
 * were received is completed.
 *
 * - Messages that the tenant has no room for are left out, the largest first, so that they keep out no smaller ones. The
 *   total of the tenant is locked before it is compared, so that two processes cannot fill the same room.
 * - Messages whose data key is gone are left out. The other data keys are locked against deletion.
 * - Those of which all or none are stored are due a millisecond apart, so that they leave in their order.
 * - Workers are woken only if the tenant had nothing due before: otherwise they are busy, or wait for its limits.
 *
 * $25 the most that a tenant may store, $26 the channel to wake workers on, $27 whether to store all or none, else one array per
 * column
 */
const INSERT_MESSAGES = `
WITH new AS MATERIALIZED (
  SELECT n.*, n.send_at > mail_now() AS later, s.from_email AS sender,
         CASE WHEN s.status IS NULL OR s.status = 'not-configured' THEN 'not-configured'
              WHEN s.problem IS NOT NULL THEN s.problem ->> 'code' END AS because
    FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::boolean[],
                $10::int[], $11::text[], $12::bytea[], $13::bigint[], $14::bigint[], $15::int[], $16::bigint[], $17::text[],
                $18::jsonb[], $19::jsonb[], $20::jsonb[], $21::text[], $22::timestamptz[], $23::boolean[], $24::boolean[]) WITH ORDINALITY
      AS n(id, tenant_id, service, "to", subject, reference, send_at, on_unknown_outcome, save_to_sent_items, recipients,
           data_key, content, attachment_bytes, stored_bytes, open_bytes, added_bytes, traceparent,
           cc, bcc, attachments, priority, expires_at, read_receipt, delivery_receipt, place)
    LEFT JOIN tenant_settings s ON s.tenant_id = n.tenant_id
), keys AS MATERIALIZED (
  SELECT id FROM data_keys WHERE id = ANY ($11) ORDER BY id FOR KEY SHARE
), known AS MATERIALIZED (
  SELECT tenant_id, stored_bytes FROM mailbox_totals WHERE tenant_id = ANY ($2) ORDER BY tenant_id FOR UPDATE
), made AS (
  INSERT INTO mailbox_totals AS t (tenant_id)
  SELECT DISTINCT tenant_id FROM new WHERE NOT EXISTS (SELECT 1 FROM known WHERE known.tenant_id = new.tenant_id) ORDER BY 1
  ON CONFLICT (tenant_id) DO UPDATE SET stored_bytes = t.stored_bytes
  RETURNING t.tenant_id, t.stored_bytes
), totals AS MATERIALIZED (
  SELECT * FROM known UNION ALL SELECT * FROM made
), fitting AS MATERIALIZED (
  SELECT id
    FROM (SELECT n.id, t.stored_bytes + sum(n.added_bytes) OVER (PARTITION BY n.tenant_id ORDER BY n.added_bytes, n.id) AS total_bytes
            FROM new n JOIN totals t ON t.tenant_id = n.tenant_id
           WHERE n.data_key IN (SELECT keys.id FROM keys)) AS adding
   WHERE total_bytes <= $25
), accepted AS MATERIALIZED (
  SELECT n.*, n.stored_bytes > octet_length(n.content) AS chunked,
         CASE WHEN later THEN 'scheduled' WHEN because IS NULL THEN 'queued' ELSE 'held' END AS state,
         CASE WHEN later THEN send_at WHEN because IS NULL THEN mail_now() - CASE WHEN $27 THEN cardinality($1) - place ELSE 0 END * interval '1 millisecond' END AS due_at,
         CASE WHEN NOT coalesce(later, false) THEN because END AS held_because
    FROM new n WHERE id IN (SELECT id FROM fitting) AND (NOT $27 OR (SELECT count(*) FROM fitting) = (SELECT count(*) FROM new))
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
), woken AS MATERIALIZED (
  SELECT pg_notify($26, '')
   WHERE EXISTS (
     SELECT 1 FROM accepted a
      WHERE a.state = 'queued'
        AND (SELECT q.due_at <= mail_now() FROM message_queue q WHERE q.tenant_id = a.tenant_id AND q.state = 'queued' AND q.lease_owner IS NULL
              ORDER BY q.due_at LIMIT 1) IS NOT TRUE)
)
SELECT n.id, a.state AS status, a.held_because, a.due_at AS next_attempt_at, mail_now() AS created_at, n.sender,
       t.stored_bytes AS tenant_bytes, n.data_key NOT IN (SELECT keys.id FROM keys) AS key_gone, (SELECT count(*) FROM woken) AS woken
  FROM new n JOIN totals t ON t.tenant_id = n.tenant_id LEFT JOIN accepted a ON a.id = n.id`

/** Resolves once the message is on disk. `storageBytes` is the most that a tenant may store. */
export function createSubmitting(pool: pg.Pool, storageBytes: number): (message: NewMessage) => Promise<Submitted> {
  return createBatcher((batch: readonly NewMessage[]) => submitBatch(pool, batch, storageBytes), {
    maxItems: SUBMITS_PER_BATCH,
    maxBytes: BYTES_PER_BATCH,
    sizeOf: ({ content }) => content.length,
  })
}

/** Takes one statement when there is no idempotency key and nothing received, else a transaction. */
async function submitBatch(pool: pg.Pool, batch: readonly NewMessage[], storageBytes: number): Promise<Submitted[]> {
  if (batch.every(({ idempotency, receiving }) => idempotency === null && !receiving)) {
    const inserted = await inOneStatement(pool, (client) => insertMessages(client, batch, storageBytes))
    return batch.map((message) => outcomeOf(message, inserted, new Map(), storageBytes))
  }
  return inTransaction(pool, async (client) => {
    const present = await lockReceived(client, batch)
    const keyed = present.filter(({ idempotency }) => idempotency !== null)
    const first = keyed.length === 0 ? new Set<string>() : await takeKeys(client, keyed.map(toKeyClaim))
    const fresh = present.filter(({ id, idempotency }) => idempotency === null || first.has(id))
    const inserted = await insertMessages(client, fresh, storageBytes)
    await releaseKeys(client, fresh.filter(isLeftOut(inserted)).map(keyOf))
    const repeated = keyed.filter(({ id }) => !first.has(id))
    const holders = repeated.length === 0 ? new Map<string, KeyHolder>() : await readKeys(client, repeated.map(keyOf))
    return batch.map((message) =>
      present.includes(message) ? outcomeOf(message, inserted, holders, storageBytes) : { outcome: 'swept' },
    )
  })
}

/** Leaves out messages whose attachments were swept, and keeps the others from being swept. */
async function lockReceived(client: pg.PoolClient, batch: readonly NewMessage[]): Promise<readonly NewMessage[]> {
  const received = batch.filter(({ receiving }) => receiving)
  if (received.length === 0) return batch
  const { rows } = await client.query<{ id: string }>(LOCK_RECEIVED, [received.map(({ id }) => id)])
  const locked = new Set(rows.map(({ id }) => id))
  return batch.filter(({ id, receiving }) => !receiving || locked.has(id))
}

export interface InsertedRow {
  readonly id: string
  /** Null when the tenant has no room for the message, or its data key is gone. */
  readonly status: MessageStatus | null
  readonly held_because: string | null
  readonly next_attempt_at: Date | null
  readonly created_at: Date
  readonly sender: string | null
  /** The bytes that the tenant had stored before. */
  readonly tenant_bytes: string
  readonly key_gone: boolean
}

/** @param together whether to store all of them or none; else those without room are left out */
export async function insertMessages(
  client: pg.PoolClient,
  messages: readonly NewMessage[],
  storageBytes: number,
  together = false,
): Promise<ReadonlyMap<string, InsertedRow>> {
  if (messages.length === 0) return new Map()
  const { rows } = await client.query<InsertedRow>({
    name: 'insert-messages',
    text: INSERT_MESSAGES,
    values: [...toColumns(messages), storageBytes, MESSAGES_CHANNEL, together],
  })
  return new Map(rows.map((row) => [row.id, row]))
}

function isLeftOut(inserted: ReadonlyMap<string, InsertedRow>): (message: NewMessage) => boolean {
  return ({ id, idempotency }) => idempotency !== null && inserted.get(id)?.status === null
}

function outcomeOf(
  message: NewMessage,
  inserted: ReadonlyMap<string, InsertedRow>,
  holders: ReadonlyMap<string, KeyHolder>,
  storageBytes: number,
): Submitted {
  const row = inserted.get(message.id)
  if (row && row.status !== null)
    return { outcome: 'stored', message: freshMessage(message, { ...row, status: row.status }) }
  const holder = message.idempotency === null ? undefined : holders.get(textOf(keyOf(message)))
  if (holder && holder.contentHash !== message.idempotency?.contentHash) return { outcome: 'key-reused' }
  if (holder) return { outcome: 'repeated', messageId: holder.messageId }
  // A message without a row repeats the idempotency key of one in this batch that was left out.
  const isKeyGone = row ? row.key_gone : [...inserted.values()].some(({ key_gone: gone }) => gone)
  if (isKeyGone) return { outcome: message.receiving ? 'swept' : 'data-key-gone' }
  const storedBytes = Number(row?.tenant_bytes ?? storageBytes)
  return { outcome: 'storage-full', storedBytes, neededBytes: message.addedBytes, storageBytes }
}

function toColumns(messages: readonly NewMessage[]): unknown[] {
  const column = <T>(value: (message: NewMessage) => T): T[] => messages.map(value)
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
    column(({ content }) => content),
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

function keyOf({ tenantId, service, idempotency }: NewMessage): KeyName {
  return { tenantId, service, key: idempotency?.key ?? '' }
}

function toKeyClaim(message: NewMessage) {
  return { ...keyOf(message), contentHash: message.idempotency?.contentHash ?? '', messageId: message.id }
}
