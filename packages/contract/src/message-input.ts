import { z } from 'zod'
import { bounded } from './bounded.ts'
import { EmailAddress, emailAddressFault, MAX_ADDRESS_CHARACTERS } from './email-address.ts'
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

/** An address, whose refusal shows how a name beside it is given: `Ada <a@b.example>` is a form of mail headers. */
const RecipientAddress = z.string().refine((value) => emailAddressFault(value) === null, {
  error: ({ input }) => namedFault(String(input)) ?? emailAddressFault(String(input)),
})

function namedFault(value: string): string | null {
  if (value.length > MAX_ADDRESS_CHARACTERS + MAX_NAME_CHARACTERS) return null
  const [, name = '', address = ''] = /^\s*"?([^"<>\\\p{Cc}]+?)"?\s*<([^<>]+)>\s*$/u.exec(value) ?? []
  return emailAddressFault(address) === null ? fault('address-named', { name: name.trim(), address }) : null
}

export const RecipientInput = z
  .union(
    [
      RecipientAddress,
      z.strictObject({
        address: RecipientAddress.meta({ description: 'The mail address.', examples: ['cfo@contoso.com'] }),
        name: singleLine(MAX_NAME_CHARACTERS)
          .exactOptional()
          .meta({ description: 'The name to show beside it.', examples: ['Clara Fuchs'] }),
      }),
    ],
    {
      error: fault('address-or-object'),
    },
  )
  .transform((value): Recipient => (typeof value === 'string' ? { address: value } : value))
  .meta({
    description: 'An address alone, or with the name to show beside it.',
    examples: ['cfo@contoso.com', { address: 'cfo@contoso.com', name: 'Clara Fuchs' }],
  })

const ADDRESS_LIST = fault('address-list')

function addressList() {
  return z.array(RecipientInput, { error: ADDRESS_LIST })
}

function recipients(field: string, examples: readonly string[]) {
  return bounded(addressList(), MAX_RECIPIENTS, tooManyRecipients)
    .default([])
    .meta({
      description: `The recipients in ${field}. In to, cc and bcc together at least 1 and at most ${MAX_RECIPIENTS}.`,
      examples: [[...examples]],
    })
}

const ContentType = singleLine(MAX_FILE_NAME_CHARACTERS)
  .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;.*)?$/, fault('media-type'))
  .exactOptional()
  .meta({
    description: 'The media type. Left out: by the ending of the file name, else application/octet-stream.',
    examples: ['application/pdf'],
  })
const ContentId = singleLine(MAX_FILE_NAME_CHARACTERS)
  .regex(/^[^\s<>]+$/, fault('content-id'))
  .exactOptional()
  .meta({
    description: 'Makes the attachment an inline image, which the HTML shows by cid: and this.',
    examples: ['logo'],
  })
const FileName = singleLine(MAX_FILE_NAME_CHARACTERS)
  .min(1, fault('file-name-missing'))
  .meta({ description: 'The file name that recipients see.', examples: ['q3.pdf'] })

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
    contentType: ContentType,
    content: z
      .string({ error: fault('base64-missing') })
      .overwrite((text) => text.replaceAll(/[\r\n]/g, ''))
      .check(z.base64({ error: fault('not-base64') }))
      .meta({ description: 'The file in base64; line breaks in it do not count.', examples: ['JVBERi0xLjcK'] }),
    contentId: ContentId,
  },
  { error: orElse('part', 'sha256') },
)

export const PartReference = z.strictObject(
  {
    part: z
      .int(fault('part-number'))
      .min(0)
      .max(MAX_ATTACHMENTS - 1)
      .meta({
        description: 'The number of a part attachment of the multipart request, counted from 0.',
        examples: [0],
      }),
    filename: FileName.exactOptional(),
    contentType: ContentType,
    contentId: ContentId,
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, fault('sha256'))
      .exactOptional()
      .meta({
        description: 'Its SHA-256 in hex: the message is refused when the part has other content.',
        examples: ['a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a447'],
      }),
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
    to: recipients('To', ['cfo@contoso.com']),
    cc: recipients('Cc', []),
    bcc: recipients('Bcc, whom the others do not see', []),
    replyTo: bounded(addressList(), MAX_REPLY_TO, fault('too-many-addresses', { max: MAX_REPLY_TO }))
      .default([])
      .meta({ description: 'Where answers go.', examples: [['finance@contoso.com']] }),
    from: EmailAddress.exactOptional().meta({
      description: 'The sender, for a check: any other than the connected one is refused. Left out: the connected one.',
      examples: ['reports@contoso.com'],
    }),
    subject: singleLine(MAX_SUBJECT_CHARACTERS).meta({ description: 'The subject.', examples: ['Q3 results'] }),
    html: z
      .string()
      .max(MAX_BODY_CHARACTERS)
      .exactOptional()
      .meta({
        description: 'The body as HTML. Microsoft Graph carries one body: where there is html, text is not sent.',
        examples: ['<p>The results are attached.</p>'],
      }),
    text: z
      .string()
      .max(MAX_BODY_CHARACTERS)
      .exactOptional()
      .meta({
        description: 'The body as plain text, for a message without html: beside html it is not sent.',
        examples: ['The results are attached.'],
      }),
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
    )
      .default([])
      .meta({
        description: 'Its files: here in base64, or as the parts of a multipart request.',
        examples: [[{ filename: 'q3.pdf', content: 'JVBERi0xLjcK' }]],
      }),
    headers: Headers.default({}).meta({
      description: 'Headers to add, whose names begin with x-.',
      examples: [{ 'x-report-id': '42' }],
    }),
    importance: z
      .enum(['low', 'normal', 'high'])
      .default('normal')
      .meta({ description: 'The importance that recipients see.', examples: ['high'] }),
    saveToSentItems: z
      .boolean()
      .default(true)
      .meta({ description: 'Whether a copy stays in Sent Items of the sender.', examples: [false] }),
    sendAt: Moment.exactOptional().meta({
      description: 'The message is not sent before this time, at most 366 days ahead. Left out: at once.',
      examples: ['2026-11-25T06:00:00Z'],
    }),
    priority: MessagePriority.default('normal'),
    expiresAt: Moment.exactOptional().meta({
      description:
        'A message that has not left by this time is not sent any more: it fails with the problem expired. It has to be later than now and than sendAt, and at most 366 days ahead.',
      examples: ['2026-11-25T18:00:00Z'],
    }),
    requestReadReceipt: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether to ask recipients to confirm that they have read it.', examples: [true] }),
    requestDeliveryReceipt: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether to ask the recipients’ servers to confirm its delivery.', examples: [true] }),
    onUnknownOutcome: z
      .enum(['retry', 'stop'])
      .default('retry')
      .meta({
        description:
          'What to do when Microsoft’s answer was lost and the mailbox cannot tell whether the message left. retry: send it again, marked as a possible duplicate. stop: fail with the problem outcome-unknown.',
        examples: ['stop'],
      }),
    reference: singleLine(MAX_REFERENCE_CHARACTERS)
      .exactOptional()
      .meta({ description: 'What the service calls the message: it can be found by it.', examples: ['report-4711'] }),
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
  .meta({
    description: 'A message to submit.',
    examples: [
      {
        to: [{ address: 'cfo@contoso.com', name: 'Clara Fuchs' }],
        subject: 'Q3 results',
        html: '<p>The results are attached.</p>',
        attachments: [{ filename: 'q3.pdf', content: 'JVBERi0xLjcK' }],
        reference: 'report-4711',
      },
    ],
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
  .meta({
    description: 'The same content under the same key, within 24 hours, is answered with the first message.',
    examples: ['report-4711'],
  })

const LOCATION = 'The address of the message.'
const REPLAYED = 'The value true where the Idempotency-Key was used before, so that nothing new was stored.'

const SUBMIT_PROBLEMS = [
  'message-too-large',
  'idempotency-key-reused',
  'sender-not-allowed',
  'recipient-not-allowed',
  'large-attachments-disabled',
  'storage-full',
] as const

export const submitMessage = {
  operation: 'submitMessage',
  summary: 'Submits a message for delivery.',
  description:
    'The answer comes once the message is on disk; it is then delivered once, whatever happens to the process, the database or Microsoft in between. Send an Idempotency-Key, so that a request whose answer was lost can be repeated. Large attachments come as parts of multipart/form-data and are not limited by the 6 MiB of a JSON body.',
  method: 'POST',
  path: '/api/v1/messages',
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
  problems: SUBMIT_PROBLEMS,
} as const satisfies Endpoint

const MAX_MESSAGES_IN_A_BATCH = 100
const BATCH = fault('message-list', { max: MAX_MESSAGES_IN_A_BATCH })

function batchOf<Each extends z.ZodType>(message: Each) {
  return z.strictObject({
    messages: bounded(z.array(message, { error: BATCH }).min(1, BATCH), MAX_MESSAGES_IN_A_BATCH, BATCH).meta({
      description: 'The messages, without parts.',
    }),
  })
}

/** A batch whose messages are not looked into yet. */
export const MessageBatch = batchOf(z.unknown())

export const submitMessages = {
  operation: 'submitMessages',
  summary: 'Submits up to 100 messages: all of them are accepted, or none.',
  description:
    'All or nothing: either every message is stored, or none, with the faults of all by path, such as messages[3].to[0]. One Idempotency-Key stands for the whole batch. For up to 100 messages without parts, in 6 MiB of JSON.',
  method: 'POST',
  path: '/api/v1/messages/batch',
  scope: 'messages:send',
  headers: z.looseObject({ 'Idempotency-Key': IdempotencyKey.exactOptional() }),
  body: batchOf(MessageInput),
  status: 202,
  response: z.strictObject({
    items: z.array(Message).meta({ description: 'The messages, in the order of the request.' }),
  }),
  answer:
    'Stored, in the order of the request: each will be delivered once. With a used Idempotency-Key, the first messages as they stand.',
  answerHeaders: { 'Idempotency-Replayed': REPLAYED },
  problems: SUBMIT_PROBLEMS,
} as const satisfies Endpoint

export const sendTestMessage = {
  operation: 'sendTestMessage',
  summary: 'Sends a test mail from the connected mailbox.',
  description:
    'Goes through the queue like any message, so that it proves the whole way. Without to it goes to the signed-in admin.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/test-message',
  session: 'workspace-admin',
  body: z.strictObject({
    to: EmailAddress.exactOptional().meta({
      description: 'Who gets the mail. Left out: the signed-in admin.',
      examples: ['ada@contoso.com'],
    }),
  }),
  status: 202,
  response: z.strictObject({ messageId: MessageId }),
  answer: 'Stored: it will be delivered like any message.',
  answerHeaders: { Location: LOCATION },
  problems: ['not-configured', 'recipient-not-allowed', 'storage-full'],
} as const satisfies Endpoint
