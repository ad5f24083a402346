import { z } from 'zod'
import { EmailAddress } from './email-address.ts'
import type { Endpoint } from './endpoint.ts'
import { MessageId } from './message.ts'
import { fault } from './fault-text.ts'

/**
 * What can become of a message. The list is closed.
 *
 * - `message.sent`: Microsoft accepted it. It may follow `message.failed`, when a late answer shows that it was sent after all
 * - `message.failed`: it is not tried any more, unless somebody retries it
 * - `message.held`, `message.released`: it waits until somebody acts, and no longer does
 * - `message.cancelled`: somebody cancelled it before it was sent
 * - `message.delivered`, `message.bounced`, `message.quarantined`: Microsoft reports it of one recipient
 */
export const MessageEventType = z.enum([
  'message.sent',
  'message.failed',
  'message.held',
  'message.released',
  'message.cancelled',
  'message.delivered',
  'message.bounced',
  'message.quarantined',
])
export type MessageEventType = z.infer<typeof MessageEventType>

const MessageEventId = z.string().regex(/^evt_[0-9a-f]{32}$/, fault('not-an-id', { what: 'an event' }))

/** Something that became of a message. An event never changes. */
export const MessageEvent = z.strictObject({
  id: MessageEventId,
  type: MessageEventType,
  /** When it happened. */
  at: z.iso.datetime(),
  messageId: MessageId,
  /** The reference that the service submitted with the message. */
  reference: z.string().nullable(),
  /** The service that submitted the message. */
  service: z.string(),
  /** The recipient that it is about; null for all of them. */
  recipient: EmailAddress.nullable(),
  /** Why: of a failed message the code of its problem, of a held one what holds it, of a recipient that of the report. */
  code: z.string().nullable(),
  /**
   * At most 500 characters about a failure, with Microsoft's code where it gave one; `spam` where it was delivered as
   * spam.
   */
  detail: z.string().nullable(),
  possibleDuplicate: z.boolean(),
})
export type MessageEvent = z.infer<typeof MessageEvent>

const AFTER_FAULT = fault('event-position')
const TYPES_FAULT = fault('event-types', { options: MessageEventType.options })

const TypeList = z
  .string({ error: TYPES_FAULT })
  .max(500, TYPES_FAULT)
  .transform((list, context) => {
    const types = z.array(MessageEventType).safeParse(list.split(','))
    if (types.success) return [...new Set(types.data)]
    context.addIssue({ code: 'custom', message: TYPES_FAULT })
    return z.NEVER
  })

const MAX_EVENTS = 1_000
const MAX_WAIT_SECONDS = 30

export const listMessageEvents = {
  operation: 'listMessageEvents',
  summary: 'Lists what became of messages, oldest first, and waits for more.',
  method: 'GET',
  path: '/api/v1/message-events',
  session: 'workspace-admin',
  scope: 'messages:read',
  query: z.strictObject({
    after: z
      .string({ error: AFTER_FAULT })
      .regex(/^(0|evt_[0-9a-f]{32})$/, AFTER_FAULT)
      .exactOptional()
      .describe(
        'The next of an earlier answer, or the id of an event. 0: from the oldest event. Left out: from now on.',
      ),
    types: TypeList.exactOptional().describe('Types separated by commas; left out, all of them.'),
    limit: z.coerce
      .number(fault('whole-number-once'))
      .int(fault('whole-number'))
      .min(1, fault('number-too-small', { min: 1 }))
      .max(MAX_EVENTS, fault('number-too-large', { max: MAX_EVENTS }))
      .default(100),
    waitSeconds: z.coerce
      .number(fault('whole-number-once'))
      .int(fault('whole-number'))
      .min(0, fault('number-too-small', { min: 0 }))
      .max(MAX_WAIT_SECONDS, fault('number-too-large', { max: MAX_WAIT_SECONDS }))
      .default(0)
      .describe('How long to wait for an event while there is none.'),
  }),
  status: 200,
  response: z.strictObject({
    items: z.array(MessageEvent),
    /** The `after` of the next request. It moves on past events that were not asked for. */
    next: z.string(),
  }),
  answer: 'Events in the order in which they were written, and where the next page begins.',
  problems: [],
} as const satisfies Endpoint
