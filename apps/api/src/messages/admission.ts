import { bodyBytesOf, type MessageContent } from '@inforiver-mail/m365/message-content'
import { measureArriving, measureMime, measureRequests } from '@inforiver-mail/m365/request-sizes'
import { isSameMailbox } from '../domain/compare-addresses.ts'
import { ProblemError } from '../http/problem.ts'
import type { IntakeLimits } from './attachment-intake.ts'
import type { Messages } from '../queue/queue.ts'
import type { SubmitSettings } from '../domain/submit-settings.ts'
import { requireAllowedRecipients } from './recipients-policy.ts'
import { refuseArriving, refuseMimeSize, refuseSize, type SizeRules } from './refusals.ts'
import { fault } from '@inforiver-mail/contract/fault-text'

/** No limit of Microsoft's can apply below this size. */
const SMALL_BYTES = 64 * 1024

export interface AdmissionDeps {
  readonly store: Pick<Messages, 'readSizeLimits'>
  readonly readSettings: (tenantId: string) => Promise<SubmitSettings>
}

/** Whose message is admitted, and where it may go. */
export interface Admitted {
  readonly tenantId: string
  /** The only domains that its key may write to; empty: those that the installation allows. */
  readonly allowedDomains: readonly string[]
  /** The settings of the tenant a moment ago; left out where they have to be read. */
  readonly settings?: SubmitSettings
}

/** What the installation allows at this moment. A new message is held to it, a repetition never. */
export interface Admission extends IntakeLimits {
  /** The address that the message will leave from; null while nothing is configured. */
  readSender(): Promise<string | null>
  /** @throws {ProblemError} where the message asks for another From than the sender */
  requireSender(from: string | undefined): Promise<void>
  /** @throws {ProblemError} where the policy or the key does not allow a recipient */
  requireRecipients(message: Pick<MessageContent, 'to' | 'cc' | 'bcc'>): Promise<void>
  /** @throws {ProblemError} where the message is larger than may be sent */
  requireSize(content: MessageContent): Promise<void>
}

/**
 * Admits one message. Settings that are not known are read once, when the first of them is asked for; what only large
 * messages depend on, once it turns out to be large.
 */
export function createAdmission(
  { store, readSettings }: AdmissionDeps,
  { tenantId, allowedDomains, settings: known }: Admitted,
): Admission {
  let settings: Promise<SubmitSettings> | null = known ? Promise.resolve(known) : null
  let rules: Promise<SizeRules> | null = null

  /** A large message may take minutes between this and the other checks, which is why it has a look of its own. */
  async function readRules(): Promise<SizeRules> {
    const { sender } = await readSettings(tenantId)
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

  async function readSender(): Promise<string | null> {
    return (await (settings ??= readSettings(tenantId))).sender?.fromEmail ?? null
  }

  return {
    refuse,
    readSender,
    async requireSender(from) {
      if (from === undefined) return
      const sender = await readSender()
      if (sender !== null && isSameMailbox(from, sender)) return
      const message = sender === null ? fault('no-sender-yet') : fault('other-sender', { sender: sender })
      throw new ProblemError('sender-not-allowed', message, { errors: [{ path: 'from', message }] })
    },
    async requireRecipients(message) {
      const { recipientsPolicy } = await (settings ??= readSettings(tenantId))
      requireAllowedRecipients(message, { ofInstallation: recipientsPolicy.allowedDomains, ofKey: allowedDomains })
    },
    async requireSize(content) {
      const totalBytes = content.attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, bodyBytesOf(content))
      if (totalBytes < SMALL_BYTES) return
      const refusal = await refuseComplete(content)
      if (refusal) throw refusal
    },
  }
}
