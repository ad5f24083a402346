import type { Message } from '@inforiver-mail/contract/message'
import type pg from 'pg'
import { createBatcher } from '../database/batcher.ts'
import { inOneStatement, inTransaction } from '../database/transaction.ts'
import { readKeys, releaseKeys, takeKeys, textOf } from './idempotency.ts'
import type { StorageFull } from './storage.ts'
import { freshMessage, insertMessages, type InsertedRow, type NewMessage } from './submit.ts'

// ──▶ scheduled, queued, or held without access: all messages of a batch, or none.

/** Messages of one service, all without attachments that were received before. */
export interface NewBatch {
  /** At least one. */
  readonly messages: readonly NewMessage[]
  /** Of the batch; those of its messages are not used. */
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

/** Resolves once all messages are on disk. Batches follow each other, so that they leave connections to the rest. */
export function createSubmittingTogether(
  pool: pg.Pool,
  storageBytes: number,
): (batch: NewBatch) => Promise<SubmittedTogether> {
  return createBatcher(
    (batches: readonly NewBatch[]) => Promise.all(batches.map((batch) => submit(pool, batch, storageBytes))),
    {
      maxItems: 1,
    },
  )
}

async function submit(
  pool: pg.Pool,
  { messages, idempotency }: NewBatch,
  storageBytes: number,
): Promise<SubmittedTogether> {
  if (idempotency === null) return inOneStatement(pool, async (client) => insert(client, messages, storageBytes))
  const [first] = messages
  if (!first) throw new Error('A batch has at least one message.')
  const { id, tenantId, service } = first
  const name = { tenantId, service, key: idempotency.key }
  const claim = {
    ...name,
    contentHash: idempotency.contentHash,
    messageId: id,
    messageIds: messages.map((each) => each.id),
  }
  return inTransaction(pool, async (client) => {
    const taken = await takeKeys(client, [claim])
    if (taken.has(id)) {
      const submitted = await insert(client, messages, storageBytes)
      if (submitted.outcome !== 'stored') await releaseKeys(client, [name])
      return submitted
    }
    const holder = (await readKeys(client, [name])).get(textOf(name))
    return holder?.contentHash === idempotency.contentHash
      ? { outcome: 'repeated', messageIds: holder.messageIds }
      : { outcome: 'key-reused' }
  })
}

async function insert(
  client: pg.PoolClient,
  messages: NewBatch['messages'],
  storageBytes: number,
): Promise<SubmittedTogether> {
  const inserted = await insertMessages(client, messages, storageBytes, true)
  const stored = messages.flatMap((message) => {
    const row = inserted.get(message.id)
    return row && row.status !== null ? freshMessage(message, { ...row, status: row.status }) : []
  })
  if (stored.length === messages.length) return { outcome: 'stored', messages: stored }
  const rows: readonly InsertedRow[] = [...inserted.values()]
  if (rows.some(({ key_gone: gone }) => gone)) return { outcome: 'data-key-gone' }
  const neededBytes = messages.reduce((sum, { addedBytes }) => sum + addedBytes, 0)
  return {
    outcome: 'storage-full',
    storedBytes: Number(rows[0]?.tenant_bytes ?? storageBytes),
    neededBytes,
    storageBytes,
  }
}
