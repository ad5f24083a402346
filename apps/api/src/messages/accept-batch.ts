import type { Message } from '@inforiver-mail/contract/message'
import type { MessageInput } from '@inforiver-mail/contract/message-input'
import { refuseInput } from '../http/input-faults.ts'
import { ProblemError } from '../http/problem.ts'
import { logAccepted, type AcceptDeps, type ArrivingMessage, type Sender } from './accept-message.ts'
import { createAdmission, type Admission, type AdmissionDeps } from './admission.ts'
import { refuseBatch, type ReadBatch } from './read-batch.ts'
import { keyReused, requireNotEmpty, storageFull, timeFaults } from './refusals.ts'
import type { Submission } from './submit.ts'
import type { SubmitBatch } from './submit-batch.ts'

export type AcceptBatch = (arrived: {
  readonly sender: Sender
  readonly batch: ReadBatch
  readonly idempotencyKey: string | null
  readonly traceparent: string | null
  readonly log: ArrivingMessage['log']
}) => Promise<
  | { readonly outcome: 'stored'; readonly messages: readonly Message[] }
  | { readonly outcome: 'repeated'; readonly messageIds: readonly string[] }
>

/**
 * Takes all messages of a batch or none, and returns once they are on disk. Each is checked as it would be alone.
 *
 * @throws {ProblemError} where one of them is refused
 */
export function createAcceptBatch({
  submitBatch,
  admission: admissionDeps,
  databaseNow,
  onSubmitted,
}: Pick<AcceptDeps, 'admission' | 'databaseNow' | 'onSubmitted'> & { readonly submitBatch: SubmitBatch }): AcceptBatch {
  return async ({ sender, batch, idempotencyKey, traceparent, log }) => {
    const admission = createAdmission(readOnce(admissionDeps), sender)
    const now = await databaseNow()
    const refusals: (ProblemError | null)[] = []
    for (const each of batch.messages)
      refusals.push('refusal' in each ? each.refusal : await refusalOf(each, admission, now))
    if (refusals.some((refusal) => refusal !== null)) throw refuseBatch(refusals)

    const { tenantId, service } = sender
    const submitted = await submitBatch({
      tenantId,
      service,
      submissions: batch.submissions(),
      idempotencyKey,
      traceparent,
    })
    switch (submitted.outcome) {
      case 'stored':
        for (const { id } of submitted.messages) {
          onSubmitted()
          logAccepted(log, id, sender, false)
        }
        return submitted
      case 'repeated':
        return submitted
      case 'key-reused':
        throw keyReused()
      case 'storage-full':
        throw storageFull(submitted)
      case 'swept':
      case 'attachments-lost':
        throw new Error('Attachments of a batch come with it.')
    }
  }
}

/** Returns why a message is not accepted, or null. */
async function refusalOf(
  { input, submission: { content } }: { readonly input: MessageInput; readonly submission: Submission },
  admission: Admission,
  now: Date,
): Promise<ProblemError | null> {
  try {
    const faults = timeFaults(input, now)
    if (faults.length > 0) return refuseInput(faults)
    await admission.requireSender(input.from)
    await admission.requireRecipients(input)
    requireNotEmpty(content)
    await admission.requireSize(content)
    return null
  } catch (error) {
    if (error instanceof ProblemError) return error
    throw error
  }
}

/** Reads the settings once for the whole batch. */
function readOnce({ store, readSettings }: AdmissionDeps): AdmissionDeps {
  let settings: ReturnType<AdmissionDeps['readSettings']> | undefined
  return { store, readSettings: (tenantId) => (settings ??= readSettings(tenantId)) }
}
