import type { Message } from '@inforiver-mail/contract/message'
import type pg from 'pg'
import type { Timers } from '../../runtime/clock.ts'
import { createBatcher } from '../../database/batcher.ts'
import { inOneStatement, inTransaction } from '../../database/transaction.ts'
import { readHeldBecause } from '../../domain/stored-values.ts'
import { NOTHING_KNOWN, reportRecipients } from '../reports/delivery-reports.ts'
import { whileKeyIsFreed, type FindKey, type KeyClaim } from './idempotency.ts'
import {
  insertMessages,
  insertPlainMessages,
  type InsertedRow,
  type NewMessage,
  type StoredRow,
} from './insert-messages.ts'
import { heldInTheWay, type StorageFull } from './storage.ts'

// ──▶ scheduled, queued, or held without access; also from receiving, when attachments arrived first.

const SUBMITS_PER_BATCH = 100
const BYTES_PER_BATCH = 16 * 1024 * 1024

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

/** Resolves once the message is on disk. `storageBytes` is the most that a tenant may store. */
export function createSubmitting(
  pool: pg.Pool,
  storageBytes: number,
  findKey: FindKey,
  wakeWorkers: () => void,
  timers: Timers,
): (message: NewMessage) => Promise<Submitted> {
  const inBatches = <Row>(insert: (batch: readonly NewMessage[]) => Promise<readonly Row[]>) =>
    createBatcher(insert, {
      timers,
      maxItems: SUBMITS_PER_BATCH,
      maxBytes: BYTES_PER_BATCH,
      sizeOf: ({ content }) => content.length,
      ownerOf: ({ tenantId }) => tenantId,
    })
  const insertPlain = inBatches((batch) => insertPlainBatch(pool, batch, storageBytes))
  const insertAny = inBatches((batch) => insertBatch(pool, batch, storageBytes))
  const stored = (message: NewMessage, row: StoredRow): Submitted => {
    if (row.status === 'queued') wakeWorkers()
    return { outcome: 'stored', message: freshMessage(message, row) }
  }
  /** Returns null where the key of the message was taken, and is free by now. */
  const submit = async (message: NewMessage): Promise<Submitted | null> => {
    const plain = message.receiving ? null : await insertPlain(message)
    if (plain) return stored(message, plain)
    const row = await insertAny(message)
    if (typeof row === 'string') return { outcome: row }
    if (row.status !== null) return stored(message, { ...row, status: row.status })
    const claim = claimOf(message)
    const holder = claim && (await findKey(claim))
    if (holder && holder.contentHash !== claim.contentHash) return { outcome: 'key-reused' }
    if (holder) return { outcome: 'repeated', messageId: holder.messageId }
    if (row.key_gone) return { outcome: message.receiving ? 'swept' : 'data-key-gone' }
    if (row.fits) return null
    const full = { storedBytes: Number(row.tenant_bytes), neededBytes: message.addedBytes, storageBytes }
    return { outcome: 'storage-full', ...full, heldBytes: heldInTheWay(row.held_bytes, full) }
  }
  return (message) => whileKeyIsFreed(() => submit(message))
}

/** Returns null for messages that are left to `insertBatch`. */
async function insertPlainBatch(
  pool: pg.Pool,
  batch: readonly NewMessage[],
  storageBytes: number,
): Promise<(StoredRow | null)[]> {
  const insertion = { messages: batch, claims: claimsOf(batch), storageBytes }
  const stored = await inOneStatement(pool, (client) => insertPlainMessages(client, insertion))
  return batch.map(({ id }) => stored.get(id) ?? null)
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
    insertMessages(client, { messages, claims: claimsOf(messages), storageBytes })
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

export function freshMessage(message: NewMessage, row: StoredRow): Message {
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

function claimsOf(messages: readonly NewMessage[]): KeyClaim[] {
  return messages.flatMap((message) => claimOf(message) ?? [])
}

function claimOf({ id, tenantId, service, idempotency }: NewMessage): KeyClaim | null {
  return idempotency && { tenantId, service, ...idempotency, messageId: id }
}
