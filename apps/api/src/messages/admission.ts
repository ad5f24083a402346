import { sameAddress } from '@inforiver-mail/contract/email-address'
import { bodyBytesOf, type MessageContent } from '@inforiver-mail/m365/message-content'
import { measureArriving, measureRequests } from '@inforiver-mail/m365/request-sizes'
import { ProblemError } from '../http/problem.ts'
import type { IntakeLimits } from './attachment-intake.ts'
import type { Messages } from '../queue/queue.ts'
import { refuseArriving, refuseSize, type LargeMessages } from './refuse-size.ts'

/** No limit of Microsoft's can apply below this size. */
const SMALL_BYTES = 64 * 1024

export interface AdmissionParts {
  readonly store: Pick<Messages, 'readSizeLimits'>
  /** Whom messages leave from now, and whether large ones may; null while nothing is configured. */
  readonly readSender: (
    tenantId: string,
  ) => Promise<{ readonly fromEmail: string; readonly largeAttachments: boolean } | null>
}

/** What the installation allows at this moment: asked of a new message, never of a repetition. */
export interface Admission extends IntakeLimits {
  /** @throws {ProblemError} */
  requireSender(from: string | undefined): Promise<void>
  /** @throws {ProblemError} */
  requireSize(content: MessageContent): Promise<void>
}

/** For one message. What only a large one needs to know is read when it turns out to be large. */
export function createAdmission({ store, readSender }: AdmissionParts, tenantId: string): Admission {
  let asked: Promise<LargeMessages> | null = null

  async function ask(): Promise<LargeMessages> {
    const sender = await readSender(tenantId)
    const limits = await store.readSizeLimits(tenantId)
    return { limits, fromEmail: sender?.fromEmail ?? null, enabled: sender?.largeAttachments ?? null }
  }

  async function refuse(attachmentBytes: readonly number[]): Promise<ProblemError | null> {
    return refuseArriving(measureArriving(attachmentBytes), await (asked ??= ask()))
  }

  async function refuseComplete(content: MessageContent): Promise<ProblemError | null> {
    const large = await (asked ??= ask())
    return refuseSize(measureRequests(content, large.fromEmail ?? ''), large)
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
          ? 'No sender is configured yet. Leave out "from": the message leaves from the sender that is configured when it is sent.'
          : `Messages leave from ${sender} only. Leave out "from", or use replyTo for answers to another address.`,
      )
    },
    async requireSize(content) {
      const totalBytes = content.attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, bodyBytesOf(content))
      if (totalBytes < SMALL_BYTES) return
      const refusal = await refuseComplete(content)
      if (refusal) throw refusal
    },
  }
}
