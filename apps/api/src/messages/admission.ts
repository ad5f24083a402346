import { bodyBytesOf, type MessageContent } from '@inforiver-mail/m365/message-content'
import { measureArriving, measureMime, measureRequests } from '@inforiver-mail/m365/request-sizes'
import { isSameMailbox } from '../domain/compare-addresses.ts'
import { ProblemError } from '../http/problem.ts'
import type { Messages } from '../queue/queue.ts'
import type { SubmitSettings } from '../domain/submit-settings.ts'
import type { Sender } from '../domain/arriving-message.ts'
import { requireAllowedRecipients, requireMimeSize, requireSendable, type SizeRules } from './refusals.ts'
import { fault } from '@inforiver-mail/contract/fault-text'

/** No limit of Microsoft's can apply below this size. */
const SMALL_BYTES = 64 * 1024

export interface AdmissionDeps {
  readonly store: Pick<Messages, 'readSizeLimits'>
  readonly readSettings: () => Promise<SubmitSettings>
}

/** What the installation allows at this moment. A new message is held to it, a repetition never. */
export type Admission = ReturnType<typeof createAdmission>

/**
 * Admits one message, or those of a batch. The settings are read once, when the first of them is asked for; what only large
 * messages depend on, once one turns out to be large.
 */
export function createAdmission(
  { store, readSettings }: AdmissionDeps,
  { tenantId, allowedDomains }: Pick<Sender, 'tenantId' | 'allowedDomains'>,
) {
  let settings: Promise<SubmitSettings> | null = null
  let rules: Promise<SizeRules & { readonly fromEmail: string | null }> | null = null

  /** A large message may take minutes between this and the other checks, which is why it has a look of its own. */
  async function readRules() {
    const { sender } = await readSettings()
    const limits = await store.readSizeLimits(tenantId)
    return { limits, fromEmail: sender?.fromEmail ?? null, largeAttachments: sender?.largeAttachments ?? null }
  }

  /** Returns the address that the message will leave from; null while nothing is configured. */
  async function readSender(): Promise<string | null> {
    return (await (settings ??= readSettings())).sender?.fromEmail ?? null
  }

  return {
    readSender,
    /** @throws {ProblemError} where a message with attachments of these sizes is larger than may be sent */
    async requireArriving(attachmentBytes: readonly number[]): Promise<void> {
      requireSendable(measureArriving(attachmentBytes), await (rules ??= readRules()), 'more may follow')
    },
    /** @throws {ProblemError} where the message asks for another From than the sender */
    async requireSender(from: string | undefined): Promise<void> {
      if (from === undefined) return
      const sender = await readSender()
      if (sender !== null && isSameMailbox(from, sender)) return
      const message = sender === null ? fault('no-sender-yet') : fault('other-sender', { sender: sender })
      throw new ProblemError('sender-not-allowed', message, { errors: [{ path: 'from', message }] })
    },
    /** @throws {ProblemError} where the policy or the key does not allow a recipient */
    async requireRecipients(message: Pick<MessageContent, 'to' | 'cc' | 'bcc'>): Promise<void> {
      const { recipientsPolicy } = await (settings ??= readSettings())
      requireAllowedRecipients(message, { ofInstallation: recipientsPolicy.allowedDomains, ofKey: allowedDomains })
    },
    /** @throws {ProblemError} where the message is larger than may be sent */
    async requireSize(content: MessageContent): Promise<void> {
      const totalBytes = content.attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, bodyBytesOf(content))
      if (totalBytes < SMALL_BYTES) return
      const { fromEmail, ...known } = await (rules ??= readRules())
      requireMimeSize(measureMime(content, fromEmail ?? ''))
      requireSendable(measureRequests(content, fromEmail ?? ''), known, 'complete')
    },
  }
}
