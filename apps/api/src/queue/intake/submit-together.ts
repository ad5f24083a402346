import type { Message } from '@inforiver-mail/contract/message'
import type pg from 'pg'
import type { Timers } from '../../runtime/clock.ts'
import { createBatcher } from '../../database/batcher.ts'
import { inOneStatement } from '../../database/transaction.ts'
import { whileKeyIsFreed, type FindKey } from './idempotency.ts'
import { heldInTheWay, type StorageFull } from './storage.ts'
import { insertMessages, type NewMessage } from './insert-messages.ts'
import { freshMessage } from './submit.ts'

// ──▶ scheduled, queued, or held without access: all messages of a batch, or none.

/** Messages of one service, all without attachments that were received before. */
export interface NewBatch {
  /** The messages, at least one. */
  readonly messages: readonly NewMessage[]
  /** The key of the batch; keys of its messages are not used. */
  readonly idempotency: NewMessage['idempotency']
}

export type SubmittedTogether =
  | { readonly outcome: 'stored'; readonly messages: readonly Message[] }
  | { readonly outcome: 'repeated'; readonly messageIds: readonly string[] }
  /** The idempotency key identifies something else. */
  | { readonly outcome: 'key-reused' }
  /** The data key of a message was deleted, so its content could never be opened. */
  | { readonly outcome: 'data-key-gone' }
  | ({ readonly outcome: 'storage-full' } & StorageFull)

/**
 * Resolves once all messages are on disk. Batches follow each other unless one is slow, so that they leave connections to
 * the rest.
 */
export function createSubmittingTogether(
  pool: pg.Pool,
  storageBytes: number,
  findKey: FindKey,
  wakeWorkers: () => void,
  timers: Timers,
): (batch: NewBatch) => Promise<SubmittedTogether> {
  return createBatcher(
    (batches: readonly NewBatch[]) =>
      Promise.all(
        batches.map((batch) =>
          whileKeyIsFreed(() => submitTogether({ pool, storageBytes, findKey, wakeWorkers }, batch)),
        ),
      ),
    { timers, maxItems: 1, ownerOf: ({ messages }) => messages[0]?.tenantId ?? '' },
  )
}

/** Returns null where the key was taken, and is free by now. */
async function submitTogether(
  {
    pool,
    storageBytes,
    findKey,
    wakeWorkers,
  }: {
    readonly pool: pg.Pool
    readonly storageBytes: number
    readonly findKey: FindKey
    readonly wakeWorkers: () => void
  },
  batch: NewBatch,
): Promise<SubmittedTogether | null> {
  const { messages, idempotency } = batch
  const claim = claimOf(batch)
  const inserted = await inOneStatement(pool, (client) =>
    insertMessages(client, { messages, claims: claim ? [claim] : [], storageBytes }, true),
  )
  const stored = messages.flatMap((message) => {
    const row = inserted.get(message.id)
    return row && row.status !== null ? freshMessage(message, { ...row, status: row.status }) : []
  })
  if (stored.length === messages.length) {
    if (stored.some(({ status }) => status === 'queued')) wakeWorkers()
    return { outcome: 'stored', messages: stored }
  }
  const holder = claim && (await findKey(claim))
  if (holder && holder.contentHash !== idempotency?.contentHash) return { outcome: 'key-reused' }
  if (holder) return { outcome: 'repeated', messageIds: holder.messageIds }
  const rows = [...inserted.values()]
  if (rows.some(({ key_gone: gone }) => gone)) return { outcome: 'data-key-gone' }
  if (rows.every(({ fits }) => fits)) return null
  const neededBytes = messages.reduce((sum, { addedBytes }) => sum + addedBytes, 0)
  const storedBytes = Number(rows[0]?.tenant_bytes ?? storageBytes)
  const full = { storedBytes, neededBytes, storageBytes }
  return { outcome: 'storage-full', ...full, heldBytes: heldInTheWay(rows[0]?.held_bytes ?? null, full) }
}

function claimOf({ messages, idempotency }: NewBatch) {
  const [first] = messages
  if (!first) throw new Error('A batch has at least one message.')
  const { id: messageId, tenantId, service } = first
  return idempotency && { tenantId, service, ...idempotency, messageId, messageIds: messages.map(({ id }) => id) }
}
