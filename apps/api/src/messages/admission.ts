import { sameAddress } from '@inforiver-mail/contract/email-address'
import { bodyBytesOf, type MessageContent } from '@inforiver-mail/m365/message-content'
import { measureArriving, measureRequests } from '@inforiver-mail/m365/request-sizes'
import { ProblemError } from '../http/problem.ts'
import type { IntakeLimits } from './attachment-intake.ts'
import type { IntakeStore } from './intake-store.ts'
import { refuseArriving, refuseSize, type LargeMessages } from './refuse-size.ts'

/** Nothing that limits a message is this small. */
const SMALL_BYTES = 64 * 1024

export interface AdmissionParts {
  readonly store: Pick<IntakeStore, 'readStoredBytes' | 'readSizeLimits'>
  /** Whom messages leave from now, and whether large ones may; null while nothing is configured. */
  readonly readSender: (
    tenantId: string,
  ) => Promise<{ readonly fromEmail: string; readonly largeAttachments: boolean } | null>
  /** The most that a tenant may have stored in large messages. */
  readonly storageBytes: number
  readonly clock: () => Date
}

/** What the installation allows at this moment: asked of a new message, never of a repetition. */
export interface Admission extends IntakeLimits {
  /** @throws {ProblemError} */
  requireSender(from: string | undefined): Promise<void>
  /** @throws {ProblemError} */
  requireSize(content: MessageContent, receivingId: string | null): Promise<void>
}

/** For one message. What only a large one needs to know is read when it turns out to be large. */
export function createAdmission(
  { store, readSender, storageBytes, clock }: AdmissionParts,
  tenantId: string,
): Admission {
  let asked: Promise<LargeMessages> | null = null

  async function ask(): Promise<LargeMessages> {
    const sender = await readSender(tenantId)
    const limits = await store.readSizeLimits(tenantId, clock())
    return { limits, fromEmail: sender?.fromEmail ?? null, enabled: sender?.largeAttachments ?? null }
  }

  async function refuse(attachmentBytes: readonly number[]): Promise<ProblemError | null> {
    return refuseArriving(measureArriving(attachmentBytes), await (asked ??= ask()))
  }

  async function refuseComplete(content: MessageContent): Promise<ProblemError | null> {
    const large = await (asked ??= ask())
    return refuseSize(measureRequests(content, large.fromEmail ?? ''), large)
  }

  async function requireRoom(bytes: number, receivingId: string | null): Promise<number> {
    const storedBytes = await store.readStoredBytes(tenantId, receivingId)
    if (storedBytes + bytes <= storageBytes) return storageBytes - storedBytes
    throw new ProblemError(
      'storage-full',
      `Messages that wait or have failed occupy ${storedBytes} of ${storageBytes} bytes, and this one needs ${bytes}. Wait until some have left, or cancel what is not needed; the operator can raise TENANT_STORAGE_BYTES.`,
    )
  }

  return {
    refuse,
    requireRoom,
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
    async requireSize(content, receivingId) {
      const totalBytes = content.attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, bodyBytesOf(content))
      if (totalBytes < SMALL_BYTES) return
      const refusal = await refuseComplete(content)
      if (refusal) throw refusal
      await requireRoom(totalBytes, receivingId)
    },
  }
}
