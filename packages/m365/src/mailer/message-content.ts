import { createHash } from 'node:crypto'
import type { Attachment } from '@inforiver-mail/contract/message'
import type { OutgoingAttachment, OutgoingMessage } from './outgoing-message.ts'

/** A message as it was submitted. The sender is decided when it is sent, and the id is stored in its row. */
export interface MessageContent extends Omit<OutgoingMessage, 'id' | 'from' | 'attachments' | 'mime'> {
  /** Empty where the message is MIME, which has its attachments in it. */
  readonly attachments: readonly ContentAttachment[]
  /** Absent for a message that goes as JSON. */
  readonly mime?: MimeContent
}

/** A whole message as MIME (RFC 5322), for what Graph's JSON cannot carry: S/MIME, and a calendar with its method. */
export interface MimeContent {
  /** As it came, without dot-stuffing. Its header is rewritten for every sending; see `toMimeMessage`. */
  readonly source: Buffer
  /** The display name in its From; null for none. */
  readonly fromName: string | null
  /** What it has attached, for the record of the message. */
  readonly attachments: readonly Attachment[]
}

export type ContentAttachment = InlineAttachment | ChunkedAttachment

interface AttachmentFacts extends Omit<OutgoingAttachment, 'content'> {
  readonly sizeBytes: number
  /** Hex. */
  readonly sha256: string
}

/** A small attachment, stored with the message. */
export interface InlineAttachment extends AttachmentFacts {
  readonly content: Buffer
}

/** An attachment that is stored in chunks, under the number `part`. */
export interface ChunkedAttachment extends AttachmentFacts {
  readonly part: number
}

/** Makes the content of a message that goes as MIME: whatever else JSON would say of it is in the source. */
export function mimeContent(
  envelope: Pick<MessageContent, 'to' | 'cc' | 'bcc' | 'replyTo' | 'subject' | 'importance'>,
  mime: MimeContent,
): MessageContent {
  // Graph has no switch for the copy in Sent Items of a message that goes as MIME.
  return { ...envelope, html: null, text: null, attachments: [], headers: {}, saveToSentItems: true, mime }
}

/**
 * Serialises the content for sealing: JSON, with small attachments and MIME in base64. MIME has no member `attachments`.
 */
export function writeContent(content: MessageContent): Buffer {
  const { mime } = content
  if (mime) {
    const source = mime.source.toString('base64')
    return Buffer.from(JSON.stringify({ ...content, attachments: undefined, mime: { ...mime, source } }))
  }
  const attachments = content.attachments.map((attachment) =>
    'content' in attachment ? { ...attachment, content: attachment.content.toString('base64') } : attachment,
  )
  return Buffer.from(JSON.stringify({ ...content, attachments }))
}

type Envelope = Omit<MessageContent, 'attachments' | 'mime'>
type StoredContent =
  | (Envelope & { readonly mime: Omit<MimeContent, 'source'> & { readonly source: string } })
  | (Envelope & {
      readonly attachments: readonly ((AttachmentFacts & { readonly content: string }) | ChunkedAttachment)[]
    })

/** Reads what `writeContent` wrote. */
export function readContent(bytes: Buffer): MessageContent {
  const content = JSON.parse(bytes.toString('utf8')) as StoredContent
  if ('mime' in content) {
    const source = Buffer.from(content.mime.source, 'base64')
    return { ...content, attachments: [], mime: { ...content.mime, source } }
  }
  const attachments = content.attachments.map((attachment) =>
    'content' in attachment ? { ...attachment, content: Buffer.from(attachment.content, 'base64') } : attachment,
  )
  return { ...content, attachments }
}

/** Puts together what is handed to Graph. `attachments` are those that the request carries. */
export function toOutgoing(
  { mime, ...content }: MessageContent,
  {
    createdAt,
    ...own
  }: Pick<OutgoingMessage, 'id' | 'from' | 'attachments'> & {
    /** The date of a MIME message that has none. */
    readonly createdAt: Date
  },
): OutgoingMessage {
  const { source, fromName } = mime ?? {}
  return { ...content, ...own, ...(source && { mime: { source, fromName: fromName ?? null, date: createdAt } }) }
}

/** Identifies a submission: the whole content, with a hash in place of the bytes of MIME and of each attachment. */
export function describeContent(content: MessageContent): string {
  const { mime, ...rest } = content
  const attachments = content.attachments.map(({ filename, contentType, contentId, sizeBytes, sha256 }) => ({
    filename,
    contentType,
    contentId,
    sizeBytes,
    sha256,
  }))
  const source = mime && createHash('sha256').update(mime.source).digest('hex')
  return JSON.stringify({ ...rest, attachments, ...(mime && { mime: { ...mime, source } }) })
}

/** Returns the size in UTF-8 bytes of everything but the attachments. */
export function bodyBytesOf(content: MessageContent): number {
  const rest = { ...content, attachments: undefined, mime: undefined }
  return Buffer.byteLength(JSON.stringify(rest)) + (content.mime?.source.length ?? 0)
}
