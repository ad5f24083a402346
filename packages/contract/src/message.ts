import { z } from 'zod'
import { EmailAddress } from './email-address.ts'
import type { Endpoint } from './endpoint.ts'
import { Values } from './values.ts'
import { fault } from './fault-text.ts'

export const MessageId = z.string().regex(/^msg_[0-9a-f]{32}$/, fault('not-an-id', { what: 'a message' }))

export const MessageStatus = z.enum(['scheduled', 'queued', 'sending', 'sent', 'failed', 'held', 'cancelled'])
export type MessageStatus = z.infer<typeof MessageStatus>

export const HeldBecause = z.enum([
  'not-configured',
  'reconnect-required',
  'large-attachments-disabled',
  'app-misconfigured',
])
export type HeldBecause = z.infer<typeof HeldBecause>

/**
 * Why a queued message is still waiting. A closed list.
 *
 * - `mailbox-paused`: Microsoft takes no mail from the mailbox for now, or gives no access to it
 * - `messages-per-minute`, `recipients-per-day`, `uploads-per-5-minutes`, `requests-at-once`: a limit of the mailbox
 * - `retry`: an attempt failed, or its outcome is unknown, and the next one is due later
 */
export const WaitingBecause = z.enum([
  'mailbox-paused',
  'messages-per-minute',
  'recipients-per-day',
  'uploads-per-5-minutes',
  'requests-at-once',
  'retry',
])
export type WaitingBecause = z.infer<typeof WaitingBecause>

export const AttemptOutcome = z.enum(['sent', 'throttled', 'unavailable', 'refused', 'unknown'])
export type AttemptOutcome = z.infer<typeof AttemptOutcome>

/**
 * Says why a message failed for good. The list is closed.
 *
 * - `send-as-denied`, `mailbox-not-found`, `recipient-refused`, `message-refused`, `message-too-large`,
 *   `sending-limit-reached`: Microsoft refused it for this reason
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
  code: MessageProblemCode,
  /** Facts for a text in another language; `title` and `detail` are the English of it. */
  values: Values,
  title: z.string(),
  /** What happened, then who does what about it and where; may contain absolute URLs. */
  detail: z.string(),
  /** Graph's `error.code`, or null when the answer carried none. */
  microsoftCode: z.string().nullable(),
  /** Graph's `request-id`, for a support request at Microsoft. */
  requestId: z.string().nullable(),
})
export type MessageProblem = z.infer<typeof MessageProblem>

export const Recipient = z.strictObject({ address: EmailAddress, name: z.string().exactOptional() })
export type Recipient = z.infer<typeof Recipient>

/** Which messages of a mailbox leave first. */
export const MessagePriority = z.enum(['high', 'normal', 'low'])
export type MessagePriority = z.infer<typeof MessagePriority>

export const Attachment = z.strictObject({
  filename: z.string(),
  contentType: z.string(),
  sizeBytes: z.int(),
  /** Whether the HTML shows it by `cid:`. */
  inline: z.boolean(),
})
export type Attachment = z.infer<typeof Attachment>

/**
 * What became of a message for one of its recipients after Microsoft had accepted it.
 *
 * - `unknown`: nobody reports it, or no report came within 24 hours
 * - `pending`: a report is awaited
 * - `delivered`, `expanded` (to the members of a list), `failed`, `quarantined`, `spam`: by a report of Microsoft
 */
export const Delivery = z.enum(['unknown', 'pending', 'delivered', 'expanded', 'failed', 'quarantined', 'spam'])
export type Delivery = z.infer<typeof Delivery>

/** What tells what became of a message: non-delivery reports in the inbox, or Exchange's message trace. */
export const DeliverySource = z.enum(['bounce', 'trace'])
export type DeliverySource = z.infer<typeof DeliverySource>

const RecipientKind = z.enum(['to', 'cc', 'bcc'])

/** The note of a report that may be forged or of another message; it changes nothing else. */
export const POSSIBLE_BOUNCE = 'possible bounce'

/** One recipient of a message, and what is known of its delivery. */
export const DeliveryReport = z.strictObject({
  address: EmailAddress,
  kind: RecipientKind,
  delivery: Delivery,
  /** The number of a status code alone, such as `5.1.10`. It may come later than the rest. */
  code: z.string().nullable(),
  /** What the code means, and who does what about it. */
  explanation: z.string().nullable(),
  /** Microsoft's own text. */
  detail: z.string().max(500).nullable(),
  /** When it happened by Microsoft's account, else when it was learned. */
  at: z.iso.datetime().nullable(),
  /** What told it. */
  source: DeliverySource.nullable(),
  /** False when the report was matched by sender, recipient, time and subject only. */
  certain: z.boolean(),
  /** `POSSIBLE_BOUNCE`; after a colon, each address that was named and is none of the recipients, with what was said. */
  note: z.string().nullable(),
})
export type DeliveryReport = z.infer<typeof DeliveryReport>

export const MessageAttempt = z.strictObject({
  /** When it last ended this way. */
  at: z.iso.datetime(),
  /** When it first ended this way in a row. */
  firstAt: z.iso.datetime(),
  /** How often in a row it ended this way. */
  count: z.int().positive(),
  outcome: AttemptOutcome,
  /** Microsoft's. */
  code: z.string().nullable(),
  /** Facts for a text in another language; `detail` is the English of it. */
  values: Values,
  detail: z.string(),
})
export type MessageAttempt = z.infer<typeof MessageAttempt>

const NOT_KEPT = 'Null when version 1.1.0 or an older one accepted the message, which did not keep it.'

/** What a message answers in a list. */
export const MessageSummary = z.strictObject({
  id: MessageId,
  status: MessageStatus,
  /** The service that submitted it. */
  service: z.string(),
  /** The address it was sent from, or would be sent from now; null while none is configured. */
  from: EmailAddress.nullable(),
  to: z.array(Recipient),
  cc: z.array(Recipient).nullable().describe(NOT_KEPT),
  bcc: z.array(Recipient).nullable().describe(NOT_KEPT),
  subject: z.string(),
  reference: z.string().nullable(),
  createdAt: z.iso.datetime(),
  sendAt: z.iso.datetime().nullable(),
  priority: MessagePriority,
  /** It is not sent after this time. */
  expiresAt: z.iso.datetime().nullable(),
  requestReadReceipt: z.boolean(),
  requestDeliveryReceipt: z.boolean(),
  attachments: z.array(Attachment).nullable().describe(NOT_KEPT),
  nextAttemptAt: z.iso
    .datetime()
    .nullable()
    .describe(
      'When a scheduled or queued message leaves, or is tried next, at the earliest: never in the past. Null when it waits for nothing, or when that cannot be told.',
    ),
  waitingBecause: WaitingBecause.nullable().describe(
    'What keeps a queued message until nextAttemptAt; null when nothing does. mailbox-paused: Microsoft takes no mail from the mailbox until then, or gives no access to it. messages-per-minute, recipients-per-day, uploads-per-5-minutes, requests-at-once: a limit of the mailbox, and the messages that are before it. retry: an attempt did not succeed, or it is not known whether it did.',
  ),
  sentAt: z.iso.datetime().nullable(),
  /** The most recent ones, oldest first. */
  attempts: z.array(MessageAttempt),
  heldBecause: HeldBecause.nullable(),
  possibleDuplicate: z.boolean(),
  progress: z.strictObject({ sentBytes: z.int(), totalBytes: z.int() }).nullable(),
  problem: MessageProblem.nullable(),
  delivery: z
    .partialRecord(Delivery, z.int())
    .describe('How many recipients are in each state of delivery; a state in which there is none is left out.'),
})
export type MessageSummary = z.infer<typeof MessageSummary>

export const Message = MessageSummary.omit({ delivery: true }).extend({
  recipients: z.array(DeliveryReport).describe('All recipients: those in to first, then those in cc and in bcc.'),
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
  method: 'POST',
  path: '/api/v1/messages/:id/cancel',
  session: 'workspace-admin',
  scope: 'messages:send',
  params: MessageParams,
  status: 200,
  response: Message,
  answer: 'The cancelled message.',
  problems: ['not-found', 'message-not-cancellable'],
} as const satisfies Endpoint

export const retryMessage = {
  operation: 'retryMessage',
  summary: 'Tries a failed message again.',
  method: 'POST',
  path: '/api/v1/messages/:id/retry',
  session: 'workspace-admin',
  scope: 'messages:send',
  params: MessageParams,
  status: 200,
  response: Message,
  answer: 'The message, queued again.',
  problems: ['not-found', 'message-not-retryable'],
} as const satisfies Endpoint
