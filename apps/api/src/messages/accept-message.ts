import type { Message } from '@inforiver-mail/contract/message'
import type { MessageInput } from '@inforiver-mail/contract/message-input'
import { mimeContent, type MimeContent } from '@inforiver-mail/m365/message-content'
import type { FastifyBaseLogger } from 'fastify'
import { refuseInput } from '../http/input-faults.ts'
import { createAdmission, type Admission, type AdmissionDeps, type Admitted } from './admission.ts'
import { createIntake, type Intake, type IntakeDeps, type IntakeMemory } from './attachment-intake.ts'
import type { Check } from './read-request.ts'
import { toSubmission } from './read-submission.ts'
import { arrivedTooSlowly, attachmentsLost, keyReused, requireNotEmpty, storageFull, timeFaults } from './refusals.ts'
import type { Submit } from './submit.ts'

export interface AcceptDeps {
  readonly submit: Submit
  readonly intake: IntakeDeps
  readonly admission: AdmissionDeps
  readonly databaseNow: () => Promise<Date>
  readonly onSubmitted: () => void
}

/** The service that submits a message, and what its key allows. */
export interface Sender extends Admitted {
  readonly service: string
}

/** What was read of a message that arrived. */
export interface ReadMessage {
  readonly input: MessageInput
  /** Set for a message that goes as it came, so that neither bodies nor attachments count. */
  readonly mime: MimeContent | null
  readonly idempotencyKey: string | null
  /** Identifies the content; null to take a hash of what was read. */
  readonly contentHash: string | null
}

/** A message that arrives, by whichever protocol. */
export interface ArrivingMessage {
  readonly sender: Sender
  readonly memory: IntakeMemory
  /** Null where nothing is traced. */
  readonly traceparent: string | null
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn'>
  /** Replaces how the settings are read that the message is held to. */
  readonly readSettings?: AdmissionDeps['readSettings']
  /**
   * Reads the message, and hands its attachments to the intake while they arrive. `check` refuses what the installation
   * does not allow; `readSender` says what the message will leave from. Both are for when it has arrived.
   */
  readonly read: (intake: Intake, check: Check, readSender: Admission['readSender']) => Promise<ReadMessage>
}

export type Accept = (
  arriving: ArrivingMessage,
) => Promise<
  | { readonly outcome: 'stored'; readonly message: Message }
  | { readonly outcome: 'repeated'; readonly messageId: string }
>

/**
 * Takes a message while it arrives, and returns once it is on disk. Nothing is left of one that is refused or breaks off.
 * Of two that arrive at once under one idempotency key, the database decides which is first.
 *
 * @throws {ProblemError} where it is refused
 */
export function createAccept({ submit, databaseNow, onSubmitted, ...deps }: AcceptDeps): Accept {
  return async ({ sender, memory, traceparent, log, readSettings = deps.admission.readSettings, ...arriving }) => {
    const admission = createAdmission({ ...deps.admission, readSettings }, sender)
    const intake = createIntake(deps.intake, admission, { ...sender, memory })
    let completed = false
    try {
      const check: Check = async (input) => {
        if (input.sendAt !== undefined || input.expiresAt !== undefined) {
          const faults = timeFaults(input, await databaseNow())
          if (faults.length > 0) throw refuseInput(faults)
        }
        await admission.requireSender(input.from)
        await admission.requireRecipients(input)
      }
      const arrived = await arriving.read(intake, check, () => admission.readSender())
      const { mime } = arrived
      const read = toSubmission(arrived.input, mime ? [] : intake.parts)
      const submission = mime ? { ...read, content: mimeContent(read.content, mime) } : read
      if (!mime) requireNotEmpty(submission.content)
      await admission.requireSize(submission.content)
      const submitted = await submit({
        ...submission,
        tenantId: sender.tenantId,
        service: sender.service,
        receiving: mime ? null : intake.receiving(),
        idempotencyKey: arrived.idempotencyKey,
        contentHash: arrived.contentHash,
        traceparent,
      })
      completed = submitted.outcome === 'stored' && !mime
      switch (submitted.outcome) {
        case 'stored':
          onSubmitted()
          logAccepted(log, submitted.message.id, sender, false)
          return { outcome: 'stored', message: submitted.message }
        case 'repeated':
          return { outcome: 'repeated', messageId: submitted.messageId }
        case 'key-reused':
          throw keyReused()
        case 'swept':
          throw arrivedTooSlowly()
        case 'attachments-lost':
          throw attachmentsLost()
        case 'storage-full':
          throw storageFull(submitted)
      }
    } finally {
      // Whatever cannot be deleted now is swept later, so the answer stays the same.
      await intake.end(completed).catch((error: unknown) => log.warn({ err: error }, 'attachments are left over'))
    }
  }
}

export function logAccepted(
  log: ArrivingMessage['log'],
  message: string,
  { service }: Sender,
  repeated: boolean,
): void {
  log.info({ message, service, repeated }, 'message accepted')
}
