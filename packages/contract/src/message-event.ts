import { z } from 'zod'
import { EmailAddress } from './email-address.ts'
import type { Endpoint } from './endpoint.ts'
import { MessageId } from './message.ts'
import { fault } from './fault-text.ts'
import { prefixedId, TextOrNull, Time, wholeNumber } from './fields.ts'

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

const MessageEventId = prefixedId('evt', { what: 'an event', example: '000641a5c3b2e0000f3c9a52b7e84d16' })

/** Something that became of a message. An event never changes. */
export const MessageEvent = z.strictObject({
  id: MessageEventId,
  type: MessageEventType.meta({ description: 'What happened.', examples: ['message.sent'] }),
  at: Time.meta({ description: 'When it happened.', examples: ['2026-11-24T10:00:01.250Z'] }),
  messageId: MessageId,
  reference: TextOrNull.meta({
    description: 'The reference that the service submitted with the message.',
    examples: ['report-4711', null],
  }),
  service: z.string().meta({ description: 'The service that submitted the message.', examples: ['reports'] }),
  recipient: EmailAddress.nullable().meta({
    description: 'The recipient that it is about; null for all of them.',
    examples: [null, 'cfo@contoso.com'],
  }),
  code: TextOrNull.meta({
    description:
      'Why: of a failed message the code of its problem, of a held one what holds it, of a recipient that of the report.',
    examples: [null, '5.1.10'],
  }),
  detail: TextOrNull.meta({
    description:
      'At most 500 characters about a failure, with Microsoft’s code where it gave one; spam where it was delivered as spam.',
    examples: [null, 'spam'],
  }),
  possibleDuplicate: z.boolean().meta({ description: 'Whether it may have been sent twice.', examples: [false] }),
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
  description:
    'A service sees the events of its messages, a session all. Whoever asks again with next as after misses nothing and sees the events of one message in order. A page may be short or empty although more follows: next has changed then. At most 100 requests of a process wait.',
  method: 'GET',
  path: '/api/v1/message-events',
  session: 'workspace-admin',
  scope: 'messages:read',
  query: z.strictObject({
    after: z
      .string({ error: AFTER_FAULT })
      .regex(/^(0|evt_[0-9a-f]{32})$/, AFTER_FAULT)
      .exactOptional()
      .meta({
        description:
          'The next of an earlier answer, or the id of an event. 0: from the oldest event. Left out: from now on.',
        examples: ['evt_000641a5c3b2e0000f3c9a52b7e84d16'],
      }),
    types: TypeList.exactOptional().meta({
      description: 'Types separated by commas; left out, all of them.',
      examples: ['message.sent,message.failed'],
    }),
    limit: wholeNumber({ min: 1, max: MAX_EVENTS, whenLeftOut: 100 }).meta({
      description: 'How many events to answer at most.',
      examples: [100],
    }),
    waitSeconds: wholeNumber({ min: 0, max: MAX_WAIT_SECONDS, whenLeftOut: 0 }).meta({
      description: 'How long to wait for an event while there is none.',
      examples: [20],
    }),
  }),
  status: 200,
  response: z.strictObject({
    items: z.array(MessageEvent).meta({ description: 'The events, in the order in which they were written.' }),
    next: z.string().meta({
      description: 'The after of the next request. It moves on past events that were not asked for.',
      examples: ['evt_000641a5c3b2e0000f3c9a52b7e84d16'],
    }),
  }),
  answer: 'Events in the order in which they were written, and where the next page begins.',
} as const satisfies Endpoint
