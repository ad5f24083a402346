import { createHash } from 'node:crypto'
import type { NewBatch } from '../queue/intake/insert-messages.ts'
import { createStoring, hashSubmission, type SealMessage, type Submission } from './submit.ts'
import type { NewId } from '../runtime/ids.ts'

/** Stores all messages of a batch for delivery, or none. */
export type SubmitBatch = (batch: {
  readonly tenantId: string
  readonly service: string
  readonly submissions: readonly Submission[]
  readonly idempotencyKey: string | null
  /** Null where nothing is traced. */
  readonly traceparent: string | null
}) => ReturnType<ReturnType<typeof createStoring>>

export function createSubmitBatch({
  seal,
  newId,
  ...deps
}: Parameters<typeof createStoring>[0] & { seal: SealMessage; newId: NewId }): SubmitBatch {
  const storeSealed = createStoring(deps)
  return async ({ tenantId, service, submissions, idempotencyKey, traceparent }) => {
    const idempotency = idempotencyKey === null ? null : { key: idempotencyKey, contentHash: hashBatch(submissions) }
    return storeSealed(async () => {
      // Lists sort messages of the same moment by id.
      const ids = submissions.map(() => newId('message')).toSorted()
      const messages = await Promise.all(
        submissions.map((submission, place) =>
          seal({ ...submission, id: ids[place] as string, tenantId, service, receiving: null, traceparent }),
        ),
      )
      return messages as [...NewBatch['messages']]
    }, idempotency)
  }
}

/** Hashes the parsed batch. A batch of one has another hash than its message alone. */
export function hashBatch(submissions: readonly Submission[]): string {
  return createHash('sha256')
    .update(JSON.stringify({ batch: submissions.map(hashSubmission) }))
    .digest('base64url')
}
