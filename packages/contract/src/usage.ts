import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'

/** What is left of one limit of the mailbox; null when the limit is switched off. */
const Allowance = z.strictObject({ limit: z.int(), left: z.int() }).nullable()

export const Usage = z.strictObject({
  messagesPerMinute: Allowance,
  recipientsPerDay: Allowance,
  uploadBytesPer5Minutes: Allowance,
  concurrentRequests: Allowance,
  /** Nothing is sent before this time, since Microsoft takes no mail or gives no access; null when it is not paused. */
  pausedUntil: z.iso.datetime().nullable(),
  /** Messages that are queued or being sent, but not those that are scheduled or held. */
  waitingMessages: z.int(),
  /** When the last waiting message leaves at this rate; null when none waits, or when it cannot be estimated. */
  estimatedLastSentAt: z.iso.datetime().nullable(),
})
export type Usage = z.infer<typeof Usage>

export const readUsage = {
  operation: 'readUsage',
  summary: 'Tells what is left of each limit of the mailbox.',
  method: 'GET',
  path: '/api/v1/tenant-settings/office365-smtp/usage',
  session: 'workspace-admin',
  scope: 'settings:read',
  status: 200,
  response: Usage,
  answer: 'The limits, and when the last waiting message leaves.',
  problems: [],
} as const satisfies Endpoint

/**
 * Ends the pause that follows when a limit of Microsoft is used up, and one that Microsoft asked for. If the limit is
 * still used up, the next report pauses the mailbox again, for twice as long.
 */
export const sendNow = {
  operation: 'sendNow',
  summary: 'Ends a pause of the mailbox.',
  method: 'POST',
  path: '/api/v1/tenant-settings/office365-smtp/send-now',
  session: 'workspace-admin',
  scope: null,
  status: 200,
  response: Usage,
  answer: 'The limits, without the pause.',
  problems: [],
} as const satisfies Endpoint
