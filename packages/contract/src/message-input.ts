import { z } from 'zod'
import { bounded } from './bounded.ts'
import { EmailAddress } from './email-address.ts'
import type { Endpoint } from './endpoint.ts'
import { Message, MessageId, MessagePriority, type Recipient } from './message.ts'
import { Moment } from './moment.ts'
import { fault } from './fault-text.ts'

export const MAX_RECIPIENTS = 500 // Exchange Online counts to, cc and bcc together
export const MAX_HEADERS = 5 // Microsoft Graph refuses more
export const MAX_ATTACHMENTS = 100
/** Graph takes requests of 4 MB. Microsoft does not say which reading of it holds; the smaller one is safe. */
export const CERTAIN_REQUEST_BYTES = 4_000_000
/** The larger reading of 4 MB: Graph takes no longer request. About 3 MB of attachments fit in base64. */
export const MAX_REQUEST_BYTES = 4_194_304
/** Shorter requests do not count against the limit of uploads. */
export const COUNTED_FROM_BYTES = 64 * 1024
/** Above this stored size, files may have to be uploaded one after the other, which can take minutes. */
export const LARGE_FROM_BYTES = 3_000_000
export const MAX_SUBJECT_CHARACTERS = 255
const MAX_NAME_CHARACTERS = 256
export const MAX_FILE_NAME_CHARACTERS = 255
const MAX_REFERENCE_CHARACTERS = 512
const MAX_HEADER_VALUE_CHARACTERS = 996 // a line of RFC 5322 without the shortest name and the colon
const MAX_REPLY_TO = 25
const MAX_BODY_CHARACTERS = 6 * 1024 * 1024

/** A field that becomes one header line: no line breaks, no control characters, no lone surrogates. */
function singleLine(maxCharacters: number) {
  return z
    .string()
    .max(maxCharacters, fault('too-long', { max: maxCharacters }))
    .refine((value) => !/[\p{Cc}\u2028\u2029]/u.test(value), fault('line-breaks'))
    .refine((value) => value.isWellFormed(), fault('half-surrogate'))
}

/** `"a@b.example"` or `{ "address": "a@b.example", "name": "A" }`. */
export const RecipientInput = z
  .union(
    [EmailAddress, z.strictObject({ address: EmailAddress, name: singleLine(MAX_NAME_CHARACTERS).exactOptional() })],
    {
      error: fault('address-or-object'),
    },
  )
  .transform((value): Recipient => (typeof value === 'string' ? { address: value } : value))

const ADDRESS_LIST = fault('address-list')

function addressList() {
  return z.array(RecipientInput, { error: ADDRESS_LIST })
}

const Recipients = bounded(addressList(), MAX_RECIPIENTS, tooManyRecipients).default([])

const ContentType = singleLine(MAX_FILE_NAME_CHARACTERS).regex(
  /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;.*)?$/,
  fault('media-type'),
)
const ContentId = singleLine(MAX_FILE_NAME_CHARACTERS).regex(/^[^\s<>]+$/, fault('content-id'))
const FileName = singleLine(MAX_FILE_NAME_CHARACTERS).min(1, fault('file-name-missing'))

function isEachOnce(names: readonly string[]): boolean {
  return new Set(names).size === names.length
}

const EITHER = fault('attachment-either')

/** Explains an unknown key that the other kind of attachment would have. */
function orElse(...fieldsOfTheOther: readonly string[]) {
  return ({ keys }: { readonly code: string; readonly keys?: unknown }) =>
    Array.isArray(keys) && keys.every((key) => fieldsOfTheOther.includes(key)) ? EITHER : undefined
}

export const InlineContent = z.strictObject(
  {
    filename: FileName,
    contentType: ContentType.default('application/octet-stream'),
    content: z.base64({
      error: ({ input }) => (input === undefined ? fault('base64-missing') : fault('not-base64')),
    }),
    /** Makes the attachment an inline image, which the HTML shows by `cid:`. */
    contentId: ContentId.exactOptional(),
  },
  { error: orElse('part', 'sha256') },
)

/** Refers to a part `attachment` of a multipart request by its number, counted from 0. */
export const PartReference = z.strictObject(
  {
    part: z
      .int(fault('part-number'))
      .min(0)
      .max(MAX_ATTACHMENTS - 1),
    filename: FileName.exactOptional(),
    contentType: ContentType.exactOptional(),
    contentId: ContentId.exactOptional(),
    /** In hex; the message is refused when the part has other content. */
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, fault('sha256'))
      .exactOptional(),
  },
  { error: orElse('content') },
)

const Headers = bounded(
  z
    .record(
      z
        .string()
        .regex(/^[xX]-[\w!#$%&'*+.^`|~-]+$/, fault('header-name'))
        .max(76, fault('too-long', { max: 76 }))
        .refine((name) => !/^x-ms-/i.test(name), fault('header-of-microsoft')),
      singleLine(MAX_HEADER_VALUE_CHARACTERS),
      { error: fault('header-list') },
    )
    .refine((headers) => isEachOnce(Object.keys(headers).map((name) => name.toLowerCase())), fault('header-twice')),
  MAX_HEADERS,
  fault('too-many-headers', { max: MAX_HEADERS }),
)

export const MessageInput = z
  .strictObject({
    to: Recipients,
    cc: Recipients,
    bcc: Recipients,
    replyTo: bounded(addressList(), MAX_REPLY_TO, fault('too-many-addresses', { max: MAX_REPLY_TO })).default([]),
    from: EmailAddress.exactOptional(),
    subject: singleLine(MAX_SUBJECT_CHARACTERS),
    html: z
      .string()
      .max(MAX_BODY_CHARACTERS)
      .exactOptional()
      .describe('The body as HTML. Microsoft Graph carries one body: where there is html, text is not sent.'),
    text: z
      .string()
      .max(MAX_BODY_CHARACTERS)
      .exactOptional()
      .describe('The body as plain text, for a message without html: beside html it is not sent.'),
    attachments: bounded(
      z
        .array(z.union([InlineContent, PartReference], { error: fault('attachment') }), {
          error: fault('attachment-list'),
        })
        .refine(
          (attachments) => isEachOnce(attachments.flatMap(({ contentId }) => contentId ?? [])),
          fault('content-id-twice'),
        ),
      MAX_ATTACHMENTS,
      fault('too-many-attachments', { max: MAX_ATTACHMENTS }),
    ).default([]),
    headers: Headers.default({}),
    importance: z.enum(['low', 'normal', 'high']).default('normal'),
    saveToSentItems: z.boolean().default(true),
    sendAt: Moment.exactOptional(),
    priority: MessagePriority.default('normal').describe(
      'Which messages of the mailbox leave first. What recipients see is importance.',
    ),
    expiresAt: Moment.exactOptional().describe(
      'A message that has not left by this time is not sent any more: it fails with the problem expired. It has to be later than now and than sendAt.',
    ),
    requestReadReceipt: z.boolean().default(false),
    requestDeliveryReceipt: z.boolean().default(false),
    onUnknownOutcome: z.enum(['retry', 'stop']).default('retry'),
    reference: singleLine(MAX_REFERENCE_CHARACTERS).exactOptional(),
  })
  .refine((message) => countRecipients(message) !== 0, {
    path: ['to'],
    error: fault('no-recipient'),
    when: always,
  })
  .refine((message) => (countRecipients(message) ?? 0) <= MAX_RECIPIENTS, {
    path: ['to'],
    error: ({ input }) => tooManyRecipients(countRecipients(input) ?? 0),
    when: always,
  })
  .refine((message) => isObject(message) && (message['html'] !== undefined || message['text'] !== undefined), {
    path: ['html'],
    error: fault('no-body'),
    when: always,
  })
export type MessageInput = z.infer<typeof MessageInput>

/** Checks of the whole message run even when a field is faulty, so that all faults are reported at once. */
function always(): boolean {
  return true
}

/** Returns null where to, cc or bcc is no list, or a list that is too long: that fault is reported already. */
function countRecipients(message: unknown): number | null {
  if (!isObject(message)) return 0
  let count = 0
  for (const field of [message['to'], message['cc'], message['bcc']]) {
    if (field === undefined) continue
    if (!Array.isArray(field) || field.length > MAX_RECIPIENTS) return null
    count += field.length
  }
  return count
}

function tooManyRecipients(count: number): string {
  return fault('too-many-recipients', { max: MAX_RECIPIENTS, count: count })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, fault('idempotency-key'))
  .describe('The same content under the same key, within 24 hours, is answered with the first message.')

const LOCATION = 'The address of the message.'
const REPLAYED = 'The value true where the Idempotency-Key was used before, so that nothing new was stored.'

export const submitMessage = {
  operation: 'submitMessage',
  summary: 'Submits a message for delivery.',
  method: 'POST',
  path: '/api/v1/messages',
  session: null,
  scope: 'messages:send',
  headers: z.looseObject({ 'Idempotency-Key': IdempotencyKey.exactOptional() }),
  takesAttachments: true,
  body: MessageInput,
  status: 202,
  response: Message,
  answer: 'Stored: it will be delivered once. With a used Idempotency-Key, the first message as it stands.',
  answerHeaders: {
    Location: LOCATION,
    'Idempotency-Replayed': REPLAYED,
  },
  problems: [
    'message-too-large',
    'idempotency-key-reused',
    'sender-not-allowed',
    'recipient-not-allowed',
    'large-attachments-disabled',
    'storage-full',
  ],
} as const satisfies Endpoint

const MAX_MESSAGES_IN_A_BATCH = 100
const BATCH = fault('message-list', { max: MAX_MESSAGES_IN_A_BATCH })

function batchOf<Each extends z.ZodType>(message: Each) {
  return z.strictObject({
    messages: bounded(z.array(message, { error: BATCH }).min(1, BATCH), MAX_MESSAGES_IN_A_BATCH, BATCH),
  })
}

/** A batch whose messages are not looked into yet. */
export const MessageBatch = batchOf(z.unknown())

export const submitMessages = {
  operation: 'submitMessages',
  summary: 'Submits up to 100 messages: all of them are accepted, or none.',
  method: 'POST',
  path: '/api/v1/messages/batch',
  session: null,
  scope: 'messages:send',
  headers: z.looseObject({ 'Idempotency-Key': IdempotencyKey.exactOptional() }),
  body: batchOf(MessageInput),
  status: 202,
  response: z.strictObject({ items: z.array(Message) }),
  answer:
    'Stored, in the order of the request: each will be delivered once. With a used Idempotency-Key, the first messages as they stand.',
  answerHeaders: { 'Idempotency-Replayed': REPLAYED },
  problems: [
    'message-too-large',
    'idempotency-key-reused',
    'sender-not-allowed',
    'recipient-not-allowed',
    'large-attachments-disabled',
    'storage-full',
  ],
} as const satisfies Endpoint

export const sendTestMessage = {
  operation: 'sendTestMessage',
  summary: 'Sends a test mail from the connected mailbox.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/test-message',
  session: 'workspace-admin',
  scope: null,
  /** Without `to` the mail goes to the signed-in admin. */
  body: z.strictObject({ to: EmailAddress.exactOptional() }),
  status: 202,
  response: z.strictObject({ messageId: MessageId }),
  answer: 'Stored: it will be delivered like any message.',
  answerHeaders: { Location: LOCATION },
  problems: ['not-configured', 'recipient-not-allowed', 'storage-full'],
} as const satisfies Endpoint
