import { createHash } from 'node:crypto'
import type { Messages } from '../queue/queue.ts'
import type { SubmittedTogether } from '../queue/intake/submit-together.ts'
import { hashSubmission, type SealMessage, type Submission } from './submit.ts'
import type { ContentKeys } from '../vault/content-keys.ts'
import type { NewId } from '../runtime/ids.ts'

/** Stores all messages of a batch for delivery, or none. */
export type SubmitBatch = (batch: {
  readonly tenantId: string
  readonly service: string
  readonly submissions: readonly Submission[]
  readonly idempotencyKey: string | null
  /** Null where nothing is traced. */
  readonly traceparent: string | null
}) => Promise<Exclude<SubmittedTogether, { outcome: 'data-key-gone' }>>

export function createSubmitBatch({
  store,
  contentKeys,
  seal,
  newId,
}: {
  store: Pick<Messages, 'submitTogether'>
  contentKeys: Pick<ContentKeys, 'dataKeyGone'>
  seal: SealMessage
  newId: NewId
}): SubmitBatch {
  return async function submitBatch(batch) {
    const { tenantId, service, submissions, idempotencyKey, traceparent } = batch
    // Lists sort messages of the same moment by id.
    const ids = submissions.map(() => newId('message')).toSorted()
    const messages = await Promise.all(
      submissions.map((submission, place) =>
        seal({ ...submission, id: ids[place] as string, tenantId, service, receiving: null, traceparent }),
      ),
    )
    const idempotency = idempotencyKey === null ? null : { key: idempotencyKey, contentHash: hashBatch(submissions) }
    const submitted = await store.submitTogether({ messages, idempotency })
    if (submitted.outcome !== 'data-key-gone') return submitted
    for (const dataKey of new Set(messages.map((message) => message.dataKey)))
      await contentKeys.dataKeyGone(tenantId, dataKey)
    return submitBatch(batch)
  }
}

/** Hashes the parsed batch. A batch of one has another hash than its message alone. */
export function hashBatch(submissions: readonly Submission[]): string {
  return createHash('sha256')
    .update(JSON.stringify({ batch: submissions.map(hashSubmission) }))
    .digest('base64url')
}
