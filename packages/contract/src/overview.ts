import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'
import { Usage } from './usage.ts'
import { Count, Time } from './fields.ts'

/**
 * Whether mail is going out. A closed list.
 *
 * - `stopped`: somebody has to act before anything leaves
 * - `delayed`: the mailbox is paused, or nothing that was due moved for 5 minutes
 * - `flowing`: something that is due waits, and leaves
 * - `idle`: nothing is due
 * - `not-configured`: no mailbox is connected
 */
export const MailState = z.enum(['stopped', 'delayed', 'flowing', 'idle', 'not-configured'])
export type MailState = z.infer<typeof MailState>

const CountByCode = z.strictObject({
  count: Count.meta({ description: 'How many there are.', examples: [2] }),
  byCode: z.record(z.string(), z.int().positive()).meta({
    description: 'How many there are of each code; the 100 most frequent ones.',
    examples: [{ ErrorInvalidRecipients: 2 }],
  }),
})

/** What happened within an hour or a day, which begins at `at`. A message that is tried again counts each time. */
export const OutcomeCounts = z.strictObject({
  at: Time.meta({ description: 'When the hour or day begins.', examples: ['2026-11-24T10:00:00.000Z'] }),
  sent: Count.meta({ description: 'Messages that Microsoft accepted.', examples: [120] }),
  failed: Count.meta({ description: 'Messages that failed.', examples: [2] }),
  held: Count.meta({ description: 'Messages that were held.', examples: [0] }),
  bounced: Count.meta({ description: 'Recipients that a message did not reach, by a report.', examples: [1] }),
})
export type OutcomeCounts = z.infer<typeof OutcomeCounts>

export const HOURS_SHOWN = 24
export const DAYS_SHOWN = 30

/** Exchange Online lets an organisation without a domain of its own write to so many external recipients in 24 hours. */
export const LIMIT_WITHOUT_OWN_DOMAIN = 100

/** Recipients outside of the organisation within 24 hours, beside the limit that Microsoft probably applies. */
const ExternalRecipients = z.strictObject({
  used: Count.meta({ description: 'How many there were within 24 hours.', examples: [412] }),
  likelyLimit: z
    .int()
    .positive()
    .nullable()
    .meta({
      description: 'The limit that Microsoft probably applies; null while nobody has said how many licences there are.',
      examples: [33352, null],
    }),
})

export const Overview = z.strictObject({
  mail: MailState.meta({ description: 'Whether mail is going out.', examples: ['flowing'] }),
  sentence: z.string().meta({
    description: 'The same in an English sentence.',
    examples: ['Mail is going out. The last message left 2 minutes ago.'],
  }),
  since: Time.meta({ description: 'When mail took this value.', examples: ['2026-11-24T09:58:00.000Z'] }),
  lastSentAt: Time.nullable().meta({
    description: 'When the last message left; null while none has.',
    examples: ['2026-11-24T09:58:10.000Z', null],
  }),
  sendingProcess: z
    .strictObject({
      name: z.string().meta({
        description: 'Host, port and role, as in the log and in the label process of the metrics.',
        examples: ['mail-1:3000 (all)'],
      }),
      since: Time.meta({ description: 'Since when it sends.', examples: ['2026-11-20T06:00:00.000Z'] }),
    })
    .nullable()
    .meta({ description: 'The one process that sends; null while none does.' }),
  waiting: z
    .strictObject({
      count: Count.meta({ description: 'How many wait.', examples: [3] }),
      oldestAt: Time.nullable().meta({
        description: 'Since when the oldest was to leave; null when none waits.',
        examples: ['2026-11-24T10:00:00.000Z', null],
      }),
      triedAgainAt: Time.nullable().meta({
        description:
          'When the first of them is tried again, where all of them wait for that; null when none waits, or one is due or being sent.',
        examples: [null, '2026-11-24T10:00:10.000Z'],
      }),
      lastLeavesAt: Time.nullable().meta({
        description: 'When the last of them leaves at this rate; null when none waits, or when it cannot be told.',
        examples: ['2026-11-24T10:01:00.000Z', null],
      }),
    })
    .meta({ description: 'Messages that are queued or being sent.' }),
  scheduled: Count.meta({ description: 'Messages whose sendAt is to come.', examples: [24] }),
  held: z
    .strictObject({
      count: Count.meta({ description: 'How many are held.', examples: [0] }),
      because: z
        .record(z.string(), z.int().positive())
        .meta({ description: 'How many are held for each reason.', examples: [{}, { 'reconnect-required': 7 }] }),
    })
    .meta({ description: 'Messages that wait until somebody acts.' }),
  failed24h: CountByCode.meta({
    description:
      'Messages that failed within 24 hours and are still failed, by Microsoft’s code, else by ours: as the filter problem takes it.',
  }),
  bounced24h: CountByCode.meta({
    description:
      'Recipients that a message did not reach within 24 hours, by the code of the report; none: without a code.',
    examples: [{ count: 1, byCode: { '5.1.10': 1 } }],
  }),
  quarantined24h: Count.meta({
    description: 'Recipients whose message was put into quarantine within 24 hours.',
    examples: [0, 2],
  }),
  hours: z
    .array(OutcomeCounts)
    .meta({ description: 'The last 24 hours in UTC, oldest first; the last one is under way.' }),
  days: z
    .array(OutcomeCounts)
    .meta({ description: 'The last 30 days in UTC, oldest first; the last one is under way.' }),
  limits: Usage.extend({
    externalRecipientsPerDay: ExternalRecipients.meta({
      description: 'Recipients outside of the organisation within 24 hours.',
    }),
  }).meta({ description: 'What is left of the limits of the mailbox.' }),
})
export type Overview = z.infer<typeof Overview>

export const readOverview = {
  operation: 'readOverview',
  summary: 'Tells whether mail is going out, what waits, and what became of the rest.',
  description:
    'Outcomes are counted when they happen, and stay counted when messages are deleted. A page that polls sends X-Inforiver-Polling: 1: such a request does not keep a session alive, and its answer may be a second old.',
  method: 'GET',
  path: '/api/v1/overview',
  session: 'workspace-admin',
  scope: 'settings:read',
  status: 200,
  response: Overview,
  answer: 'How the mail stands.',
} as const satisfies Endpoint
