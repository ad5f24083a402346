import type { AttachmentItem, FileAttachment, Message, Recipient } from '@microsoft/microsoft-graph-types'
import type { NewAttachment } from '../mail/attachments.ts'
import type { UploadItem } from '../simulation/upload-sessions.ts'
import type { MailAddress, StoredMessage } from '../tenant/message.ts'
import { findPayloadFault } from './check-payload.ts'
import { GraphError } from './graph-error.ts'

/** The limit of an Exchange Online mailbox unless an administrator changes it. */
const MAX_RECIPIENTS = 500
const MAX_CUSTOM_HEADERS = 5
const EXTENDED_PROPERTY_ID = /^\w+ (?:\{[0-9a-f-]{36}\} (?:Name .+|Id 0x[0-9a-f]+)|0x[0-9a-f]+)$/i

type Recipients = Pick<StoredMessage, 'to' | 'cc' | 'bcc' | 'replyTo'>

/** A message as the client wrote it; whether the client may send it is checked elsewhere. */
export interface MessageContent {
  readonly from: MailAddress | null
  readonly sender: MailAddress | null
  readonly internetMessageId: string | null
  readonly content: Recipients &
    Pick<StoredMessage, 'subject' | 'body' | 'importance' | 'headers' | 'extendedProperties'>
  readonly attachments: readonly NewAttachment[]
}

export function isExtendedPropertyId(id: string): boolean {
  return EXTENDED_PROPERTY_ID.test(id)
}

/** Reads the body of the action `sendMail`. @throws GraphError */
export function readSendMail(payload: object): MessageContent & { readonly saveToSentItems: boolean } {
  const parameters = readParameters(payload, 'sendMail', ['Message', 'SaveToSentItems'])
  const save = parameters.get('SaveToSentItems') ?? true
  // Microsoft's own sample passes the string "false", and the service accepts it.
  if (typeof save !== 'boolean' && !(typeof save === 'string' && /^(true|false)$/i.test(save))) {
    throw refusal(
      'RequestBodyRead',
      "Cannot convert the value of 'SaveToSentItems' to the expected type 'Edm.Boolean'.",
    )
  }
  const message = readMessage(requireParameter(parameters, 'Message'))
  requireRecipients(message.content)
  return { ...message, saveToSentItems: String(save).toLowerCase() === 'true' }
}

/** Reads the body that creates a draft, whose recipients are checked when it is sent. @throws GraphError */
export function readMessage(payload: unknown): MessageContent {
  requireType(payload, 'message', 'message')
  const message = payload as Message
  requireValidHeaders(message)
  requireValidExtendedProperties(message)
  const { subject, body, importance } = message
  return {
    from: readAddress(message.from),
    sender: readAddress(message.sender),
    internetMessageId: message.internetMessageId ?? null,
    content: {
      subject: subject ?? '',
      to: readAddresses(message.toRecipients),
      cc: readAddresses(message.ccRecipients),
      bcc: readAddresses(message.bccRecipients),
      replyTo: readAddresses(message.replyTo),
      body: {
        contentType: body?.contentType?.toLowerCase() === 'html' ? 'html' : 'text',
        content: body?.content ?? '',
      },
      importance: (importance?.toLowerCase() as StoredMessage['importance'] | undefined) ?? 'normal',
      headers: (message.internetMessageHeaders ?? []).map(({ name, value }) => ({
        name: name ?? '',
        value: value ?? '',
      })),
      extendedProperties: (message.singleValueExtendedProperties ?? []).map(({ id, value }) => ({
        id: id ?? '',
        value: value ?? '',
      })),
    },
    attachments: (message.attachments ?? []).map((attachment) => readFile(attachment)),
  }
}

/** Reads the body that changes a draft, and returns only what it names. @throws GraphError */
export function readMessageChange(
  payload: object,
): Partial<MessageContent['content'] & Omit<MessageContent, 'content' | 'attachments'>> {
  const fixed = ['attachments', 'internetMessageHeaders'].find((name) => Object.hasOwn(payload, name))
  if (fixed !== undefined) throw refusal('ErrorInvalidPropertySet', `The property '${fixed}' cannot be updated.`)
  const { content, from, sender, internetMessageId } = readMessage(payload)
  const byProperty = {
    subject: { subject: content.subject },
    body: { body: content.body },
    toRecipients: { to: content.to },
    ccRecipients: { cc: content.cc },
    bccRecipients: { bcc: content.bcc },
    replyTo: { replyTo: content.replyTo },
    importance: { importance: content.importance },
    singleValueExtendedProperties: { extendedProperties: content.extendedProperties },
    from: { from },
    sender: { sender },
    internetMessageId: { internetMessageId },
  }
  return Object.assign(
    {},
    ...Object.entries(byProperty).map(([name, change]) => (name in payload ? change : {})),
  ) as object
}

/** Reads the body that adds an attachment to a draft. @throws GraphError */
export function readAttachment(payload: object): NewAttachment {
  requireType(payload, 'attachment', 'attachment')
  return readFile(payload)
}

/** Reads the body of the action `createUploadSession`. @throws GraphError */
export function readUploadItem(payload: object): UploadItem {
  const parameters = readParameters(payload, 'createUploadSession', ['AttachmentItem'])
  const value = requireParameter(parameters, 'AttachmentItem')
  requireType(value, 'attachmentItem', 'AttachmentItem')
  const item = value as AttachmentItem
  if (item.attachmentType?.toLowerCase() !== 'file') throw onlyFiles()
  return { ...attachmentDetails(item), sizeBytes: item.size ?? 0 }
}

/** @throws GraphError when a message with these recipients cannot be sent */
export function requireRecipients({ to, cc, bcc, replyTo }: Recipients): void {
  const recipients = [...to, ...cc, ...bcc]
  if (recipients.length === 0) {
    throw refusal(
      'ErrorInvalidRecipients',
      "At least one recipient is not valid. A message can't be sent unless it contains at least one recipient.",
    )
  }
  if (recipients.length > MAX_RECIPIENTS) {
    const message = `The message has ${recipients.length} recipients; ${MAX_RECIPIENTS} are allowed.`
    throw refusal('ErrorExceededMaxRecipientLimit', message)
  }
  const wrong = [...recipients, ...replyTo].find(({ address }) => !/^[^\s@<>"]+@[^\s@<>"]+$/.test(address))
  if (wrong === undefined) return
  throw refusal(
    'ErrorInvalidRecipients',
    `At least one recipient is not valid., Recipient '${wrong.address}' is not resolved. All recipients must be resolved before a message can be submitted.`,
  )
}

/** Names of an action's parameters match in any case; names of properties do not. */
function readParameters(payload: object, operation: string, known: readonly string[]): Map<string, unknown> {
  const parameters = new Map<string, unknown>()
  for (const [name, value] of Object.entries(payload)) {
    const parameter = known.find((candidate) => candidate.toLowerCase() === name.toLowerCase())
    if (parameter === undefined || parameters.has(parameter)) {
      throw refusal(
        'RequestBodyRead',
        `The parameter '${name}' in the request payload is not a valid parameter for the operation '${operation}'.`,
      )
    }
    parameters.set(parameter, value)
  }
  return parameters
}

function requireParameter(parameters: ReadonlyMap<string, unknown>, name: string): unknown {
  const value = parameters.get(name) ?? null
  if (value === null) throw refusal('ErrorInvalidParameter', `The parameter '${name}' is missing or null.`)
  return value
}

function requireType(value: unknown, type: string, path: string): void {
  const fault = findPayloadFault(value, type, path)
  if (fault !== null) throw refusal('RequestBodyRead', fault)
}

function requireValidHeaders({ internetMessageHeaders: headers }: Message): void {
  if (headers === undefined || headers === null) return
  if (headers.length === 0 || headers.length > MAX_CUSTOM_HEADERS) {
    throw refusal(
      'InvalidInternetMessageHeaderCollection',
      `The internet message header collection must contain 1 to ${MAX_CUSTOM_HEADERS} headers.`,
    )
  }
  for (const header of headers) {
    const [name, value] = [header.name ?? '', header.value ?? '']
    const fault = !/^x-/i.test(name)
      ? `name '${name}' should start with 'x-' or 'X-'.`
      : /^[!-9;-~]+$/.test(name) && !/[\r\n\0]/.test(value)
        ? null
        : `'${name.slice(0, 40)}' is malformed.`
    if (fault !== null) throw refusal('InvalidInternetMessageHeader', `The internet message header ${fault}`)
  }
}

function requireValidExtendedProperties(message: Message): void {
  const properties = [...(message.singleValueExtendedProperties ?? []), ...(message.multiValueExtendedProperties ?? [])]
  const wrong = properties.find(({ id }) => !isExtendedPropertyId(id ?? ''))
  if (wrong === undefined) return
  throw refusal('ErrorInvalidExtendedProperty', `The extended property id '${wrong.id ?? ''}' is not valid.`)
}

function readFile(attachment: object): NewAttachment {
  const type = '@odata.type' in attachment ? String(attachment['@odata.type']) : ''
  if (!type.toLowerCase().endsWith('.fileattachment')) throw onlyFiles()
  const { contentBytes, ...details }: FileAttachment = attachment
  return { ...attachmentDetails(details), content: Buffer.from(contentBytes ?? '', 'base64') }
}

function attachmentDetails({ name, contentType, contentId, isInline }: FileAttachment | AttachmentItem) {
  return {
    name: name ?? '',
    contentType: contentType ?? 'application/octet-stream',
    contentId: contentId ?? null,
    isInline: isInline ?? false,
  }
}

function readAddress(recipient: Recipient | null | undefined): MailAddress | null {
  const { address, name } = recipient?.emailAddress ?? {}
  return address ? { address, name: name ?? '' } : null
}

/** Keeps a recipient without an address, so that sending is refused. */
function readAddresses(recipients: Recipient[] | null | undefined): MailAddress[] {
  return (recipients ?? []).map(({ emailAddress }) => ({
    address: emailAddress?.address ?? '',
    name: emailAddress?.name ?? '',
  }))
}

function onlyFiles(): GraphError {
  return refusal('SimulatorNotSupported', 'The simulator takes file attachments only.')
}

function refusal(code: string, message: string): GraphError {
  return new GraphError(400, code, message)
}
