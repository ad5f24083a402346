import type { FileAttachment, Message, Recipient } from '@microsoft/microsoft-graph-types'
import type { MailAddress, StoredMessage } from '../state/events.ts'
import { findPayloadFault } from './check-payload.ts'
import { type GraphError, graphError } from './graph-error.ts'

/** Recipients of one message; an Exchange Online mailbox has 500 unless an administrator says otherwise. */
const MAX_RECIPIENTS = 500
const MAX_CUSTOM_HEADERS = 5
const EXTENDED_PROPERTY_ID = /^\w+ (?:\{[0-9a-f-]{36}\} (?:Name .+|Id 0x[0-9a-f]+)|0x[0-9a-f]+)$/i

export interface NewAttachment {
  readonly name: string
  readonly contentType: string
  readonly contentId: string | null
  readonly isInline: boolean
  readonly content: Buffer
}

type Recipients = Pick<StoredMessage, 'to' | 'cc' | 'bcc' | 'replyTo'>

/** What a client wrote. Who may send it is another question. */
export interface MessageContent {
  readonly from: MailAddress | null
  readonly sender: MailAddress | null
  readonly internetMessageId: string | null
  readonly content: Recipients &
    Pick<StoredMessage, 'subject' | 'body' | 'importance' | 'headers' | 'extendedProperties'>
  readonly attachments: readonly NewAttachment[]
}

/** A message that may be sent as far as its own contents go. */
export interface Submission extends MessageContent {
  readonly saveToSentItems: boolean
}

/** What a PATCH names, and nothing else. */
export type MessageChange = Partial<
  MessageContent['content'] & { from: MailAddress | null; sender: MailAddress | null; internetMessageId: string | null }
>

type Reading<Name extends string, Value> =
  | ({ readonly kind: 'read' } & { readonly [name in Name]: Value })
  | { readonly kind: 'refused'; readonly error: GraphError }

export function isExtendedPropertyId(id: string): boolean {
  return EXTENDED_PROPERTY_ID.test(id)
}

/** Reads the body of the action `sendMail`; `payload` is undefined when it was no JSON. */
export function readSendMail(payload: unknown): Reading<'submission', Submission> {
  if (!isJsonObject(payload)) return NO_JSON
  const parameters = new Map<string, unknown>()
  for (const [name, value] of Object.entries(payload)) {
    // Parameter names are matched in any case, property names are not.
    const parameter = name.toLowerCase()
    if ((parameter !== 'message' && parameter !== 'savetosentitems') || parameters.has(parameter)) {
      return refuse(
        'RequestBodyRead',
        `The parameter '${name}' in the request payload is not a valid parameter for the operation 'sendMail'.`,
      )
    }
    parameters.set(parameter, value)
  }
  const saveToSentItems = readBoolean(parameters.get('savetosentitems') ?? true)
  if (saveToSentItems === null)
    return refuse(
      'RequestBodyRead',
      "Cannot convert the value of 'SaveToSentItems' to the expected type 'Edm.Boolean'.",
    )
  const message = parameters.get('message') ?? null
  if (message === null) return refuse('ErrorInvalidParameter', "The parameter 'Message' is missing or null.")
  const reading = readMessage(message)
  if (reading.kind === 'refused') return reading
  const error = findRecipientFault(reading.message.content)
  if (error !== null) return { kind: 'refused', error }
  return { kind: 'read', submission: { ...reading.message, saveToSentItems } }
}

/** Reads the body that creates a draft. Its recipients are looked at when it is sent. */
export function readNewDraft(payload: unknown): Reading<'message', MessageContent> {
  return isJsonObject(payload) ? readMessage(payload) : NO_JSON
}

/** Reads the body that changes a draft. */
export function readMessageChange(payload: unknown): Reading<'change', MessageChange> {
  if (!isJsonObject(payload)) return NO_JSON
  const fixed = ['attachments', 'internetMessageHeaders'].find((name) => Object.hasOwn(payload, name))
  if (fixed !== undefined) return refuse('ErrorInvalidPropertySet', `The property '${fixed}' cannot be updated.`)
  const reading = readMessage(payload)
  if (reading.kind === 'refused') return reading
  const { from, sender, internetMessageId, content } = reading.message
  const change: MessageChange = {
    ...('subject' in payload && { subject: content.subject }),
    ...('body' in payload && { body: content.body }),
    ...('toRecipients' in payload && { to: content.to }),
    ...('ccRecipients' in payload && { cc: content.cc }),
    ...('bccRecipients' in payload && { bcc: content.bcc }),
    ...('replyTo' in payload && { replyTo: content.replyTo }),
    ...('importance' in payload && { importance: content.importance }),
    ...('singleValueExtendedProperties' in payload && { extendedProperties: content.extendedProperties }),
    ...('from' in payload && { from }),
    ...('sender' in payload && { sender }),
    ...('internetMessageId' in payload && { internetMessageId }),
  }
  return { kind: 'read', change }
}

/** Reads the body that adds an attachment to a draft. */
export function readNewAttachment(payload: unknown): Reading<'attachment', NewAttachment> {
  if (!isJsonObject(payload)) return NO_JSON
  const fault = findPayloadFault(payload, 'attachment', 'attachment')
  if (fault !== null) return refuse('RequestBodyRead', fault)
  const error = findAttachmentFault([payload])
  if (error !== null) return { kind: 'refused', error }
  return { kind: 'read', attachment: attachmentOf(payload) }
}

/** Why a message with these recipients cannot be sent; null when it can. */
export function findRecipientFault({ to, cc, bcc, replyTo }: Recipients): GraphError | null {
  const recipients = [...to, ...cc, ...bcc]
  if (recipients.length === 0) {
    return graphError(
      400,
      'ErrorInvalidRecipients',
      "At least one recipient is not valid. A message can't be sent unless it contains at least one recipient.",
    )
  }
  if (recipients.length > MAX_RECIPIENTS) {
    return graphError(
      400,
      'ErrorExceededMaxRecipientLimit',
      `The message has ${recipients.length} recipients; ${MAX_RECIPIENTS} are allowed.`,
    )
  }
  for (const { address } of [...recipients, ...replyTo]) {
    if (!/^[^\s@<>"]+@[^\s@<>"]+$/.test(address)) {
      return graphError(
        400,
        'ErrorInvalidRecipients',
        `At least one recipient is not valid., Recipient '${address}' is not resolved. All recipients must be resolved before a message can be submitted.`,
      )
    }
  }
  return null
}

export const NO_JSON = refuse(
  'BadRequest',
  'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
)

function readMessage(value: object): Reading<'message', MessageContent> {
  const fault = findPayloadFault(value, 'message', 'message')
  if (fault !== null) return refuse('RequestBodyRead', fault)
  const message: Message = value
  const error =
    findHeaderFault(message) ?? findExtendedPropertyFault(message) ?? findAttachmentFault(message.attachments ?? [])
  if (error !== null) return { kind: 'refused', error }
  return {
    kind: 'read',
    message: {
      from: readAddress(message.from),
      sender: readAddress(message.sender),
      internetMessageId: message.internetMessageId ?? null,
      content: {
        subject: message.subject ?? '',
        to: readAddresses(message.toRecipients),
        cc: readAddresses(message.ccRecipients),
        bcc: readAddresses(message.bccRecipients),
        replyTo: readAddresses(message.replyTo),
        body: {
          contentType: message.body?.contentType?.toLowerCase() === 'html' ? 'html' : 'text',
          content: message.body?.content ?? '',
        },
        importance: (message.importance?.toLowerCase() as StoredMessage['importance'] | undefined) ?? 'normal',
        headers: (message.internetMessageHeaders ?? []).map(({ name, value }) => ({
          name: name ?? '',
          value: value ?? '',
        })),
        extendedProperties: (message.singleValueExtendedProperties ?? []).map(({ id, value }) => ({
          id: id ?? '',
          value: value ?? '',
        })),
      },
      attachments: (message.attachments ?? []).map((attachment) => attachmentOf(attachment)),
    },
  }
}

function attachmentOf(attachment: FileAttachment): NewAttachment {
  return {
    name: attachment.name ?? '',
    contentType: attachment.contentType ?? 'application/octet-stream',
    contentId: attachment.contentId ?? null,
    isInline: attachment.isInline ?? false,
    content: Buffer.from(attachment.contentBytes ?? '', 'base64'),
  }
}

function findHeaderFault({ internetMessageHeaders: headers }: Message): GraphError | null {
  if (headers === undefined || headers === null) return null
  if (headers.length === 0 || headers.length > MAX_CUSTOM_HEADERS) {
    return graphError(
      400,
      'InvalidInternetMessageHeaderCollection',
      `The internet message header collection must contain 1 to ${MAX_CUSTOM_HEADERS} headers.`,
    )
  }
  for (const { name, value } of headers) {
    if (!/^x-/i.test(name ?? '')) {
      return graphError(
        400,
        'InvalidInternetMessageHeader',
        `The internet message header name '${name ?? ''}' should start with 'x-' or 'X-'.`,
      )
    }
    if (!/^[!-9;-~]+$/.test(name ?? '') || /[\r\n\0]/.test(value ?? '')) {
      return graphError(
        400,
        'InvalidInternetMessageHeader',
        `The internet message header '${(name ?? '').slice(0, 40)}' is malformed.`,
      )
    }
  }
  return null
}

function findExtendedPropertyFault(message: Message): GraphError | null {
  const properties = [...(message.singleValueExtendedProperties ?? []), ...(message.multiValueExtendedProperties ?? [])]
  const wrong = properties.find(({ id }) => !isExtendedPropertyId(id ?? ''))
  return wrong === undefined
    ? null
    : graphError(400, 'ErrorInvalidExtendedProperty', `The extended property id '${wrong.id ?? ''}' is not valid.`)
}

function findAttachmentFault(attachments: readonly object[]): GraphError | null {
  const isFile = (attachment: object): boolean =>
    '@odata.type' in attachment && String(attachment['@odata.type']).toLowerCase().endsWith('.fileattachment')
  if (attachments.every((attachment) => isFile(attachment))) return null
  return graphError(400, 'SimulatorNotSupported', 'The simulator takes file attachments only.')
}

export function isJsonObject(payload: unknown): payload is object {
  return typeof payload === 'object' && payload !== null && !Array.isArray(payload)
}

function readBoolean(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value
  // Microsoft's own sample passes the string "false", and it is accepted.
  if (typeof value !== 'string' || !/^(true|false)$/i.test(value)) return null
  return value.toLowerCase() === 'true'
}

function readAddress(recipient: Recipient | null | undefined): MailAddress | null {
  const { address, name } = recipient?.emailAddress ?? {}
  return (address ?? '') === '' ? null : { address: address ?? '', name: name ?? '' }
}

/** One that names no address stays, so that it is refused. */
function readAddresses(recipients: Recipient[] | null | undefined): MailAddress[] {
  return (recipients ?? []).map(({ emailAddress }) => ({
    address: emailAddress?.address ?? '',
    name: emailAddress?.name ?? '',
  }))
}

function refuse(code: string, message: string): { readonly kind: 'refused'; readonly error: GraphError } {
  return { kind: 'refused', error: graphError(400, code, message) }
}
