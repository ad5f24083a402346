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

/** A message that may be sent as far as its own contents go. Who may send it is another question. */
export interface Submission {
  readonly from: MailAddress | null
  readonly sender: MailAddress | null
  readonly content: Omit<
    StoredMessage,
    'from' | 'sender' | 'attachments' | 'sentAt' | 'submittedBy' | 'internetMessageId'
  >
  readonly internetMessageId: string | null
  readonly attachments: readonly NewAttachment[]
  readonly saveToSentItems: boolean
}

export type SendMailReading =
  | { readonly kind: 'submission'; readonly submission: Submission }
  | { readonly kind: 'refused'; readonly error: GraphError }

/** Reads the body of the action `sendMail`; `payload` is undefined when it was no JSON. */
export function readSendMail(payload: unknown): SendMailReading {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    return refuse(
      'BadRequest',
      'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
    )
  }
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
  const save = readBoolean(parameters.get('savetosentitems') ?? true)
  if (save === null)
    return refuse(
      'RequestBodyRead',
      "Cannot convert the value of 'SaveToSentItems' to the expected type 'Edm.Boolean'.",
    )
  const message = parameters.get('message') ?? null
  if (message === null) return refuse('ErrorInvalidParameter', "The parameter 'Message' is missing or null.")
  const fault = findPayloadFault(message, 'message', 'message')
  if (fault !== null) return refuse('RequestBodyRead', fault)
  return readMessage(message, save)
}

function readMessage(message: Message, saveToSentItems: boolean): SendMailReading {
  const error =
    findHeaderFault(message) ??
    findRecipientFault(message) ??
    findExtendedPropertyFault(message) ??
    findAttachmentFault(message)
  if (error !== null) return { kind: 'refused', error }
  return {
    kind: 'submission',
    submission: {
      from: readAddress(message.from),
      sender: readAddress(message.sender),
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
      internetMessageId: message.internetMessageId ?? null,
      attachments: ((message.attachments ?? []) as FileAttachment[]).map((attachment) => ({
        name: attachment.name ?? '',
        contentType: attachment.contentType ?? 'application/octet-stream',
        contentId: attachment.contentId ?? null,
        isInline: attachment.isInline ?? false,
        content: Buffer.from(attachment.contentBytes ?? '', 'base64'),
      })),
      saveToSentItems,
    },
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

function findRecipientFault(message: Message): GraphError | null {
  const recipients = [message.toRecipients, message.ccRecipients, message.bccRecipients].flatMap((list) => list ?? [])
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
  for (const recipient of [...recipients, ...(message.replyTo ?? [])]) {
    const address = recipient.emailAddress?.address ?? ''
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

function findExtendedPropertyFault(message: Message): GraphError | null {
  const properties = [...(message.singleValueExtendedProperties ?? []), ...(message.multiValueExtendedProperties ?? [])]
  const wrong = properties.find(({ id }) => !EXTENDED_PROPERTY_ID.test(id ?? ''))
  return wrong === undefined
    ? null
    : graphError(400, 'ErrorInvalidExtendedProperty', `The extended property id '${wrong.id ?? ''}' is not valid.`)
}

function findAttachmentFault({ attachments }: Message): GraphError | null {
  const isFile = (attachment: object): boolean =>
    '@odata.type' in attachment && String(attachment['@odata.type']).toLowerCase().endsWith('.fileattachment')
  if ((attachments ?? []).every((attachment) => isFile(attachment))) return null
  return graphError(400, 'SimulatorNotSupported', 'The simulator takes file attachments only.')
}

function readBoolean(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value
  // Microsoft's own sample passes the string "false", and it is accepted.
  if (typeof value !== 'string' || !/^(true|false)$/i.test(value)) return null
  return value.toLowerCase() === 'true'
}

function readAddress(recipient: Recipient | null | undefined): MailAddress | null {
  const address = recipient?.emailAddress?.address ?? ''
  return address === '' ? null : { address, name: recipient?.emailAddress?.name ?? '' }
}

function readAddresses(recipients: Recipient[] | null | undefined): MailAddress[] {
  return (recipients ?? []).map((recipient) => readAddress(recipient)).filter((address) => address !== null)
}

function refuse(code: string, message: string): SendMailReading {
  return { kind: 'refused', error: graphError(400, code, message) }
}
