import { sameAddress } from '@inforiver-mail/contract/email-address'
import { bodyBytesOf, type MessageContent } from '@inforiver-mail/m365/message-content'
import { ProblemError } from '../http/problem.ts'
import type { IntakeLimits } from './attachment-intake.ts'
import type { IntakeStore } from './intake-store.ts'
import { refuseSize, type LargeMessages } from './refuse-size.ts'

/** No limit of Microsoft's can apply below this size. */
const SMALL_BYTES = 64 * 1024

export interface AdmissionParts {
  readonly store: Pick<IntakeStore, 'readSizeLimit'>
  /** Whom messages leave from now, and whether large ones may; null while nothing is configured. */
  readonly readSender: (
    tenantId: string,
  ) => Promise<{ readonly fromEmail: string; readonly largeAttachments: boolean } | null>
  readonly clock: () => Date
}

/** What the installation allows at this moment: asked of a new message, never of a repetition. */
export interface Admission extends IntakeLimits {
  /** @throws {ProblemError} */
  requireSender(from: string | undefined): Promise<void>
  /** @throws {ProblemError} */
  requireSize(content: MessageContent): Promise<void>
}

/** For one message. What only a large one needs to know is read when it turns out to be large. */
export function createAdmission({ store, readSender, clock }: AdmissionParts, tenantId: string): Admission {
  let asked: Promise<LargeMessages> | null = null

  async function ask(): Promise<LargeMessages> {
    const messageBytes = await store.readSizeLimit(tenantId, clock())
    return { messageBytes, enabled: (await readSender(tenantId))?.largeAttachments ?? null }
  }

  async function refuse(attachmentBytes: readonly number[], bodyBytes: number | null = null) {
    // The body is known once everything has arrived.
    const sizes = { bodyBytes: bodyBytes ?? 0, attachmentBytes, arriving: bodyBytes === null }
    return refuseSize(sizes, await (asked ??= ask()))
  }

  return {
    refuse,
    async requireSender(from) {
      if (from === undefined) return
      const sender = (await readSender(tenantId))?.fromEmail ?? null
      if (sender !== null && sameAddress(from, sender)) return
      throw new ProblemError(
        'sender-not-allowed',
        sender === null
          ? 'No sender is configured yet. Leave from out: the message leaves from the sender that is configured when it is sent.'
          : `Messages leave from ${sender} only. Leave from out, or use replyTo for answers to another address.`,
      )
    },
    async requireSize(content) {
      const bodyBytes = bodyBytesOf(content)
      const attachmentBytes = content.attachments.map(({ sizeBytes }) => sizeBytes)
      const totalBytes = attachmentBytes.reduce((sum, bytes) => sum + bytes, bodyBytes)
      if (totalBytes < SMALL_BYTES) return
      const refusal = await refuse(attachmentBytes, bodyBytes)
      if (refusal) throw refusal
    },
  }
}
