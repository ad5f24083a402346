import { z } from 'zod'
import { EmailAddress } from './email-address.ts'
import type { Endpoint } from './endpoint.ts'

export const MAX_RECIPIENTS = 500 // of a message, as Exchange Online counts: to, cc and bcc together
export const MAX_HEADERS = 5 // Microsoft Graph refuses more
export const MAX_ATTACHMENTS = 100
/** What fits one request to Graph, encoded: Graph takes 4 MB, and the envelope needs its share. About 3 MB of attachments. */
export const MAX_REQUEST_BYTES = 4_000_000
const MAX_SUBJECT_CHARACTERS = 255
const MAX_NAME_CHARACTERS = 256
const MAX_FILE_NAME_CHARACTERS = 255
const MAX_REFERENCE_CHARACTERS = 512
const MAX_HEADER_VALUE_CHARACTERS = 996 // a line of RFC 5322, less the shortest name and the colon
const MAX_REPLY_TO = 25
const MAX_BODY_CHARACTERS = 6 * 1024 * 1024

export const MessageId = z.string().regex(/^msg_[0-9a-f]{32}$/, 'Not the id of a message.')

export const MessageStatus = z.enum(['scheduled', 'queued', 'sending', 'sent', 'failed', 'held', 'cancelled'])
export type MessageStatus = z.infer<typeof MessageStatus>

export const HeldBecause = z.enum([
  'not-configured',
  'reconnect-required',
  'large-attachments-disabled',
  'app-misconfigured',
])
export type HeldBecause = z.infer<typeof HeldBecause>

export const AttemptOutcome = z.enum(['sent', 'throttled', 'unavailable', 'refused', 'unknown'])
export type AttemptOutcome = z.infer<typeof AttemptOutcome>

/**
 * Why a message failed for good. A closed list.
 *
 * - `send-as-denied`, `mailbox-not-found`, `recipient-refused`, `message-refused`, `message-too-large`,
 *   `sending-limit-reached`: Microsoft's answer, sorted
 * - `gave-up`: trouble that should have passed did not
 * - `outcome-unknown`: it may have been sent, and the message asked not to risk a second copy
 */
export const MessageProblemCode = z.enum([
  'send-as-denied',
  'mailbox-not-found',
  'recipient-refused',
  'message-refused',
  'message-too-large',
  'sending-limit-reached',
  'gave-up',
  'outcome-unknown',
])
export type MessageProblemCode = z.infer<typeof MessageProblemCode>

export const MessageProblem = z.strictObject({
  code: MessageProblemCode,
  title: z.string(),
  detail: z.string(),
  /** Graph's `error.code`, or null when the answer carried none. */
  microsoftCode: z.string().nullable(),
  /** Graph's `request-id`, for a support request at Microsoft. */
  requestId: z.string().nullable(),
})
export type MessageProblem = z.infer<typeof MessageProblem>

export const Recipient = z.strictObject({ address: EmailAddress, name: z.string().exactOptional() })
export type Recipient = z.infer<typeof Recipient>

export const MessageAttempt = z.strictObject({
  at: z.iso.datetime(),
  outcome: AttemptOutcome,
  code: z.string().nullable(),
  detail: z.string(),
})
export type MessageAttempt = z.infer<typeof MessageAttempt>

export const Message = z.strictObject({
  id: MessageId,
  status: MessageStatus,
  /** The sender it left from, or would leave from now; null while none is configured. */
  from: EmailAddress.nullable(),
  to: z.array(Recipient),
  subject: z.string(),
  reference: z.string().nullable(),
  createdAt: z.iso.datetime(),
  sendAt: z.iso.datetime().nullable(),
  nextAttemptAt: z.iso.datetime().nullable(),
  sentAt: z.iso.datetime().nullable(),
  /** The latest ones, oldest first. */
  attempts: z.array(MessageAttempt),
  heldBecause: HeldBecause.nullable(),
  possibleDuplicate: z.boolean(),
  progress: z.strictObject({ sentBytes: z.int(), totalBytes: z.int() }).nullable(),
  problem: MessageProblem.nullable(),
})
export type Message = z.infer<typeof Message>

/** A field that becomes one line of a header: nothing in it may start another line, hide, or be half a character. */
function singleLine(maxCharacters: number) {
  return z
    .string()
    .max(maxCharacters, `At most ${maxCharacters} characters.`)
    .refine(
      (value) => !/[\p{Cc}\u2028\u2029]/u.test(value),
      'Line breaks and other control characters are not allowed here.',
    )
    .refine((value) => value.isWellFormed(), 'Half of a surrogate pair is not allowed here.')
}

/** `"a@b.example"` or `{ "address": "a@b.example", "name": "A" }`. */
const RecipientInput = z
  .union(
    [EmailAddress, z.strictObject({ address: EmailAddress, name: singleLine(MAX_NAME_CHARACTERS).exactOptional() })],
    {
      error: 'An address, or an object with address and name.',
    },
  )
  .transform((value): Recipient => (typeof value === 'string' ? { address: value } : value))

const Recipients = z.array(RecipientInput).default([])

const ContentType = singleLine(MAX_FILE_NAME_CHARACTERS).regex(
  /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;.*)?$/,
  'A media type such as application/pdf.',
)
const ContentId = singleLine(MAX_FILE_NAME_CHARACTERS).regex(/^[^\s<>]+$/, 'No spaces or angle brackets.')
const FileName = singleLine(MAX_FILE_NAME_CHARACTERS).min(1, 'A file name is needed.')

const InlineContent = z.strictObject({
  filename: FileName,
  contentType: ContentType.default('application/octet-stream'),
  content: z.base64('Not base64.'),
  /** Makes it an inline image that the HTML shows by `cid:`. */
  contentId: ContentId.exactOptional(),
})

/** About the part `attachment` of that number, counted from 0; multipart only. */
const PartReference = z.strictObject({
  part: z
    .int()
    .min(0)
    .max(MAX_ATTACHMENTS - 1),
  filename: FileName.exactOptional(),
  contentType: ContentType.exactOptional(),
  contentId: ContentId.exactOptional(),
  /** Refuses the message when the part arrives with another content; hex. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, 'A SHA-256 in hex.')
    .exactOptional(),
})

const Headers = z
  .record(
    z
      .string()
      .regex(/^x-[\w!#$%&'*+.^`|~-]+$/i, 'Only names that begin with x- are allowed.')
      .max(76, 'At most 76 characters.')
      .refine((name) => !/^x-ms-/i.test(name), 'Names that begin with x-ms- are Microsoft’s own.'),
    singleLine(MAX_HEADER_VALUE_CHARACTERS),
  )
  .refine((headers) => Object.keys(headers).length <= MAX_HEADERS, `At most ${MAX_HEADERS} headers.`)

export const MessageInput = z
  .strictObject({
    to: Recipients,
    cc: Recipients,
    bcc: Recipients,
    replyTo: z.array(RecipientInput).max(MAX_REPLY_TO, `At most ${MAX_REPLY_TO} addresses.`).default([]),
    from: EmailAddress.exactOptional(),
    subject: singleLine(MAX_SUBJECT_CHARACTERS),
    html: z.string().max(MAX_BODY_CHARACTERS).exactOptional(),
    text: z.string().max(MAX_BODY_CHARACTERS).exactOptional(),
    attachments: z
      .array(z.union([InlineContent, PartReference]))
      .max(MAX_ATTACHMENTS, `At most ${MAX_ATTACHMENTS} attachments.`)
      .default([]),
    headers: Headers.default({}),
    importance: z.enum(['low', 'normal', 'high']).default('normal'),
    saveToSentItems: z.boolean().default(true),
    sendAt: z.iso
      .datetime({ offset: true, error: 'A date and time with a zone, such as 2026-11-25T06:00:00Z.' })
      .exactOptional(),
    onUnknownOutcome: z.enum(['retry', 'stop']).default('retry'),
    reference: singleLine(MAX_REFERENCE_CHARACTERS).exactOptional(),
  })
  .refine((message) => countRecipients(message) > 0, {
    path: ['to'],
    error: 'At least one recipient is needed, in to, cc or bcc.',
    when: always,
  })
  .refine((message) => countRecipients(message) <= MAX_RECIPIENTS, {
    path: ['to'],
    error: ({ input }) =>
      `At most ${MAX_RECIPIENTS} recipients in to, cc and bcc together; there are ${countRecipients(input)}.`,
    when: always,
  })
  .refine((message) => isObject(message) && (message['html'] !== undefined || message['text'] !== undefined), {
    path: ['html'],
    error: 'At least one of html and text is needed.',
    when: always,
  })
export type MessageInput = z.infer<typeof MessageInput>

/** These look at the message as a whole, also when a field of it is faulty: all faults are named at once. */
function always(): boolean {
  return true
}

function countRecipients(message: unknown): number {
  if (!isObject(message)) return 0
  return ['to', 'cc', 'bcc'].reduce(
    (sum, field) => sum + (Array.isArray(message[field]) ? message[field].length : 0),
    0,
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

const MessageParams = z.strictObject({ id: MessageId })

export const submitMessage = {
  method: 'POST',
  path: '/api/v1/messages',
  body: MessageInput,
  status: 202,
  response: Message,
} as const satisfies Endpoint

export const readMessage = {
  method: 'GET',
  path: '/api/v1/messages/:id',
  params: MessageParams,
  status: 200,
  response: Message,
} as const satisfies Endpoint

export const listMessages = {
  method: 'GET',
  path: '/api/v1/messages',
  query: z.strictObject({
    status: MessageStatus.exactOptional(),
    cursor: z.string().max(200).exactOptional(),
    limit: z.coerce.number().int().min(1, 'At least 1.').max(100, 'At most 100.').default(50),
  }),
  status: 200,
  response: z.strictObject({ items: z.array(Message), nextCursor: z.string().nullable() }),
} as const satisfies Endpoint

export const cancelMessage = {
  method: 'POST',
  path: '/api/v1/messages/:id/cancel',
  params: MessageParams,
  status: 200,
  response: Message,
} as const satisfies Endpoint

export const retryMessage = {
  method: 'POST',
  path: '/api/v1/messages/:id/retry',
  params: MessageParams,
  status: 200,
  response: Message,
} as const satisfies Endpoint

export const sendTestMessage = {
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/test-message',
  /** Without `to` it goes to the signed-in admin. */
  body: z.strictObject({ to: EmailAddress.exactOptional() }),
  status: 202,
  response: z.strictObject({ messageId: MessageId }),
} as const satisfies Endpoint

/** What is left of one limit of the mailbox; null where the limit is switched off. */
const Allowance = z.strictObject({ limit: z.int(), left: z.int() }).nullable()

export const Usage = z.strictObject({
  messagesPerMinute: Allowance,
  recipientsPerDay: Allowance,
  uploadBytesPer5Minutes: Allowance,
  concurrentRequests: Allowance,
  /** Until when Microsoft asked to pause; null when it did not. */
  pausedUntil: z.iso.datetime().nullable(),
  waitingMessages: z.int(),
  /** When the last waiting message leaves at this rate; null when none waits, or when that cannot be told. */
  estimatedLastSentAt: z.iso.datetime().nullable(),
})
export type Usage = z.infer<typeof Usage>

export const readUsage = {
  method: 'GET',
  path: '/api/v1/tenant-settings/office365-smtp/usage',
  status: 200,
  response: Usage,
} as const satisfies Endpoint
