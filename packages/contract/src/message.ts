import { z } from 'zod'
import { EmailAddress } from './email-address.ts'
import type { Endpoint } from './endpoint.ts'
import { FACTS, Values } from './values.ts'
import { prefixedId, TextOrNull, Time } from './fields.ts'

export const MessageId = prefixedId('msg', { what: 'a message', example: '0f3c9a52b7e84d16a1c2d3e4f5061728' })

export const MessageStatus = z.enum(['scheduled', 'queued', 'sending', 'sent', 'failed', 'held', 'cancelled']).meta({
  description: 'How far the message has come. sent: Microsoft accepted it. held: it waits until somebody acts.',
  examples: ['queued', 'sent'],
})
export type MessageStatus = z.infer<typeof MessageStatus>

export const HeldBecause = z.enum([
  'not-configured',
  'reconnect-required',
  'large-attachments-disabled',
  'app-misconfigured',
  'mailbox-refused',
])
export type HeldBecause = z.infer<typeof HeldBecause>

/**
 * Why a queued message is still waiting. A closed list.
 *
 * - `mailbox-paused`: nothing is sent from the mailbox for now; `pausedBecause` of its usage says why
 * - `messages-per-minute`, `recipients-per-day`, `uploads-per-5-minutes`, `requests-at-once`: a limit of the mailbox
 * - `retry`: an attempt failed, or its outcome is unknown, and the next one is due later
 * - `no-worker`: no process of the installation sends
 */
export const WaitingBecause = z.enum([
  'mailbox-paused',
  'messages-per-minute',
  'recipients-per-day',
  'uploads-per-5-minutes',
  'requests-at-once',
  'retry',
  'no-worker',
])
export type WaitingBecause = z.infer<typeof WaitingBecause>

export const AttemptOutcome = z.enum(['sent', 'throttled', 'unavailable', 'refused', 'unknown'])
export type AttemptOutcome = z.infer<typeof AttemptOutcome>

/**
 * Says why a message failed for good. The list is closed.
 *
 * - `send-as-denied`, `mailbox-not-found`, `recipient-refused`, `message-refused`, `message-too-large`,
 *   `sending-limit-reached`: Microsoft refused it for this reason; `message-refused` also where it was refused three times
 *   while others left, whatever the reason
 * - `gave-up`: temporary trouble lasted for 24 hours
 * - `outcome-unknown`: it may have been sent, and is not tried again because it asked not to risk a second copy, its 24
 *   hours are over, or its content can no longer be opened
 * - `content-lost`: its content can no longer be opened because the vault key is lost
 * - `not-resent`: it waited in a backup that was restored without sending anything again
 * - `expired`: it had not left by its `expiresAt`
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
  'content-lost',
  'not-resent',
  'expired',
])
export type MessageProblemCode = z.infer<typeof MessageProblemCode>

export const MessageProblem = z.strictObject({
  code: MessageProblemCode.meta({ description: 'Why the message failed.', examples: ['recipient-refused'] }),
  values: Values.meta({ description: FACTS }),
  title: z.string().meta({
    description: 'What happened, in a few words.',
    examples: ['Microsoft refused a recipient'],
  }),
  detail: z.string().meta({
    description: 'What happened, then who does what about it and where; may contain absolute URLs.',
    examples: ['Microsoft refused a recipient. The service corrects the addresses and submits the message again.'],
  }),
  microsoftCode: TextOrNull.meta({
    description: 'Microsoft Graph’s error code; null when its answer carried none.',
    examples: ['ErrorInvalidRecipients', null],
  }),
  requestId: TextOrNull.meta({
    description: 'Microsoft Graph’s request-id, for a support request at Microsoft; null when there is none.',
    examples: ['0b5e2f6e-93b4-4a0f-8f55-4c1f3a3d9e21', null],
  }),
})
export type MessageProblem = z.infer<typeof MessageProblem>

export const Recipient = z.strictObject({
  address: EmailAddress.meta({ description: 'The mail address.', examples: ['cfo@contoso.com'] }),
  name: z
    .string()
    .exactOptional()
    .meta({ description: 'The name shown beside it.', examples: ['Clara Fuchs'] }),
})
export type Recipient = z.infer<typeof Recipient>

export const MessagePriority = z.enum(['high', 'normal', 'low']).meta({
  description: 'Which messages of the mailbox leave first. What recipients see is importance.',
  examples: ['normal', 'high'],
})
export type MessagePriority = z.infer<typeof MessagePriority>

export const Attachment = z.strictObject({
  filename: z.string().meta({ description: 'The name of the file.', examples: ['q3.pdf'] }),
  contentType: z.string().meta({ description: 'Its media type.', examples: ['application/pdf'] }),
  sizeBytes: z.int().meta({ description: 'Its size in bytes, before encoding.', examples: [48213] }),
  inline: z.boolean().meta({ description: 'Whether the HTML shows it by cid:.', examples: [false, true] }),
})
export type Attachment = z.infer<typeof Attachment>

/**
 * What became of a message for one of its recipients after Microsoft had accepted it.
 *
 * - `unknown`: nobody reports it, or no report came within 24 hours
 * - `pending`: a report is awaited
 * - `delivered`, `expanded` (to the members of a list), `failed`, `quarantined`, `spam`: by a report of Microsoft
 */
export const Delivery = z
  .enum(['unknown', 'pending', 'delivered', 'expanded', 'failed', 'quarantined', 'spam'])
  .meta({ description: 'What became of the message for this recipient.', examples: ['unknown', 'delivered'] })
export type Delivery = z.infer<typeof Delivery>

/** What tells what became of a message: non-delivery reports in the inbox, or Exchange's message trace. */
export const DeliverySource = z.enum(['bounce', 'trace'])
export type DeliverySource = z.infer<typeof DeliverySource>

const RecipientKind = z
  .enum(['to', 'cc', 'bcc'])
  .meta({ description: 'The field of the message that names the recipient.', examples: ['to'] })

/** The note of a report that may be forged or of another message; it changes nothing else. */
export const POSSIBLE_BOUNCE = 'possible bounce'

/** One recipient of a message, and what is known of its delivery. */
export const DeliveryReport = z.strictObject({
  address: EmailAddress.meta({ description: 'The recipient.', examples: ['cfo@contoso.com'] }),
  kind: RecipientKind,
  delivery: Delivery,
  code: TextOrNull.meta({
    description: 'The number of the status code alone. It may come later than the rest.',
    examples: [null, '5.1.10'],
  }),
  explanation: TextOrNull.meta({
    description: 'What the code means, and who does what about it.',
    examples: [null, 'There is no such mailbox at the recipient’s organisation.'],
  }),
  detail: z
    .string()
    .max(500)
    .nullable()
    .meta({
      description: 'Microsoft’s own text.',
      examples: [null, 'RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup'],
    }),
  at: Time.nullable().meta({
    description: 'When it happened by Microsoft’s account, else when it was learned.',
    examples: [null, '2026-11-24T10:00:09.000Z'],
  }),
  source: DeliverySource.nullable().meta({
    description: 'What told it: a non-delivery report in the inbox, or Exchange’s message trace.',
    examples: [null, 'trace'],
  }),
  certain: z.boolean().meta({
    description: 'False when the report was matched by sender, recipient, time and subject only.',
    examples: [true],
  }),
  note: TextOrNull.meta({
    description:
      'Says possible bounce of a report that may be forged or of another message; after a colon, each address that it names and is none of the recipients, with what was said.',
    examples: [null, POSSIBLE_BOUNCE],
  }),
})
export type DeliveryReport = z.infer<typeof DeliveryReport>

export const MessageAttempt = z.strictObject({
  at: Time.meta({ description: 'When it last ended this way.', examples: ['2026-11-24T10:00:01.250Z'] }),
  firstAt: Time.meta({ description: 'When it first ended this way in a row.', examples: ['2026-11-24T10:00:01.250Z'] }),
  count: z
    .int()
    .positive()
    .meta({ description: 'How often in a row it ended this way.', examples: [1] }),
  outcome: AttemptOutcome.meta({ description: 'How it ended.', examples: ['sent', 'throttled'] }),
  code: TextOrNull.meta({
    description: 'Microsoft’s code; null where there is none.',
    examples: [null, 'ApplicationThrottled'],
  }),
  values: Values.meta({
    description: 'Facts for a text in another language; detail is the English of it.',
    examples: [{ detail: ['accepted'] }],
  }),
  detail: z.string().meta({ description: 'The outcome in a sentence.', examples: ['Microsoft accepted the message.'] }),
})
export type MessageAttempt = z.infer<typeof MessageAttempt>

const NOT_KEPT = 'Null when version 1.1.0 or an older one accepted the message, which did not keep it.'

/** What a message answers in a list. */
export const MessageSummary = z.strictObject({
  id: MessageId,
  status: MessageStatus,
  service: z.string().meta({ description: 'The service that submitted it.', examples: ['reports'] }),
  from: EmailAddress.nullable().meta({
    description: 'The address it was sent from, or would be sent from now; null while none is configured.',
    examples: ['reports@contoso.com', null],
  }),
  to: z.array(Recipient).meta({ description: 'The recipients in To.' }),
  cc: z
    .array(Recipient)
    .nullable()
    .meta({ description: `The recipients in Cc. ${NOT_KEPT}`, examples: [[]] }),
  bcc: z
    .array(Recipient)
    .nullable()
    .meta({ description: `The recipients in Bcc. ${NOT_KEPT}`, examples: [[]] }),
  subject: z.string().meta({ description: 'The subject.', examples: ['Q3 results'] }),
  reference: TextOrNull.meta({
    description: 'What the service calls the message; null where it gave nothing.',
    examples: ['report-4711', null],
  }),
  createdAt: Time.meta({ description: 'When it was submitted.', examples: ['2026-11-24T10:00:00.000Z'] }),
  sendAt: Time.nullable().meta({
    description: 'The time before which it is not sent; null where it was to be sent at once.',
    examples: [null, '2026-11-25T06:00:00.000Z'],
  }),
  priority: MessagePriority,
  expiresAt: Time.nullable().meta({
    description: 'The time after which it is not sent any more; null where there is none.',
    examples: [null, '2026-11-25T18:00:00.000Z'],
  }),
  requestReadReceipt: z
    .boolean()
    .meta({ description: 'Whether recipients are asked to confirm that they read it.', examples: [false] }),
  requestDeliveryReceipt: z
    .boolean()
    .meta({ description: 'Whether the recipients’ servers are asked to confirm its delivery.', examples: [false] }),
  attachments: z
    .array(Attachment)
    .nullable()
    .meta({ description: `Its files. ${NOT_KEPT}` }),
  nextAttemptAt: Time.nullable().meta({
    description:
      'When a scheduled or queued message leaves, or is tried next, at the earliest: never in the past. Null when it waits for nothing, or when that cannot be told.',
    examples: ['2026-11-24T10:00:00.000Z', null],
  }),
  waitingBecause: WaitingBecause.nullable().meta({
    description:
      'What keeps a queued message until nextAttemptAt; null when nothing does. mailbox-paused: nothing is sent from the mailbox until then; pausedBecause of its usage says why. messages-per-minute, recipients-per-day, uploads-per-5-minutes, requests-at-once: a limit of the mailbox, and the messages that are before it. retry: an attempt did not succeed, or it is not known whether it did. no-worker: no process of the installation sends, so that nothing leaves before one is started.',
    examples: [null, 'messages-per-minute'],
  }),
  sentAt: Time.nullable().meta({
    description: 'When Microsoft accepted it; null before.',
    examples: [null, '2026-11-24T10:00:01.250Z'],
  }),
  attempts: z.array(MessageAttempt).meta({ description: 'The most recent attempts, oldest first.', examples: [[]] }),
  heldBecause: HeldBecause.nullable().meta({
    description: 'What a held message waits for somebody to mend; null where it is not held.',
    examples: [null, 'reconnect-required'],
  }),
  possibleDuplicate: z.boolean().meta({
    description: 'Whether it was sent again without knowing that an earlier attempt had failed.',
    examples: [false],
  }),
  progress: z
    .strictObject({
      sentBytes: z.int().meta({ description: 'How much of its files is uploaded.', examples: [52428800] }),
      totalBytes: z.int().meta({ description: 'How large its files are together.', examples: [157286400] }),
    })
    .nullable()
    .meta({ description: 'How far the upload of large files has come; null where there is none.', examples: [null] }),
  problem: MessageProblem.nullable().meta({
    description: 'Why it failed, and who does what about it; null where it has not.',
    examples: [null],
  }),
  delivery: z.partialRecord(Delivery, z.int()).meta({
    description: 'How many recipients are in each state of delivery; a state in which there is none is left out.',
    examples: [{ unknown: 1 }],
  }),
})
export type MessageSummary = z.infer<typeof MessageSummary>

export const Message = MessageSummary.omit({ delivery: true }).extend({
  recipients: z
    .array(DeliveryReport)
    .meta({ description: 'All recipients: those in to first, then those in cc and in bcc.' }),
})
export type Message = z.infer<typeof Message>

const MessageParams = z.strictObject({ id: MessageId })

/** Returns the path of a message, for the Location header of a 202. */
export function addressOfMessage(id: string): string {
  return readMessage.path.replace(':id', id)
}

export const readMessage = {
  operation: 'readMessage',
  summary: 'Reads a message and how far it has come.',
  description:
    'A service sees the messages of its own name, also those that another of its keys submitted; an admin sees all. What is not visible is not found.',
  method: 'GET',
  path: '/api/v1/messages/:id',
  session: 'workspace-admin',
  scope: 'messages:read',
  params: MessageParams,
  status: 200,
  response: Message,
  answer: 'The message as it stands.',
  problems: ['not-found'],
} as const satisfies Endpoint

export const cancelMessage = {
  operation: 'cancelMessage',
  summary: 'Cancels a message that has certainly not been sent.',
  description:
    'Works for a message that is scheduled, queued or held, and for one whose attachments are still being uploaded to Microsoft. One that may have been handed to Microsoft cannot be cancelled.',
  method: 'POST',
  path: '/api/v1/messages/:id/cancel',
  session: 'workspace-admin',
  scope: 'messages:send',
  params: MessageParams,
  status: 200,
  response: Message,
  answer: 'The cancelled message.',
  exampleAnswer: { status: 'cancelled', nextAttemptAt: null },
  problems: ['not-found', 'message-not-cancellable'],
} as const satisfies Endpoint

export const retryMessage = {
  operation: 'retryMessage',
  summary: 'Tries a failed message again.',
  description:
    'Puts a failed message back into the queue with its content, which is kept for CONTENT_RETENTION_DAYS. Fix the cause first: problem says who does what. Its recipients are held to what the recipients policy of the installation allows now.',
  method: 'POST',
  path: '/api/v1/messages/:id/retry',
  session: 'workspace-admin',
  scope: 'messages:send',
  params: MessageParams,
  status: 200,
  response: Message,
  answer: 'The message, queued again.',
  problems: ['not-found', 'message-not-retryable', 'recipient-not-allowed'],
} as const satisfies Endpoint
