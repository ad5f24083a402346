import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'
import { Moment } from './moment.ts'
import { Delivery, MessageStatus, MessageSummary } from './message.ts'
import { fault } from './fault-text.ts'

/** `GET /messages` counts up to this many messages exactly. */
export const MAX_EXACT_TOTAL = 10_000
/** A search for fewer characters would find too much. */
export const MIN_SEARCH_CHARACTERS = 3
const ENOUGH_TO_SEARCH = new RegExp(`^.{${MIN_SEARCH_CHARACTERS}}`, 'su')
const MAX_TEXT_CHARACTERS = 512

function text() {
  return z
    .string()
    .max(MAX_TEXT_CHARACTERS, fault('too-long', { max: MAX_TEXT_CHARACTERS }))
    .refine((value) => !/\p{Cc}/u.test(value), fault('control-characters'))
    .refine((value) => value.isWellFormed(), fault('half-surrogate'))
}

function whole(what: string) {
  return text().min(1, fault('filter-value-missing', { what }))
}

const FILTER = {
  status: MessageStatus.exactOptional(),
  service: whole('the name of a service').exactOptional().describe('For a session only: a key sees its own service.'),
  recipient: whole('the whole address of a recipient').exactOptional().describe('The whole address, in any case.'),
  subject: whole('the whole subject').exactOptional().describe('The whole subject.'),
  reference: whole('the whole reference').exactOptional().describe('The whole reference.'),
  submittedFrom: Moment.exactOptional().describe('Submitted at this time or later.'),
  submittedTo: Moment.exactOptional().describe('Submitted before this time.'),
  problem: whole('the code of a problem, ours or Microsoft’s')
    .exactOptional()
    .describe(
      'Failed with this code, which is that of the problem or Microsoft’s; or that of a recipient, such as 5.1.10.',
    ),
  delivery: Delivery.exactOptional().describe('Has a recipient in this state.'),
  failedFrom: Moment.exactOptional().describe('Has failed at this time or later.'),
  failedTo: Moment.exactOptional().describe('Has failed before this time.'),
  search: text()
    .refine(
      (value) => ENOUGH_TO_SEARCH.test(value.normalize('NFC')),
      fault('too-short', { min: MIN_SEARCH_CHARACTERS }),
    )
    .exactOptional()
    .describe('Part of the subject, the reference, or a recipient’s name or address, literally and in any case.'),
}

/** Selects messages that have all of it; all messages when it is empty. */
export const MessageFilter = z.strictObject({ ...FILTER, possibleDuplicate: z.boolean().exactOptional() })
export type MessageFilter = z.infer<typeof MessageFilter>

/** The same, as the parameters of an address. */
const FilterQuery = z.strictObject({
  ...FILTER,
  possibleDuplicate: z
    .enum(['true', 'false'], fault('true-or-false'))
    .transform((value) => value === 'true')
    .exactOptional(),
})

export const listMessages = {
  operation: 'listMessages',
  summary: 'Finds messages, newest first.',
  method: 'GET',
  path: '/api/v1/messages',
  session: 'workspace-admin',
  scope: 'messages:read',
  query: FilterQuery.extend({
    cursor: z.string().max(200).exactOptional(),
    limit: z.coerce
      .number(fault('whole-number-once'))
      .int(fault('whole-number'))
      .min(1, fault('number-too-small', { min: 1 }))
      .max(200, fault('number-too-large', { max: 200 }))
      .default(50),
  }),
  status: 200,
  response: z.strictObject({
    items: z.array(MessageSummary),
    /** Leads to older messages; null when there are none. */
    nextCursor: z.string().nullable(),
    /** Leads to newer messages; null when there are none. */
    previousCursor: z.string().nullable(),
    /** How many messages the filter finds on all pages. */
    total: z.int(),
    totalIsEstimate: z
      .boolean()
      .describe(
        'The total is exact up to 10,000, unless counting took too long. With delivery=unknown alone, or with status=sent, it is exact only where there are fewer than 20,000 messages.',
      ),
  }),
  answer: 'One page of them; nextCursor leads to older ones and previousCursor to newer ones.',
  problems: ['search-too-long'],
} as const satisfies Endpoint

/** Exports all messages that a filter finds as comma-separated values. */
export const exportMessages = {
  operation: 'exportMessages',
  summary: 'Exports the messages that a filter finds as CSV.',
  method: 'GET',
  path: '/api/v1/messages.csv',
  session: 'workspace-admin',
  scope: 'messages:read',
  query: FilterQuery,
  status: 200,
  response: z.string(),
  contentType: 'text/csv; charset=utf-8',
  answer: 'The messages, newest first.',
  problems: [],
} as const satisfies Endpoint

const BulkRequest = z.strictObject({
  filter: MessageFilter.refine((filter) => Object.keys(filter).length > 0, fault('filter-empty')),
})

const CancelAnswer = z.strictObject({
  /** How many messages could be cancelled when the request arrived. */
  count: z.int(),
})

const RetryAnswer = z.strictObject({
  /** How many messages could be retried when the request arrived. */
  count: z.int(),
  expired: z.int().default(0).describe('How many of the others cannot be retried because they have expired.'),
  withoutContent: z
    .int()
    .default(0)
    .describe('How many of the others cannot be retried because their content is deleted.'),
})
export type RetryAnswer = z.infer<typeof RetryAnswer>

export const retryMessages = {
  operation: 'retryMessages',
  summary: 'Tries all failed messages that a filter finds again.',
  method: 'POST',
  path: '/api/v1/messages/retry',
  session: 'workspace-admin',
  scope: 'messages:send',
  body: BulkRequest,
  status: 202,
  response: RetryAnswer,
  answer: 'They are queued in batches from now on. One that can no longer be retried by then is left alone.',
  problems: [],
} as const satisfies Endpoint

export const cancelMessages = {
  operation: 'cancelMessages',
  summary: 'Cancels all messages that a filter finds and that have certainly not been sent.',
  method: 'POST',
  path: '/api/v1/messages/cancel',
  session: 'workspace-admin',
  scope: 'messages:send',
  body: BulkRequest,
  status: 202,
  response: CancelAnswer,
  answer: 'They are cancelled in batches from now on. One that is being sent by then is left alone.',
  problems: [],
} as const satisfies Endpoint
