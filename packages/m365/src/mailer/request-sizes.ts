import type { ContentAttachment, MessageContent } from './message-content.ts'
import { toGraphAttachment, toGraphMessage } from './send-mail-request.ts'

/** UTF-8 bytes of every request that a message may go by, to the byte. */
export interface RequestSizes {
  /** The whole message in one request. */
  readonly sendMail: number
  /** Creates the draft, without attachments. */
  readonly createDraft: number
  readonly attachments: readonly AttachmentSizes[]
}

export interface AttachmentSizes {
  /** The file as it is. */
  readonly file: number
  /** Puts it on the draft in one request. */
  readonly attach: number
}

const NOTHING = Buffer.alloc(0)

/** `from`: the address that the message leaves from. */
export function measureRequests(content: MessageContent, from: string): RequestSizes {
  const message = toGraphMessage({ ...content, attachments: [], id: ID_OF_ANY, from: { address: from } })
  const createDraft = jsonBytes(message)
  const attachments = content.attachments.map(measureAttachment)
  const wrapped = createDraft + jsonBytes({ message: {}, saveToSentItems: content.saveToSentItems }) - jsonBytes({})
  return { sendMail: wrapped + listBytes(attachments), createDraft, attachments }
}

/** Of a message whose attachments are still arriving: it has at least these sizes. */
export function measureArriving(fileBytes: readonly number[]): RequestSizes {
  const attachments = fileBytes.map((file) => ({ file, attach: base64Bytes(file) }))
  return { sendMail: sum(attachments.map(({ attach }) => attach)), createDraft: 0, attachments }
}

/** What an organisation's limit counts: the body, and the attachments in base64. */
export function encodedMessageBytes({ createDraft, attachments }: RequestSizes): number {
  return createDraft + sum(attachments.map(({ file }) => base64Bytes(file)))
}

/** Every id of a message is as long. */
const ID_OF_ANY = `msg_${'0'.repeat(32)}`

function measureAttachment({ filename, contentType, contentId, sizeBytes }: ContentAttachment): AttachmentSizes {
  // Nothing in base64 is written differently in JSON.
  const attach = jsonBytes(toGraphAttachment({ filename, contentType, contentId, content: NOTHING }))
  return { file: sizeBytes, attach: attach + base64Bytes(sizeBytes) }
}

/** As one more field of a message; without attachments it is left out. */
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
