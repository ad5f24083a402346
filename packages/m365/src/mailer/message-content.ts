import type { OutgoingAttachment, OutgoingMessage } from './outgoing-message.ts'

/** A message as it was submitted. The sender is decided when it is sent, and the id is stored in its row. */
export interface MessageContent extends Omit<OutgoingMessage, 'id' | 'from' | 'attachments'> {
  readonly attachments: readonly ContentAttachment[]
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

/** Serialises the content for sealing: JSON, with small attachments in base64. */
export function writeContent(content: MessageContent): Buffer {
  const attachments = content.attachments.map((attachment) =>
    'content' in attachment ? { ...attachment, content: attachment.content.toString('base64') } : attachment,
  )
  return Buffer.from(JSON.stringify({ ...content, attachments }))
}

/** Reads what `writeContent` wrote. */
export function readContent(bytes: Buffer): MessageContent {
  const content = JSON.parse(bytes.toString('utf8')) as Omit<MessageContent, 'attachments'> & {
    attachments: readonly ((AttachmentFacts & { readonly content: string }) | ChunkedAttachment)[]
  }
  const attachments = content.attachments.map((attachment) =>
    'content' in attachment ? { ...attachment, content: Buffer.from(attachment.content, 'base64') } : attachment,
  )
  return { ...content, attachments }
}

/** Identifies a submission: the whole content, with a hash in place of the bytes of each attachment. */
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

/** Returns the size in UTF-8 bytes of everything but the attachments. */
export function bodyBytesOf(content: MessageContent): number {
  return Buffer.byteLength(JSON.stringify({ ...content, attachments: undefined }))
}
