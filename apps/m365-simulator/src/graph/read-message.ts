import { z } from 'zod'
import { GraphError } from './graph-error.ts'
import type { NewAttachment } from '../mail/attachments.ts'
import type { MailAddress, StoredMessage } from '../tenant/message.ts'

/** The limit of an Exchange Online mailbox unless an administrator changes it. */
const MAX_RECIPIENTS = 500
const MAX_CUSTOM_HEADERS = 5
const EXTENDED_PROPERTY_ID = /^\w+ (?:\{[0-9a-f-]{36}\} (?:Name .+|Id 0x[0-9a-f]+)|0x[0-9a-f]+)$/i
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/**
 * A type of Graph's metadata (schemas/v1.0-Prod.csdl of microsoftgraph/msgraph-metadata), with the properties that a
 * client may set. Although `message` is an open type there, the service refuses properties it does not know.
 */
function object<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject({ '@odata.type': z.string().optional(), ...shape })
}

/** Names of enumerations match in any case. */
function oneOf<const Name extends string>(...names: readonly Name[]) {
  return z.string().toLowerCase().pipe(z.enum(names))
}

/** A property that may be absent or null. */
function orElse<Type extends z.ZodType>(type: Type, fallback: z.output<Type>) {
  return type.nullish().transform((value): z.output<Type> => value ?? fallback)
}

const Text = z.string().nullable()
const TextOrEmpty = Text.transform((text) => text ?? '')

/** Without an address it is kept, so that sending is refused. */
const Recipient = object({
  emailAddress: object({ address: Text.optional(), name: Text.optional() }).nullable().optional(),
}).transform(({ emailAddress }) => ({ address: emailAddress?.address ?? '', name: emailAddress?.name ?? '' }))

const Body = object({ contentType: oneOf('text', 'html').nullable().optional(), content: Text.optional() })
  .nullable()
  .transform((body) => ({ contentType: body?.contentType ?? 'text', content: body?.content ?? '' }))

const AttachmentDetails = {
  name: z.string(),
  // A calendar that is attached by JSON loses its method.
  contentType: Text.default(null).transform(
    (type) => type?.replace(/^(text\/calendar.*?);\s*method=[^;]*/i, '$1') ?? 'application/octet-stream',
  ),
  contentId: Text.default(null),
  isInline: orElse(z.boolean(), false),
}

const FileAttachment = object({
  ...AttachmentDetails,
  '@odata.type': z.string().regex(/^#?microsoft\.graph\.fileAttachment$/i, 'the simulator takes file attachments only'),
  contentBytes: z.string().refine((text) => text.length % 4 === 0 && BASE64.test(text), 'not base64'),
}).transform(({ '@odata.type': _type, contentBytes, ...details }) => ({
  ...details,
  content: Buffer.from(contentBytes, 'base64'),
}))

const AttachmentItem = object({
  ...AttachmentDetails,
  attachmentType: oneOf('file'),
  size: z.int().min(0),
}).transform(({ attachmentType: _type, size, ...details }) => ({ ...details, sizeBytes: size }))

const Message = object({
  subject: orElse(z.string(), ''),
  body: Body.default({ contentType: 'text', content: '' }),
  // Not `sender`, which Graph fills in; a client that sets it too may be refused.
  from: Recipient.nullish().transform((recipient) => (recipient?.address ? recipient : null)),
  toRecipients: z.array(Recipient).default([]),
  ccRecipients: z.array(Recipient).default([]),
  bccRecipients: z.array(Recipient).default([]),
  replyTo: z.array(Recipient).default([]),
  internetMessageId: Text.default(null),
  importance: orElse(oneOf('low', 'normal', 'high'), 'normal'),
  isReadReceiptRequested: orElse(z.boolean(), false),
  isDeliveryReceiptRequested: orElse(z.boolean(), false),
  internetMessageHeaders: z.array(object({ name: TextOrEmpty, value: TextOrEmpty })).optional(),
  singleValueExtendedProperties: z.array(object({ id: z.string(), value: z.string() })).default([]),
  attachments: z.array(FileAttachment).default([]),
})

/** Microsoft's own sample passes the string "false", and the service accepts it. */
const SaveToSentItems = z.union([z.boolean(), oneOf('true', 'false').transform((text) => text === 'true')]).nullish()

/** A message as a client submits it, by JSON or by MIME. */
export interface Submitted {
  readonly content: Omit<StoredMessage, 'from' | 'sender' | 'internetMessageId' | 'attachments' | 'sentAt' | 'mime'>
  /** null: the message is from the mailbox. */
  readonly from: MailAddress | null
  readonly internetMessageId: string | null
  readonly attachments: readonly NewAttachment[]
  readonly saveToSentItems?: boolean
  readonly mime?: { readonly source: Buffer; readonly kind: NonNullable<StoredMessage['mime']>['kind'] }
}

type Recipients = Pick<StoredMessage, 'to' | 'cc' | 'bcc' | 'replyTo'>
export function isExtendedPropertyId(id: string): boolean {
  return EXTENDED_PROPERTY_ID.test(id)
}

/** Reads the body of the action `sendMail`. @throws GraphError */
export function readSendMail(payload: object): Submitted {
  const parameters = readParameters(payload, ['message', 'savetosentitems'])
  const saveToSentItems = parse(SaveToSentItems, parameters.get('savetosentitems'), 'SaveToSentItems') ?? true
  return { ...readMessage(requireParameter(parameters, 'message')), saveToSentItems }
}

/**
 * Reads the body that creates a draft, whose recipients and sender are checked when it is sent.
 *
 * @throws GraphError
 */
export function readMessage(payload: unknown): Submitted {
  const message = parse(Message, payload, 'message')
  const { subject, body, importance, internetMessageHeaders: headers, singleValueExtendedProperties } = message
  requireValidHeaders(headers)
  if (!singleValueExtendedProperties.every(({ id }) => isExtendedPropertyId(id))) {
    throw new GraphError('ErrorInvalidExtendedProperty')
  }
  return {
    from: message.from,
    internetMessageId: message.internetMessageId,
    content: {
      subject,
      body,
      importance,
      ...(message.isReadReceiptRequested && { readReceipt: true as const }),
      ...(message.isDeliveryReceiptRequested && { deliveryReceipt: true as const }),
      to: message.toRecipients,
      cc: message.ccRecipients,
      bcc: message.bccRecipients,
      replyTo: message.replyTo,
      headers: headers ?? [],
      extendedProperties: singleValueExtendedProperties,
    },
    attachments: message.attachments,
  }
}

/** Reads the body that adds an attachment to a draft. @throws GraphError */
export function readAttachment(payload: object): NewAttachment {
  return parse(FileAttachment, payload, 'attachment')
}

/** Reads the body of the action `createUploadSession`. @throws GraphError */
export function readUploadItem(payload: object) {
  return parse(AttachmentItem, requireParameter(readParameters(payload, ['attachmentitem']), 'attachmentitem'), 'item')
}

/** @throws GraphError when a message with these recipients cannot be sent */
export function requireRecipients({ to, cc, bcc, replyTo }: Recipients): void {
  const recipients = [...to, ...cc, ...bcc]
  if (recipients.length === 0) throw new GraphError('ErrorInvalidRecipients')
  if (recipients.length > MAX_RECIPIENTS) throw new GraphError('ErrorExceededMaxRecipientLimit')
  const wrong = [...recipients, ...replyTo].find(({ address }) => !/^[^\s@<>"]+@[^\s@<>"]+$/.test(address))
  if (wrong === undefined) return
  const message = `At least one recipient is not valid., Recipient '${wrong.address}' is not resolved.`
  throw new GraphError('ErrorInvalidRecipients', message)
}

/** Names of an action's parameters match in any case; names of properties do not. */
function readParameters(payload: object, known: readonly string[]): ReadonlyMap<string, unknown> {
  const parameters = new Map<string, unknown>()
  for (const [name, value] of Object.entries(payload)) {
    const parameter = name.toLowerCase()
    if (!known.includes(parameter) || parameters.has(parameter)) {
      throw new GraphError(
        'RequestBodyRead',
        `The parameter '${name}' in the request payload is not a valid parameter.`,
      )
    }
    parameters.set(parameter, value)
  }
  return parameters
}

function requireParameter(parameters: ReadonlyMap<string, unknown>, name: string): unknown {
  const value = parameters.get(name) ?? null
  if (value === null) throw new GraphError('ErrorInvalidParameter', `The parameter '${name}' is missing or null.`)
  return value
}

function requireValidHeaders(headers: z.infer<typeof Message>['internetMessageHeaders']): void {
  if (headers === undefined) return
  if (headers.length === 0 || headers.length > MAX_CUSTOM_HEADERS) {
    throw new GraphError('InvalidInternetMessageHeaderCollection')
  }
  const isValid = ({ name, value }: { name: string; value: string }) =>
    /^x-[!-9;-~]+$/i.test(name) && !/[\r\n\0]/.test(value)
  if (!headers.every(isValid)) throw new GraphError('InvalidInternetMessageHeader')
}

function parse<Output>(schema: z.ZodType<Output>, value: unknown, what: string): Output {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  throw new GraphError(
    'RequestBodyRead',
    `Cannot read '${[what, ...(issue?.path ?? [])].join('.')}': ${issue?.message}`,
  )
}
