import { toOutgoing, type ContentAttachment, type MessageContent } from './message-content.ts'
import { toMimeMessage } from './mime-message.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { toGraphAttachment, toSendMailRequest } from './send-mail-request.ts'

/** The exact size, in UTF-8 bytes, of every request that may carry a message or a part of it. */
export interface RequestSizes {
  /** Sends the whole message. */
  readonly sendMail: number
  /** Creates a draft without attachments. */
  readonly createDraft: number
  readonly attachments: readonly AttachmentSizes[]
}

export interface AttachmentSizes {
  readonly file: number
  /** Attaches it to a draft in one request. */
  readonly attach: number
}

const NOTHING = Buffer.alloc(0)

/** A recipient takes twice, and a header three times what it takes in the content; the rest is as long. */
const MOST_GROWTH = 10

/** An upper bound for a request that sends a whole message, by the size of its content as it is stored. */
export function boundRequest(contentBytes: number): number {
  return MOST_GROWTH * contentBytes
}

/** `from` is the address that the message is sent from. */
export function measureRequests(content: MessageContent, from: string): RequestSizes {
  if (content.mime) {
    const bytes = base64Bytes(measureMime(content, from))
    return { sendMail: bytes, createDraft: bytes, attachments: [] }
  }
  const { message, ...rest } = toSendMailRequest(sampleOf(content, from))
  const { internetMessageId, ...draft } = message
  const createDraft = jsonBytes(draft)
  const attachments = content.attachments.map(measureAttachment)
  // The members of the draft and these share the braces of `message`, and a comma stands between them.
  const around = jsonBytes({ message: { internetMessageId }, ...rest }) - '{}'.length + ','.length
  return { sendMail: createDraft + around + listBytes(attachments), createDraft, attachments }
}

/** Returns the size of a MIME message as it is handed to Graph, before base64; 0 for any other message. */
export function measureMime(content: MessageContent, from: string): number {
  const { mime, ...message } = sampleOf(content, from)
  return mime ? toMimeMessage({ ...message, mime }).length : 0
}

/** Lower bounds for a message whose attachments are still arriving. */
export function measureArriving(fileBytes: readonly number[]): RequestSizes {
  const attachments = fileBytes.map((file) => ({ file, attach: base64Bytes(file) }))
  return { sendMail: sum(attachments.map(({ attach }) => attach)), createDraft: 0, attachments }
}

/** The size that the organisation's limit applies to: the body, and the attachments in base64. */
export function encodedMessageBytes({ createDraft, attachments }: RequestSizes): number {
  return createDraft + sum(attachments.map(({ file }) => base64Bytes(file)))
}

/** All message ids have the same length. */
const SAMPLE_ID = `msg_${'0'.repeat(32)}`

/** All dates have the same length as well. */
function sampleOf(content: MessageContent, from: string): OutgoingMessage {
  return toOutgoing(content, { id: SAMPLE_ID, from: { address: from }, attachments: [], createdAt: new Date(0) })
}

function measureAttachment({ filename, contentType, contentId, sizeBytes }: ContentAttachment): AttachmentSizes {
  // JSON escapes no character of base64.
  const attach = jsonBytes(toGraphAttachment({ filename, contentType, contentId, content: NOTHING }))
  return { file: sizeBytes, attach: attach + base64Bytes(sizeBytes) }
}

/** The size of the member `attachments`, which is left out when there are none. */
function listBytes(attachments: readonly AttachmentSizes[]): number {
  if (attachments.length === 0) return 0
  const commas = attachments.length - 1
  return ',"attachments":[]'.length + sum(attachments.map(({ attach }) => attach)) + commas
}

function jsonBytes(value: object): number {
  return Buffer.byteLength(JSON.stringify(value))
}

function base64Bytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 3) * 4
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
