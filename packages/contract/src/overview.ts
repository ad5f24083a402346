import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'
import { Usage } from './usage.ts'

/**
 * Whether mail is going out. A closed list.
 *
 * - `stopped`: somebody has to act before anything leaves
 * - `delayed`: Microsoft paused the mailbox, or nothing that was due moved for 5 minutes
 * - `flowing`: something that is due waits, and leaves
 * - `idle`: nothing is due
 * - `not-configured`: no mailbox is connected
 */
export const MailState = z.enum(['stopped', 'delayed', 'flowing', 'idle', 'not-configured'])
export type MailState = z.infer<typeof MailState>

/** Messages, or recipients, with how many there are of each code. The 100 most frequent codes are named. */
const CountByCode = z.strictObject({
  count: z.int().nonnegative(),
  byCode: z.record(z.string(), z.int().positive()),
})

/** What happened within an hour or a day, which begins at `at`. A message that is tried again counts each time. */
export const OutcomeCounts = z.strictObject({
  at: z.iso.datetime(),
  sent: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  held: z.int().nonnegative(),
  /** Recipients. */
  bounced: z.int().nonnegative(),
})
export type OutcomeCounts = z.infer<typeof OutcomeCounts>

export const HOURS_SHOWN = 24
export const DAYS_SHOWN = 30

/** Exchange Online lets an organisation without a domain of its own write to so many external recipients in 24 hours. */
export const LIMIT_WITHOUT_OWN_DOMAIN = 100

/** Recipients outside of the organisation within 24 hours, beside the limit that Microsoft probably applies. */
const ExternalRecipients = z.strictObject({
  used: z.int().nonnegative(),
  likelyLimit: z.int().positive().nullable().describe('Null while nobody has said how many licences there are.'),
})

export const Overview = z.strictObject({
  mail: MailState,
  /** The same in a sentence, in English. */
  sentence: z.string(),
  /** When mail took this value. */
  since: z.iso.datetime(),
  lastSentAt: z.iso.datetime().nullable(),
  /** Messages that are queued or being sent. */
  waiting: z.strictObject({
    count: z.int().nonnegative(),
    oldestAt: z.iso.datetime().nullable().describe('Since when the oldest was to leave; null when none waits.'),
    lastLeavesAt: z.iso
      .datetime()
      .nullable()
      .describe('When the last of them leaves at this rate; null when none waits, or when it cannot be told.'),
  }),
  scheduled: z.int().nonnegative(),
  held: z.strictObject({
    count: z.int().nonnegative(),
    because: z.record(z.string(), z.int().positive()),
  }),
  failed24h: CountByCode.describe(
    'Messages that failed within 24 hours and are still failed, by Microsoft’s code, else by ours: as the filter problem takes it.',
  ),
  bounced24h: CountByCode.describe(
    'Recipients that a message did not reach within 24 hours, by the code of the report; none: without a code.',
  ),
  hours: z.array(OutcomeCounts).describe('The last 24 hours in UTC, oldest first; the last one is under way.'),
  days: z.array(OutcomeCounts).describe('The last 30 days in UTC, oldest first; the last one is under way.'),
  limits: Usage.extend({ externalRecipientsPerDay: ExternalRecipients }),
})
export type Overview = z.infer<typeof Overview>

export const readOverview = {
  operation: 'readOverview',
  summary: 'Tells whether mail is going out, what waits, and what became of the rest.',
  method: 'GET',
  path: '/api/v1/overview',
  session: 'workspace-admin',
  scope: 'settings:read',
  status: 200,
  response: Overview,
  answer: 'How the mail stands.',
  problems: [],
} as const satisfies Endpoint
