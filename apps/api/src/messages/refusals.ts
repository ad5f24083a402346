import { isAllowedRecipient } from '@inforiver-mail/contract/allowed-domains'
import { MAX_REQUEST_BYTES, type MessageInput } from '@inforiver-mail/contract/message-input'
import type { MessageContent } from '@inforiver-mail/m365/message-content'
import { MAX_MIME_BYTES } from '@inforiver-mail/m365/mime-message'
import type { RequestSizes } from '@inforiver-mail/m365/request-sizes'
import { type NoRoute, planSize, type SizeLimits } from '@inforiver-mail/m365/size-plan'
import { refuseFaults, refuseInput } from '../http/input-faults.ts'
import { type Fault, ProblemError, type Said, say } from '../http/problem.ts'
import type { StorageFull } from '../queue/intake/storage.ts'
import { fault } from '@inforiver-mail/contract/fault-text'

// These refusals say why a message is not accepted, and what its sender can do about it.

/** How far the clock of a service may be behind ours: a time that recent means now. */
const PAST_TOLERANCE_MS = 5 * 60_000
/** What waits for longer, and keeps its place in the storage, is a mistake: another calendar, or a year with a wrong digit. */
const MOST_DAYS_AHEAD = 366

/**
 * Finds a `sendAt` long past, which is a mistake rather than a wish to send at once, an `expiresAt` before it could be sent,
 * and either too far ahead.
 */
export function timeFaults({ sendAt, expiresAt }: Pick<MessageInput, 'sendAt' | 'expiresAt'>, now: Date): Fault[] {
  const faults: Fault[] = []
  const sendAtMs = sendAt === undefined ? -Infinity : Date.parse(sendAt)
  if (sendAt !== undefined && sendAtMs < now.getTime() - PAST_TOLERANCE_MS)
    faults.push({
      path: 'sendAt',
      message: fault('send-at-past'),
    })
  if (expiresAt !== undefined && Date.parse(expiresAt) <= Math.max(now.getTime(), sendAtMs))
    faults.push({ path: 'expiresAt', message: fault('expires-before') })
  const furthestMs = now.getTime() + MOST_DAYS_AHEAD * 24 * 60 * 60_000
  for (const [path, time] of Object.entries({ sendAt, expiresAt }))
    if (time !== undefined && Date.parse(time) > furthestMs)
      faults.push({ path, message: fault('too-far-ahead', { max: MOST_DAYS_AHEAD }) })
  return faults
}

/** An attachment alone makes a message, so this is known only once all parts have arrived. @throws {ProblemError} */
export function requireNotEmpty({ subject, html, text, attachments }: MessageContent): void {
  // Where there is html, text is not sent.
  if (subject !== '' || (html ?? text) !== '' || attachments.length > 0) return
  throw refuseInput([{ path: '', message: fault('message-empty') }])
}

/** The domains that a message may be addressed to. An empty list allows all, and both have to allow a recipient. */
export interface RecipientRules {
  /** The domains that the recipients policy allows. */
  readonly ofInstallation: readonly string[]
  /** The domains that the service key allows. */
  readonly ofKey: readonly string[]
}

interface Addressed {
  readonly to: readonly { readonly address: string }[]
  readonly cc: readonly { readonly address: string }[]
  readonly bcc: readonly { readonly address: string }[]
}

/** Returns why a recipient is refused, in a sentence for whoever submits the message; null for one that is allowed. */
export function refuseRecipient(address: string, { ofInstallation, ofKey }: RecipientRules): string | null {
  if (!isAllowedRecipient(address, ofInstallation)) return fault('domain-not-allowed')
  if (!isAllowedRecipient(address, ofKey)) return fault('domain-not-allowed-for-key')
  return null
}

/** @throws {ProblemError} `recipient-not-allowed` with every recipient that is refused, by path */
export function requireAllowedRecipients({ to, cc, bcc }: Addressed, rules: RecipientRules): void {
  const faults = Object.entries({ to, cc, bcc }).flatMap(([field, recipients]) =>
    recipients.flatMap(({ address }, index): Fault[] => {
      const message = refuseRecipient(address, rules)
      return message === null ? [] : [{ path: `${field}[${index}]`, message }]
    }),
  )
  if (faults.length > 0) throw refuseFaults('recipient-not-allowed', faults)
}

export function storageFull({ storedBytes, neededBytes, storageBytes, heldBytes }: StorageFull): ProblemError {
  const facts = { storedBytes, storageBytes, neededBytes }
  return new ProblemError(
    'storage-full',
    heldBytes === null ? say('storage-full', facts) : say('storage-share', { ...facts, heldBytes }),
  )
}

/** The content that had arrived was deleted, because nothing more came for a long time. */
export function arrivedTooSlowly(): ProblemError {
  return new ProblemError('unavailable', say('attachments-slow', { minutes: 15 }))
}

/** The database failed while the message arrived, and some of its chunks were not on disk yet. */
export function attachmentsLost(): ProblemError {
  return new ProblemError('unavailable', say('attachments-lost'))
}

export function keyReused(): ProblemError {
  return new ProblemError('idempotency-key-reused', say('key-reused', { hours: 24 }))
}

/** Decides whether a message may be as large as it is. */
export interface SizeRules {
  /** Whether large attachments are enabled; null while no mailbox is connected, when a message of any size is held. */
  readonly largeAttachments: boolean | null
  /** They are learned from Microsoft's refusals. */
  readonly limits: SizeLimits
}

/**
 * @param mimeBytes of a message that goes as MIME, as they are handed to Microsoft; 0 for any other message
 * @throws {ProblemError} where they are too many
 */
export function requireMimeSize(mimeBytes: number): void {
  if (mimeBytes <= MAX_MIME_BYTES) return
  const facts = { sizeBytes: mimeBytes, limitBytes: MAX_MIME_BYTES }
  throw new ProblemError('message-too-large', say('mime-too-large', facts))
}

/** @throws {ProblemError} where a message cannot be sent, with its size, the limit and the remedy */
export function requireSendable(
  sizes: RequestSizes,
  { largeAttachments, limits }: SizeRules,
  state: 'complete' | 'more may follow',
): void {
  const arriving = state === 'complete' ? 'no' : 'yes'
  // A file that is too small for an upload session may still grow.
  const plan = planSize(sizes, state === 'complete' ? limits : { ...limits, sessionMinimumBytes: null })
  if (plan.kind === 'none') throw new ProblemError('message-too-large', sayTooLarge(plan, arriving))
  if (plan.kind === 'send-mail' || largeAttachments !== false) return
  const attachedBytes = sizes.attachments.reduce((sum, { file }) => sum + file, 0)
  const limitBytes = limits.requestBytes ?? MAX_REQUEST_BYTES
  throw new ProblemError(
    'large-attachments-disabled',
    say('large-attachments-disabled', { arriving, attachedBytes, sizeBytes: sizes.sendMail, limitBytes }),
  )
}

function sayTooLarge(plan: NoRoute, arriving: 'yes' | 'no'): Said {
  const { reason, sizeBytes, limitBytes } = plan
  switch (plan.reason) {
    case 'body-too-large':
      return say(reason, { arriving, sizeBytes, limitBytes })
    case 'attachment-too-large':
    case 'attachment-between':
      return say(reason, { arriving, attachment: plan.attachment + 1, sizeBytes, limitBytes })
    case 'message-too-large':
      return say(reason, { arriving, sizeBytes, refusedBytes: limitBytes + 1 })
  }
}
