import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'
import { Moment } from './moment.ts'
import { Delivery, MessageStatus, MessageSummary } from './message.ts'
import { fault } from './fault-text.ts'
import { TextOrNull, wholeNumber } from './fields.ts'

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
  status: MessageStatus.exactOptional().meta({ description: 'Has this status.', examples: ['failed'] }),
  service: whole('the name of a service')
    .exactOptional()
    .meta({
      description: 'Submitted by this service. For a session only: a key sees its own service.',
      examples: ['reports'],
    }),
  recipient: whole('the whole address of a recipient')
    .exactOptional()
    .meta({
      description: 'Goes to this address, which is given whole, in any case.',
      examples: ['cfo@contoso.com'],
    }),
  subject: whole('the whole subject')
    .exactOptional()
    .meta({
      description: 'Has this subject, which is given whole.',
      examples: ['Q3 results'],
    }),
  reference: whole('the whole reference')
    .exactOptional()
    .meta({
      description: 'Has this reference, which is given whole.',
      examples: ['report-4711'],
    }),
  submittedFrom: Moment.exactOptional().meta({
    description: 'Submitted at this time or later.',
    examples: ['2026-11-24T00:00:00Z'],
  }),
  submittedTo: Moment.exactOptional().meta({
    description: 'Submitted before this time.',
    examples: ['2026-11-25T00:00:00Z'],
  }),
  problem: whole('the code of a problem, ours or Microsoft’s')
    .exactOptional()
    .meta({
      description:
        'Failed with this code, which is that of the problem or Microsoft’s; or that of a recipient, such as 5.1.10. Or is held for this reason, or because Microsoft refuses the mailbox with this code.',
      examples: ['ErrorSendAsDenied', '5.1.10', 'mailbox-refused'],
    }),
  delivery: Delivery.exactOptional().meta({ description: 'Has a recipient in this state.', examples: ['failed'] }),
  failedFrom: Moment.exactOptional().meta({
    description: 'Has failed at this time or later.',
    examples: ['2026-11-24T00:00:00Z'],
  }),
  failedTo: Moment.exactOptional().meta({
    description: 'Has failed before this time.',
    examples: ['2026-11-25T00:00:00Z'],
  }),
  search: text()
    .refine(
      (value) => ENOUGH_TO_SEARCH.test(value.normalize('NFC')),
      fault('too-short', { min: MIN_SEARCH_CHARACTERS }),
    )
    .exactOptional()
    .meta({
      description: 'Part of the subject, the reference, or a recipient’s name or address, literally and in any case.',
      examples: ['results'],
    }),
}

const POSSIBLE_DUPLICATE = 'Whether it may have been sent twice.'

/** Selects messages that have all of it; all messages when it is empty. */
export const MessageFilter = z.strictObject({
  ...FILTER,
  possibleDuplicate: z
    .boolean()
    .exactOptional()
    .meta({ description: POSSIBLE_DUPLICATE, examples: [true] }),
})
export type MessageFilter = z.infer<typeof MessageFilter>

/** The same, as the parameters of an address. */
const FilterQuery = z.strictObject({
  ...FILTER,
  possibleDuplicate: z
    .enum(['true', 'false'], fault('true-or-false'))
    .transform((value) => value === 'true')
    .exactOptional()
    .meta({ description: POSSIBLE_DUPLICATE, examples: ['true'] }),
})

export const listMessages = {
  operation: 'listMessages',
  summary: 'Finds messages, newest first.',
  description:
    'All filters together have to fit. recipient is a whole address, subject and reference are whole, search is a part of any of them. Pages follow each other by nextCursor, and a page never repeats or leaves out a message because others arrive meanwhile.',
  method: 'GET',
  path: '/api/v1/messages',
  session: 'workspace-admin',
  scope: 'messages:read',
  query: FilterQuery.extend({
    cursor: z
      .string()
      .max(200)
      .exactOptional()
      .meta({
        description: 'The nextCursor or the previousCursor of a page, for the one beside it. Left out: the newest.',
        examples: ['eyJhdCI6MX0'],
      }),
    limit: wholeNumber({ min: 1, max: 200, whenLeftOut: 50 }).meta({
      description: 'How many messages a page has at most.',
      examples: [50],
    }),
  }),
  status: 200,
  response: z.strictObject({
    items: z.array(MessageSummary).meta({ description: 'The messages of the page, newest first.' }),
    nextCursor: TextOrNull.meta({
      description: 'Leads to older messages; null when there are none.',
      examples: [null, 'eyJhdCI6MX0'],
    }),
    previousCursor: TextOrNull.meta({
      description: 'Leads to newer messages; null when there are none.',
      examples: [null],
    }),
    total: z.int().meta({ description: 'How many messages the filter finds on all pages.', examples: [1] }),
    totalIsEstimate: z.boolean().meta({
      description: 'The total is exact up to 10,000, unless counting took too long.',
      examples: [false],
    }),
  }),
  answer: 'One page of them; nextCursor leads to older ones and previousCursor to newer ones.',
  problems: ['search-too-long'],
} as const satisfies Endpoint

/** Exports all messages that a filter finds as comma-separated values. */
export const exportMessages = {
  operation: 'exportMessages',
  summary: 'Exports the messages that a filter finds as CSV.',
  description:
    'Takes the filters of the list, and streams all that they find. A cell that a spreadsheet would take for a formula begins with an apostrophe.',
  method: 'GET',
  path: '/api/v1/messages.csv',
  session: 'workspace-admin',
  scope: 'messages:read',
  query: FilterQuery,
  status: 200,
  response: z.string().meta({
    description: 'A line for each message, after one with the names of the columns.',
    examples: [
      'id,status,service,reference,submitted,sent,from,to,cc,bcc,subject,problem,microsoftCode,possibleDuplicate,delivered,bounced\r\nmsg_0f3c9a52b7e84d16a1c2d3e4f5061728,sent,reports,report-4711,2026-11-24T10:00:00.000Z,2026-11-24T10:00:01.250Z,reports@contoso.com,cfo@contoso.com,,,Q3 results,,,false,0,0\r\n',
    ],
  }),
  contentType: 'text/csv; charset=utf-8',
  answer: 'The messages, newest first.',
} as const satisfies Endpoint

const BulkRequest = z.strictObject({
  filter: MessageFilter.refine((filter) => Object.keys(filter).length > 0, fault('filter-empty')).meta({
    description: 'Which messages: all conditions have to hold, and there has to be one.',
    examples: [{ problem: 'ErrorSendAsDenied', submittedTo: '2026-11-25T00:00:00Z' }],
  }),
})

const CancelAnswer = z.strictObject({
  count: z.int().meta({ description: 'How many messages could be cancelled when the request arrived.', examples: [7] }),
})

const RetryAnswer = z.strictObject({
  count: z.int().meta({ description: 'How many messages could be retried when the request arrived.', examples: [22] }),
  expired: z
    .int()
    .default(0)
    .meta({ description: 'How many of the others cannot be retried because they have expired.', examples: [0] }),
  withoutContent: z
    .int()
    .default(0)
    .meta({ description: 'How many of the others cannot be retried because their content is deleted.', examples: [3] }),
  notAllowed: z
    .int()
    .default(0)
    .meta({
      description:
        'How many of the others cannot be retried because the recipients policy of the installation does not allow a recipient any more.',
      examples: [0],
    }),
})
export type RetryAnswer = z.infer<typeof RetryAnswer>

export const retryMessages = {
  operation: 'retryMessages',
  summary: 'Tries all failed messages that a filter finds again.',
  description:
    'For everything that failed for one cause, once that is mended. count is how many could be retried when the request came; the work is done after the answer. expired, withoutContent and notAllowed count the others that the filter finds: nothing can be done for the first two but to submit them again.',
  method: 'POST',
  path: '/api/v1/messages/retry',
  session: 'workspace-admin',
  scope: 'messages:send',
  body: BulkRequest,
  status: 202,
  response: RetryAnswer,
  answer: 'They are queued in batches from now on. One that can no longer be retried by then is left alone.',
} as const satisfies Endpoint

export const cancelMessages = {
  operation: 'cancelMessages',
  summary: 'Cancels all messages that a filter finds and that have certainly not been sent.',
  description:
    'The count is how many could be cancelled when the request came; the work is done after the answer, and one that is sent meanwhile stays sent.',
  method: 'POST',
  path: '/api/v1/messages/cancel',
  session: 'workspace-admin',
  scope: 'messages:send',
  body: BulkRequest,
  status: 202,
  response: CancelAnswer,
  answer: 'They are cancelled in batches from now on. One that is being sent by then is left alone.',
} as const satisfies Endpoint
