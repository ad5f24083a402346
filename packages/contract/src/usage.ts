import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'
import { TextOrNull, Time } from './fields.ts'

function allowance(of: string, limit: number, left: number) {
  return z
    .strictObject({
      limit: z.int().meta({ description: `The most ${of}.`, examples: [limit] }),
      left: z.int().meta({ description: 'How much of it is left.', examples: [left] }),
    })
    .nullable()
    .meta({
      description: `What is left of the ${of}; null when that is not limited.`,
      examples: [{ limit, left }, null],
    })
}

/**
 * Why nothing is sent from a mailbox for a while. A closed list.
 *
 * - `microsoft-asked`: Microsoft asked for it
 * - `limit-used-up`: a limit of Microsoft is used up
 * - `no-access`: Microsoft Entra gives no access token at the moment
 * - `token-refused`: Microsoft Graph refuses tokens that have just been issued
 * - `gateway`: something between this server and Microsoft answers in its place
 */
const PauseReason = z.enum(['microsoft-asked', 'limit-used-up', 'no-access', 'token-refused', 'gateway'])

export const Pause = z.strictObject({
  code: PauseReason.meta({ description: 'Why it is paused.', examples: ['gateway'] }),
  host: TextOrNull.meta({
    description: 'The host of Microsoft that a gateway answers for.',
    examples: ['graph.microsoft.com', null],
  }),
  status: z
    .int()
    .nullable()
    .meta({ description: 'The HTTP status that a gateway answers.', examples: [403, null] }),
})
export type Pause = z.infer<typeof Pause>

export const Usage = z.strictObject({
  messagesPerMinute: allowance('messages within a minute', 30, 12),
  recipientsPerDay: allowance('recipients within a day', 10_000, 9_120),
  uploadBytesPer5Minutes: allowance('bytes uploaded within 5 minutes', 157_286_400, 157_286_400),
  concurrentRequests: allowance('requests at once', 4, 4),
  pausedUntil: Time.nullable().meta({
    description: 'Nothing is sent before this time, for the reason in pausedBecause; null when it is not paused.',
    examples: [null, '2026-11-24T10:05:00.000Z'],
  }),
  pausedBecause: Pause.nullable().meta({
    description: 'Why nothing is sent before pausedUntil; null when it is not paused.',
    examples: [null, { code: 'gateway', host: 'graph.microsoft.com', status: 403 }],
  }),
  waitingMessages: z.int().meta({
    description: 'Messages that are queued or being sent, but not those that are scheduled or held.',
    examples: [3],
  }),
  estimatedLastSentAt: Time.nullable().meta({
    description:
      'When the last waiting message leaves at this rate; null when none waits, or when it cannot be estimated.',
    examples: ['2026-11-24T10:01:00.000Z', null],
  }),
  storage: z
    .strictObject({
      usedBytes: z.int().meta({ description: 'What stored content occupies.', examples: [1_610_612_736] }),
      limitBytes: z
        .int()
        .meta({ description: 'The most that it may occupy: TENANT_STORAGE_BYTES.', examples: [10_737_418_240] }),
    })
    .meta({
      description:
        'The room for stored messages, which is taken above all by those that wait, are scheduled or held, or have failed.',
    }),
})
export type Usage = z.infer<typeof Usage>

export const readUsage = {
  operation: 'readUsage',
  summary: 'Tells what is left of each limit of the mailbox.',
  description:
    'A limit that is switched off is null. The estimate counts what waits now, and not what may still be submitted.',
  method: 'GET',
  path: '/api/v1/tenant-settings/office365-smtp/usage',
  session: 'workspace-admin',
  scope: 'settings:read',
  status: 200,
  response: Usage,
  answer: 'The limits, and when the last waiting message leaves.',
} as const satisfies Endpoint

/**
 * Ends the pause that follows when a limit of Microsoft is used up, and one that Microsoft asked for. If the limit is
 * still used up, the next report pauses the mailbox again, for twice as long. Of a mailbox that Microsoft refuses, one held
 * message is tried.
 */
export const sendNow = {
  operation: 'sendNow',
  summary: 'Ends a pause of the mailbox.',
  description:
    'Ends the pause that follows when a limit of Microsoft is used up (problem quota-exceeded of the settings), and one that Microsoft asked for or that follows from refused tokens (token-refused) or from what answers in Microsoft’s place. The next report of that kind pauses the mailbox for twice as long. Where Microsoft refuses the mailbox (mailbox-refused), one of the held messages is tried. A message that waits since it was refused is tried at once.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/send-now',
  session: 'workspace-admin',
  status: 200,
  response: Usage,
  answer: 'The limits, without the pause.',
} as const satisfies Endpoint
