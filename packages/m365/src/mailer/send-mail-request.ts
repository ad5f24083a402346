import type { Recipient } from '@inforiver-mail/contract/message'
import type { FileAttachment, Message, Recipient as GraphRecipient } from '@microsoft/microsoft-graph-types'
import { ownMessageId, toMimeMessage, type MimeMessage } from './mime-message.ts'
import type { OutgoingAttachment, OutgoingMessage } from './outgoing-message.ts'

/**
 * The named property that carries our message id, by which a message can be found in a mailbox. Names are
 * case-sensitive. This one must never change, because older messages carry it.
 */
export const MESSAGE_ID_PROPERTY = 'String {3c7a1e5b-9d42-4f0e-8b6a-5f2d7c90e1a4} Name InforiverMailMessageId'

/** What a request that sends a message, or creates a draft of it, has as its body. */
export type MessageBody = { readonly body: object } | { readonly mime: Buffer }

export function sendMailBody(message: OutgoingMessage): MessageBody {
  return isMime(message) ? { mime: toMimeMessage(message) } : { body: toSendMailRequest(message) }
}

export function draftBody(message: OutgoingMessage): MessageBody {
  return isMime(message) ? { mime: toMimeMessage(message) } : { body: toGraphMessage(message) }
}

function isMime(message: OutgoingMessage): message is MimeMessage {
  return message.mime !== undefined
}

/** The body of Graph's action `sendMail`. */
export function toSendMailRequest(message: OutgoingMessage) {
  // Exchange may give it another: then reports about it are matched by what else they say.
  const internetMessageId = ownMessageId(message.id, message.from.address)
  return { message: { ...toGraphMessage(message), internetMessageId }, saveToSentItems: message.saveToSentItems }
}

export function toGraphMessage(message: OutgoingMessage): Message {
  // Graph may refuse the whole message for one without a value.
  const headers = Object.entries(message.headers).filter(([, value]) => value.trim() !== '')
  return {
    // Graph fills in `sender`; setting it too can end in ErrorSendAsDenied.
    from: toGraphRecipient(message.from),
    toRecipients: message.to.map(toGraphRecipient),
    ccRecipients: message.cc.map(toGraphRecipient),
    bccRecipients: message.bcc.map(toGraphRecipient),
    replyTo: message.replyTo.map(toGraphRecipient),
    subject: message.subject,
    body:
      message.html === null
        ? { contentType: 'text', content: carried(message.text ?? '') }
        : { contentType: 'html', content: carried(message.html) },
    importance: message.importance,
    ...(message.requestReadReceipt && { isReadReceiptRequested: true }),
    ...(message.requestDeliveryReceipt && { isDeliveryReceiptRequested: true }),
    singleValueExtendedProperties: [{ id: MESSAGE_ID_PROPERTY, value: message.id }],
    // Graph refuses an empty list of headers (InvalidInternetMessageHeaderCollection).
    ...(headers.length > 0 && { internetMessageHeaders: headers.map(([name, value]) => ({ name, value })) }),
    ...(message.attachments.length > 0 && { attachments: message.attachments.map(toGraphAttachment) }),
  } satisfies Message
}

/** Exchange stores neither NUL nor half of a surrogate pair, and may refuse the message for either. */
function carried(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}

function toGraphRecipient({ address, name }: Recipient): GraphRecipient {
  return { emailAddress: { address, ...(name !== undefined && { name }) } }
}

export function toGraphAttachment({ filename, contentType, content, contentId }: OutgoingAttachment) {
  return {
    '@odata.type': '#microsoft.graph.fileAttachment',
    name: filename,
    contentType,
    contentBytes: content.toString('base64'),
    isInline: contentId !== null,
    ...(contentId !== null && { contentId }),
  } satisfies FileAttachment & { '@odata.type': '#microsoft.graph.fileAttachment' }
}
