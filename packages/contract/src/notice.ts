import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'

/**
 * What an admin is told without having asked, in the page and by webhooks. A closed list: receivers branch on it.
 *
 * - `mailbox.reconnect-required`: Microsoft refuses the connection; messages are held until somebody reconnects
 * - `mailbox.app-misconfigured`: Microsoft refuses the app registration; messages are held until the operator mends it
 * - `mailbox.recovered`: the mailbox works again after one of these; what was held leaves
 * - `message.failed`: messages failed for good, counted over a minute
 * - `queue.stalled`: messages are due and nothing leaves, although the mailbox is connected and within its limits:
 *   Microsoft cannot be reached or takes nothing, or no worker is running
 * - `secret.expiring`: the client secret or certificate of the app registration runs out soon
 */
export const AlertType = z.enum([
  'mailbox.reconnect-required',
  'mailbox.app-misconfigured',
  'mailbox.recovered',
  'message.failed',
  'queue.stalled',
  'secret.expiring',
])
export type AlertType = z.infer<typeof AlertType>

export const AlertId = z.string().regex(/^alt_[0-9a-f]{32}$/, 'Not the id of an alert.')

/** The newest of its subject (the mailbox, failed messages, the queue, the secret) that nobody has dismissed. */
export const Notice = z.strictObject({
  id: AlertId,
  type: AlertType,
  at: z.iso.datetime(),
  title: z.string(),
  detail: z.string(),
  /** What to do, who has to do it and where; may contain absolute URLs. */
  action: z.string(),
})
export type Notice = z.infer<typeof Notice>

export const listNotices = {
  operation: 'listNotices',
  summary: 'Lists what a workspace admin should know.',
  method: 'GET',
  path: '/api/v1/notices',
  session: 'workspace-admin',
  scope: null,
  status: 200,
  response: z.strictObject({ items: z.array(Notice) }),
  answer: 'The notices that are not dismissed.',
  problems: [],
} as const satisfies Endpoint

/** For every admin, together with the older ones of the same subject. */
export const dismissNotice = {
  operation: 'dismissNotice',
  summary: 'Dismisses a notice.',
  method: 'POST',
  path: '/api/v1/notices/:id/dismiss',
  session: 'workspace-admin',
  scope: null,
  params: z.strictObject({ id: AlertId }),
  status: 204,
  response: null,
  answer: 'Dismissed.',
  problems: ['not-found'],
} as const satisfies Endpoint
