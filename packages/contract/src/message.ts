import { z } from 'zod'
import { EmailAddress } from './email-address.ts'
import type { Endpoint } from './endpoint.ts'

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

export const Recipient = z.strictObject({ address: EmailAddress, name: z.string().optional() })
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
  attempts: z.array(MessageAttempt),
  heldBecause: HeldBecause.nullable(),
  possibleDuplicate: z.boolean(),
  progress: z.strictObject({ sentBytes: z.int(), totalBytes: z.int() }).nullable(),
  problem: MessageProblem.nullable(),
})
export type Message = z.infer<typeof Message>

export const readMessage = {
  method: 'GET',
  path: '/api/v1/messages/:id',
  params: z.strictObject({ id: MessageId }),
  status: 200,
  response: Message,
} as const satisfies Endpoint

export const sendTestMessage = {
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/test-message',
  /** Without `to` it goes to the signed-in admin. */
  body: z.strictObject({ to: EmailAddress.optional() }),
  status: 202,
  response: z.strictObject({ messageId: MessageId }),
} as const satisfies Endpoint
