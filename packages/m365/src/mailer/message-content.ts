import type { OutgoingAttachment, OutgoingMessage } from './outgoing-message.ts'

/** A message as submitted: the sender is decided when it is sent, and the id belongs to its row. */
export interface MessageContent extends Omit<OutgoingMessage, 'id' | 'from' | 'attachments'> {
  readonly attachments: readonly ContentAttachment[]
}

export type ContentAttachment = InlineAttachment | ChunkedAttachment

interface AttachmentFacts extends Omit<OutgoingAttachment, 'content'> {
  readonly sizeBytes: number
  /** Hex. */
  readonly sha256: string
}

/** A small one, stored with the message. */
export interface InlineAttachment extends AttachmentFacts {
  readonly content: Buffer
}

/** One that is stored in chunks, as the part of this number. */
export interface ChunkedAttachment extends AttachmentFacts {
  readonly part: number
}

/** The bytes to seal: JSON, with small attachments in base64. */
export function writeContent(content: MessageContent): Buffer {
  const attachments = content.attachments.map((attachment) =>
    'content' in attachment ? { ...attachment, content: attachment.content.toString('base64') } : attachment,
  )
  return Buffer.from(JSON.stringify({ ...content, attachments }))
}

/** What `writeContent` wrote. */
export function readContent(bytes: Buffer): MessageContent {
  const content = JSON.parse(bytes.toString('utf8')) as Omit<MessageContent, 'attachments'> & {
    attachments: readonly ((AttachmentFacts & { readonly content: string }) | ChunkedAttachment)[]
  }
  const attachments = content.attachments.map((attachment) =>
    'content' in attachment ? { ...attachment, content: Buffer.from(attachment.content, 'base64') } : attachment,
  )
  return { ...content, attachments }
}

/** What tells two submissions apart: everything but the bytes of attachments, for which their hashes stand. */
export function describeContent(content: MessageContent): string {
  const attachments = content.attachments.map(({ filename, contentType, contentId, sizeBytes, sha256 }) => ({
    filename,
    contentType,
    contentId,
    sizeBytes,
    sha256,
  }))
  return JSON.stringify({ ...content, attachments })
}

/** UTF-8 bytes of everything but the attachments. */
export function bodyBytesOf(content: MessageContent): number {
  return Buffer.byteLength(JSON.stringify({ ...content, attachments: undefined }))
}
