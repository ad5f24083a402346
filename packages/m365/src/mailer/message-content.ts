import type { OutgoingMessage } from './outgoing-message.ts'

/** A message as submitted: the sender is decided when it is sent, and the id belongs to its row. */
export type MessageContent = Omit<OutgoingMessage, 'id' | 'from'>

/** The bytes to seal: JSON, with the attachments in base64. */
export function writeContent(content: MessageContent): Buffer {
  const attachments = content.attachments.map((attachment) => ({
    ...attachment,
    content: attachment.content.toString('base64'),
  }))
  return Buffer.from(JSON.stringify({ ...content, attachments }))
}

/** What `writeContent` wrote. */
export function readContent(bytes: Buffer): MessageContent {
  const content = JSON.parse(bytes.toString('utf8')) as MessageContent & {
    attachments: readonly { readonly content: string }[]
  }
  const attachments = content.attachments.map((attachment) => ({
    ...attachment,
    content: Buffer.from(attachment.content as unknown as string, 'base64'),
  }))
  return { ...content, attachments }
}
