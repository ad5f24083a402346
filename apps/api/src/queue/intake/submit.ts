import type { Message } from '@inforiver-mail/contract/message'
import type pg from 'pg'
import type { Timers } from '../../runtime/clock.ts'
import { createBatcher } from '../../database/batcher.ts'
import { ConflictError } from '../../database/is-unavailable.ts'
import { inOneStatement, retryConflicts } from '../../database/transaction.ts'
import { readHeldBecause } from '../../domain/stored-values.ts'
import { MAKE_COUNTERS } from '../counters.ts'
import { NOTHING_KNOWN, reportRecipients } from '../reports/delivery-reports.ts'
import type { FindKey, KeyHolder } from './idempotency.ts'
import { insertMessages, type NewBatch, type NewMessage, type StoredRow } from './insert-messages.ts'
import { heldInTheWay, type StorageFull } from './storage.ts'

// A message arrives.
//
//  ──its attachments begin to arrive──▶ receiving    receive.ts, chunks.ts
//  receiving ──complete──▶ accepted                  submit.ts
//  receiving ──its client is gone──▶ deleted         receive.ts
//  ──arrives in one piece──▶ accepted                submit.ts
//
// What is accepted is scheduled, queued, or held without access. Files too large for memory are stored, sealed, in chunks
// while they arrive, under a row of message_contents without a content; nothing else reads that row. Storage is reserved
// ahead of them, and only so much. Then, as for any other message, the rest is sealed under a key that is derived from the
// data key of the hour (data-keys.ts), and insert-messages.ts writes every row in one statement: the answer 202 follows its
// commit. Messages that come while one is written share the next one. An idempotency key (idempotency.ts) is taken by that
// statement, so that of two that arrive at once one is stored; the other one's client is told of the first.

const SUBMITS_PER_BATCH = 100
const BYTES_PER_BATCH = 16 * 1024 * 1024

export type Submitted =
  | { readonly outcome: 'stored'; readonly messages: readonly Message[] }
  /** The idempotency key identifies the same that was submitted before. */
  | ({ readonly outcome: 'repeated' } & KeyHolder)
  /** The idempotency key identifies something else. */
  | { readonly outcome: 'key-reused' }
  | { readonly outcome: 'swept' | 'attachments-lost' }
  | { readonly outcome: 'data-key-gone' }
  | ({ readonly outcome: 'storage-full' } & StorageFull)

/**
 * Resolves once all messages of a batch are on disk, or none is. Single messages share a statement; larger batches follow
 * each other, so that they leave connections to the rest. `storageBytes` is the most that a tenant may store.
 *
 * @throws {ConflictError} where the idempotency key is taken, and freed by others before its holder is looked up, again and again
 */
export function createSubmitting(
  pool: pg.Pool,
  storageBytes: number,
  findKey: FindKey,
  wakeWorkers: () => void,
  timers: Timers,
): (batch: NewBatch) => Promise<Submitted> {
  const insert = (batches: readonly NewBatch[]) =>
    inOneStatement(pool, (client) => insertMessages(client, batches, storageBytes))
  const insertSingle = createBatcher(insert, {
    timers,
    maxItems: SUBMITS_PER_BATCH,
    maxBytes: BYTES_PER_BATCH,
    sizeOf: ({ messages: [{ content }] }) => content.length,
  })
  const insertSeveral = createBatcher(insert, { timers, maxItems: 1 })
  return (batch) => retryConflicts(() => submit(batch))

  async function submit(batch: NewBatch): Promise<Submitted> {
    const { messages, idempotency } = batch
    const [{ tenantId, service }] = messages
    const inserted = await (messages.length === 1 ? insertSingle : insertSeveral)(batch)
    if (!inserted) {
      await pool.query(MAKE_COUNTERS, [tenantId])
      return submit(batch)
    }
    if (!('refused' in inserted)) return { outcome: 'stored', messages: stored(messages, inserted) }
    const { refused, tenant_bytes: tenantBytes, held_bytes: heldBytes } = inserted
    const holder = idempotency && (await findKey({ tenantId, service, key: idempotency.key }))
    if (holder && holder.contentHash !== idempotency.contentHash) return { outcome: 'key-reused' }
    if (holder) return { outcome: 'repeated', ...holder }
    if (refused === 'key-taken') throw new ConflictError('The idempotency key was taken and freed by others.')
    if (refused !== 'storage-full') return { outcome: refused }
    const neededBytes = messages.reduce((sum, { addedBytes }) => sum + addedBytes, 0)
    const full = { storedBytes: Number(tenantBytes), neededBytes, storageBytes }
    return { outcome: 'storage-full', ...full, heldBytes: heldInTheWay(heldBytes, full) }
  }

  function stored(messages: readonly NewMessage[], rows: readonly StoredRow[]): Message[] {
    if (rows.some(({ status }) => status === 'queued')) wakeWorkers()
    return messages.flatMap((message, place) => {
      const row = rows[place]
      return row ? freshMessage(message, row) : []
    })
  }
}

function freshMessage(message: NewMessage, row: StoredRow): Message {
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
