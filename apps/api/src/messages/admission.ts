import { sameAddress } from '@inforiver-mail/contract/email-address'
import { bodyBytesOf, type MessageContent } from '@inforiver-mail/m365/message-content'
import { measureArriving, measureMime, measureRequests } from '@inforiver-mail/m365/request-sizes'
import type { RecipientsPolicy } from '@inforiver-mail/contract/recipients-policy'
import { ProblemError } from '../http/problem.ts'
import type { IntakeLimits } from './attachment-intake.ts'
import type { Messages } from '../queue/queue.ts'
import { requireAllowedRecipients } from './recipients-policy.ts'
import { refuseArriving, refuseMimeSize, refuseSize, type SizeRules } from './refusals.ts'
import { fault } from '@inforiver-mail/contract/fault-text'

/** No limit of Microsoft's can apply below this size. */
const SMALL_BYTES = 64 * 1024

export interface AdmissionDeps {
  readonly store: Pick<Messages, 'readSizeLimits'>
  /** The sender that messages leave from now, and whether large ones may; null while nothing is configured. */
  readonly readSender: (
    tenantId: string,
  ) => Promise<{ readonly fromEmail: string; readonly largeAttachments: boolean } | null>
  readonly readRecipientsPolicy: (tenantId: string) => Promise<RecipientsPolicy>
}

/** On whose behalf a message is admitted. */
export interface Admitted {
  readonly tenantId: string
  /** The only domains that its key may write to; empty: those that the installation allows. */
  readonly allowedDomains: readonly string[]
}

/** What the installation allows at this moment. A new message is held to it, a repetition never. */
export interface Admission extends IntakeLimits {
  /** @throws {ProblemError} where the message asks for another From than the sender */
  requireSender(from: string | undefined): Promise<void>
  /** @throws {ProblemError} where the policy or the key does not allow a recipient */
  requireRecipients(message: Pick<MessageContent, 'to' | 'cc' | 'bcc'>): Promise<void>
  /** @throws {ProblemError} where the message is larger than may be sent */
  requireSize(content: MessageContent): Promise<void>
}

/** Admits one message. What only large messages depend on is read once it turns out to be large. */
export function createAdmission(
  { store, readSender, readRecipientsPolicy }: AdmissionDeps,
  { tenantId, allowedDomains }: Admitted,
): Admission {
  let rules: Promise<SizeRules> | null = null

  async function readRules(): Promise<SizeRules> {
    const sender = await readSender(tenantId)
    const limits = await store.readSizeLimits(tenantId)
    return { limits, fromEmail: sender?.fromEmail ?? null, largeAttachments: sender?.largeAttachments ?? null }
  }

  async function refuse(attachmentBytes: readonly number[]): Promise<ProblemError | null> {
    return refuseArriving(measureArriving(attachmentBytes), await (rules ??= readRules()))
  }

  async function refuseComplete(content: MessageContent): Promise<ProblemError | null> {
    const known = await (rules ??= readRules())
    const from = known.fromEmail ?? ''
    return refuseMimeSize(measureMime(content, from)) ?? refuseSize(measureRequests(content, from), known)
  }

  return {
    refuse,
    async requireSender(from) {
      if (from === undefined) return
      const sender = (await readSender(tenantId))?.fromEmail ?? null
      if (sender !== null && sameAddress(from, sender)) return
      const message = sender === null ? fault('no-sender-yet') : fault('other-sender', { sender: sender })
      throw new ProblemError('sender-not-allowed', message, { errors: [{ path: 'from', message }] })
    },
    async requireRecipients(message) {
      const { allowedDomains: ofInstallation } = await readRecipientsPolicy(tenantId)
      requireAllowedRecipients(message, { ofInstallation, ofKey: allowedDomains })
    },
    async requireSize(content) {
      const totalBytes = content.attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, bodyBytesOf(content))
      if (totalBytes < SMALL_BYTES) return
      const refusal = await refuseComplete(content)
      if (refusal) throw refusal
    },
  }
}
