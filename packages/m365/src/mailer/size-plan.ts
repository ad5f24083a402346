import { MAX_REQUEST_BYTES } from '@inforiver-mail/contract/message'

/** From here Microsoft documents upload sessions; below it one may be refused. */
export const MIN_SESSION_BYTES = 3 * 1024 * 1024
/** Microsoft takes no larger file through a session, whatever the organisation allows for a message. */
export const MAX_ATTACHMENT_BYTES = 150 * 1024 * 1024

/** What else stands in the request that attaches a file: a name, a type and a content id of 255 characters at worst. */
const ATTACHMENT_ENVELOPE_BYTES = 4_096

export type SizePlan =
  /** In one request. */
  | { readonly road: 'send-mail' }
  /** Draft, attachments, send. Each attachment, in the order given, by one request or through an upload session. */
  | { readonly road: 'draft'; readonly attachments: readonly ('attach' | 'session')[] }
  | {
      readonly road: 'none'
      readonly reason: 'body-too-large' | 'attachment-too-large' | 'message-too-large'
      /** Of what is too large: the body, the file as it is, or the message encoded. */
      readonly sizeBytes: number
      readonly limitBytes: number
      /** Which one is too large, counted from 0; with `attachment-too-large` only. */
      readonly attachment?: number
    }

export interface MessageSizes {
  /** UTF-8 bytes of the message's JSON without attachments. */
  readonly bodyBytes: number
  readonly attachmentBytes: readonly number[]
}

/**
 * How a message of this size goes to Microsoft. A file too large for one request, yet below `MIN_SESSION_BYTES`, goes
 * by a session as well: Microsoft decides. `limits.messageBytes`: the organisation's own limit, null while unknown.
 */
export function planSize(message: MessageSizes, limits?: { readonly messageBytes: number | null }): SizePlan {
  const { bodyBytes, attachmentBytes } = message
  if (bodyBytes > MAX_REQUEST_BYTES)
    return { road: 'none', reason: 'body-too-large', sizeBytes: bodyBytes, limitBytes: MAX_REQUEST_BYTES }
  const attachment = attachmentBytes.findIndex((sizeBytes) => sizeBytes > MAX_ATTACHMENT_BYTES)
  const sizeBytes = attachmentBytes[attachment]
  if (sizeBytes !== undefined)
    return { road: 'none', reason: 'attachment-too-large', sizeBytes, limitBytes: MAX_ATTACHMENT_BYTES, attachment }
  const encodedBytes = encodedMessageBytes(message)
  const limitBytes = limits?.messageBytes ?? null
  if (limitBytes !== null && encodedBytes > limitBytes)
    return { road: 'none', reason: 'message-too-large', sizeBytes: encodedBytes, limitBytes }
  if (encodedBytes <= MAX_REQUEST_BYTES) return { road: 'send-mail' }
  return { road: 'draft', attachments: attachmentBytes.map((each) => (fitsOneRequest(each) ? 'attach' : 'session')) }
}

/** What a request holds, and what an organisation's limit counts: the body, and the attachments in base64. */
export function encodedMessageBytes({ bodyBytes, attachmentBytes }: MessageSizes): number {
  return attachmentBytes.reduce((sum, sizeBytes) => sum + base64Bytes(sizeBytes), bodyBytes)
}

function fitsOneRequest(sizeBytes: number): boolean {
  return base64Bytes(sizeBytes) + ATTACHMENT_ENVELOPE_BYTES <= MAX_REQUEST_BYTES
}

function base64Bytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 3) * 4
}
