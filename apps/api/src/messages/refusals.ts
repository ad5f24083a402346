import { MAX_REQUEST_BYTES, type MessageInput } from '@inforiver-mail/contract/message-input'
import type { MessageContent } from '@inforiver-mail/m365/message-content'
import { MAX_MIME_BYTES } from '@inforiver-mail/m365/mime-message'
import type { RequestSizes } from '@inforiver-mail/m365/request-sizes'
import { type NoRoute, planSize, type SizeLimits } from '@inforiver-mail/m365/size-plan'
import { refuseInput } from '../http/input-faults.ts'
import { type Fault, ProblemError } from '../http/problem.ts'
import type { StorageFull } from '../queue/storage.ts'
import { fault } from '@inforiver-mail/contract/fault-text'

// These refusals say why a message is not accepted, and what its sender can do about it.

/** How far the clock of a service may be behind ours: a time that recent means now. */
const PAST_TOLERANCE_MS = 5 * 60_000

/** Finds a `sendAt` long past, which is a mistake rather than a wish to send at once, and an `expiresAt` before it could be sent. */
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
  return faults
}

/** An attachment alone makes a message, so this is known only once all parts have arrived. @throws {ProblemError} */
export function requireNotEmpty({ subject, html, text, attachments }: MessageContent): void {
  // Where there is html, text is not sent.
  if (subject !== '' || (html ?? text) !== '' || attachments.length > 0) return
  throw refuseInput([{ path: '', message: fault('message-empty') }])
}

export function storageFull({ storedBytes, neededBytes, storageBytes }: StorageFull): ProblemError {
  return new ProblemError(
    'storage-full',
    `The messages occupy ${storedBytes} of ${storageBytes} bytes, most of it those that wait or have failed, and this one needs ${neededBytes}. Wait until some have left, or cancel what is not needed; the operator can raise TENANT_STORAGE_BYTES.`,
    { values: { storedBytes, storageBytes, neededBytes } },
  )
}

/** The content that had arrived was deleted, because nothing more came for a long time. */
export function arrivedTooSlowly(): ProblemError {
  return new ProblemError(
    'unavailable',
    'The attachments arrived too slowly: nothing could be stored for 15 minutes, so what had arrived was deleted. Send the message again.',
  )
}

export function keyReused(): ProblemError {
  return new ProblemError(
    'idempotency-key-reused',
    'This Idempotency-Key was used within the last 24 hours for a message with other content. Use a new key for a new message.',
  )
}

/** Decides whether a message may be as large as it is. */
export interface SizeRules {
  /** Whether large attachments are enabled; null while no mailbox is connected, when a message of any size is held. */
  readonly largeAttachments: boolean | null
  /** The sender, whose address counts; null while no mailbox is connected. */
  readonly fromEmail: string | null
  /** They are learned from Microsoft's refusals. */
  readonly limits: SizeLimits
}

/** Returns null for a message that can be sent, else a refusal that names size, limit and remedy. */
export function refuseSize(sizes: RequestSizes, rules: SizeRules): ProblemError | null {
  return refuse(sizes, rules, '')
}

/** The same for a message that goes as MIME, of which `mimeBytes` are handed to Microsoft; 0 for any other message. */
export function refuseMimeSize(mimeBytes: number): ProblemError | null {
  if (mimeBytes <= MAX_MIME_BYTES) return null
  return new ProblemError(
    'message-too-large',
    `The message has ${mimeBytes} bytes; one that is signed or encrypted (S/MIME) or has a calendar invitation goes to Microsoft in one piece, of at most ${MAX_MIME_BYTES} bytes. Send it with smaller attachments, or with a link to the file.`,
    { values: { sizeBytes: mimeBytes, limitBytes: MAX_MIME_BYTES } },
  )
}

/** Like `refuseSize`, for a message of which more may follow. */
export function refuseArriving(sizes: RequestSizes, rules: SizeRules): ProblemError | null {
  // A file that is too small for an upload session may still grow.
  const limits = { ...rules.limits, sessionMinimumBytes: null }
  return refuse(sizes, { ...rules, limits }, 'at least ')
}

function refuse(sizes: RequestSizes, { largeAttachments, limits }: SizeRules, atLeast: string): ProblemError | null {
  const plan = planSize(sizes, limits)
  const amount = (bytes: number) => `${atLeast}${bytes} bytes`
  if (plan.kind === 'none') {
    const { kind: _kind, ...values } = plan
    return new ProblemError('message-too-large', describe(plan, amount), { values })
  }
  if (plan.kind === 'send-mail' || largeAttachments !== false) return null
  const attached = sizes.attachments.reduce((sum, { file }) => sum + file, 0)
  const limitBytes = limits.requestBytes ?? MAX_REQUEST_BYTES
  return new ProblemError(
    'large-attachments-disabled',
    `The message has ${amount(attached)} of attachments, and ${amount(sizes.sendMail)} encoded for Microsoft; without large file attachments at most ${limitBytes} encoded bytes fit, which is about 3 MB of files. A workspace admin enables large file attachments at Tenant Settings > Office 365 SMTP; or send less, or a link to the file.`,
    { values: { attachedBytes: attached, sizeBytes: sizes.sendMail, limitBytes } },
  )
}

function describe({ reason, sizeBytes, limitBytes, ...rest }: NoRoute, amount: (bytes: number) => string): string {
  const file = 'attachment' in rest ? `Attachment ${rest.attachment + 1}` : ''
  switch (reason) {
    case 'body-too-large':
      return `Without attachments the message has ${amount(sizeBytes)}; Microsoft takes at most ${limitBytes}. Shorten it, or send the text as an attachment.`
    case 'attachment-too-large':
      return `${file} has ${amount(sizeBytes)}; Microsoft takes at most ${limitBytes} (150 MB). Send a link to the file.`
    case 'attachment-between':
      return `${file} has ${amount(sizeBytes)}, and a third more encoded: too much for one request to Microsoft, which has at most ${limitBytes} bytes, and too little for an upload session, which Microsoft refused for files of this size today. Send less, for example compressed, or a link to the file.`
    case 'message-too-large':
      return `Encoded for Microsoft the message has ${amount(sizeBytes)}; the organisation has refused one of ${limitBytes + 1} bytes today. Send less, or a link to the file, or have an Exchange administrator raise the message size limit of the mailbox; a higher limit is noticed within a day.`
  }
}
