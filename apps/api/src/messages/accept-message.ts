import type { MessageInput } from '@inforiver-mail/contract/message-input'
import { mimeContent } from '@inforiver-mail/m365/message-content'
import type { Accept, Accepted, ArrivingMessage } from '../domain/arriving-message.ts'
import { refuseInput } from '../http/input-faults.ts'
import { createAdmission, type Admission, type AdmissionDeps } from './admission.ts'
import { createIntake, type IntakeDeps } from './attachment-intake.ts'
import type { CheckSubmission } from './read-request.ts'
import { toSubmission } from './read-submission.ts'
import { arrivedTooSlowly, attachmentsLost, keyReused, requireNotEmpty, storageFull, timeFaults } from './refusals.ts'
import { hashBatch, hashSubmission, type Submission, type Submit, type Submitting } from './submit.ts'

interface ArrivingBatch extends Pick<ArrivingMessage, 'sender' | 'traceparent' | 'log'> {
  readonly idempotencyKey: string | null
  /** Reads the messages, and has each checked as it would be alone. */
  readonly read: (check: CheckSubmission) => Promise<readonly Submission[]>
}

/**
 * Takes all messages of a batch or none, and returns once they are on disk.
 *
 * @throws {ProblemError} where one of them is refused
 */
export type AcceptBatch = (arriving: ArrivingBatch) => Promise<Accepted>

export function createAccept({
  submit,
  intake: intakeDeps,
  store,
  databaseNow,
  onSubmitted,
}: {
  submit: Submit
  intake: IntakeDeps
  store: AdmissionDeps['store']
  databaseNow: () => Promise<Date>
  onSubmitted: () => void
}): { accept: Accept; acceptBatch: AcceptBatch } {
  async function requireAllowed(
    input: MessageInput,
    admission: Admission,
    readNow: () => Promise<Date>,
  ): Promise<void> {
    if (input.sendAt !== undefined || input.expiresAt !== undefined) {
      const faults = timeFaults(input, await readNow())
      if (faults.length > 0) throw refuseInput(faults)
    }
    await admission.requireSender(input.from)
    await admission.requireRecipients(input)
  }

  async function submitAll(
    { sender: { tenantId, service }, traceparent, log }: Pick<ArrivingMessage, 'sender' | 'traceparent' | 'log'>,
    arrived: Pick<Submitting, 'submissions' | 'receiving' | 'idempotency'>,
  ): Promise<Accepted> {
    const submitted = await submit({ ...arrived, tenantId, service, traceparent })
    switch (submitted.outcome) {
      case 'stored':
        for (const { id } of submitted.messages) {
          onSubmitted()
          log.info({ message: id, service, repeated: false }, 'message accepted')
        }
        return { ids: submitted.messages.map(({ id }) => id), messages: submitted.messages }
      case 'repeated':
        return { ids: submitted.messageIds, messages: null }
      case 'key-reused':
        throw keyReused()
      case 'swept':
        throw arrivedTooSlowly()
      case 'attachments-lost':
        throw attachmentsLost()
      case 'storage-full':
        throw storageFull(submitted)
    }
  }

  return {
    async accept(arriving) {
      const { sender, memory, log, readSettings } = arriving
      const admission = createAdmission({ store, readSettings }, sender)
      const intake = createIntake(intakeDeps, admission, { ...sender, memory })
      let completed = false
      try {
        const check = (input: MessageInput) => requireAllowed(input, admission, databaseNow)
        const arrived = await arriving.read(intake, check, () => admission.readSender())
        const { mime, idempotencyKey: key, contentHash } = arrived
        const read = toSubmission(arrived.input, mime ? [] : intake.parts)
        const submission = mime ? { ...read, content: mimeContent(read.content, mime) } : read
        if (!mime) requireNotEmpty(submission.content)
        await admission.requireSize(submission.content)
        const accepted = await submitAll(arriving, {
          submissions: [submission],
          receiving: mime ? null : intake.receiving(),
          idempotency: key === null ? null : { key, contentHash: contentHash ?? hashSubmission(submission) },
        })
        completed = accepted.messages !== null && !mime
        return accepted
      } finally {
        // Whatever cannot be deleted now is swept later, so the answer stays the same.
        await intake.end(completed).catch((error: unknown) => log.warn({ err: error }, 'attachments are left over'))
      }
    },

    async acceptBatch(arriving) {
      const { sender, idempotencyKey: key } = arriving
      const admission = createAdmission({ store, readSettings: async () => sender.settings }, sender)
      const now = await databaseNow()
      const submissions = await arriving.read(async (input, { content }) => {
        await requireAllowed(input, admission, async () => now)
        requireNotEmpty(content)
        await admission.requireSize(content)
      })
      const idempotency = key === null ? null : { key, contentHash: hashBatch(submissions) }
      return submitAll(arriving, { submissions, receiving: null, idempotency })
    },
  }
}
