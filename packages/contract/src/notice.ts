import { z } from 'zod'
import type { Endpoint } from './endpoint.ts'
import { FACTS, Values } from './values.ts'
import { prefixedId, Time } from './fields.ts'

/**
 * These alerts reach admins in the page and by webhooks. The list is closed, since receivers branch on it.
 *
 * - `mailbox.reconnect-required`: Microsoft refuses the connection; messages are held until somebody reconnects
 * - `mailbox.app-misconfigured`: Microsoft refuses the app registration; messages are held until the operator fixes it
 * - `mailbox.refused`: Microsoft takes no message of the mailbox, or none that goes by draft; they are held until it does
 * - `mailbox.token-refused`: Microsoft refuses tokens that it has just issued; messages wait, and are tried again
 * - `mailbox.recovered`: the mailbox works again after one of these, and held messages leave
 * - `messages.failed`: messages failed for good, counted over a minute
 * - `microsoft.unreachable`: for five minutes something between this server and Microsoft, such as a proxy, has answered in
 *   Microsoft's place; messages wait, and are tried again
 * - `microsoft.recovered`: nothing does any more
 * - `queue.stalled`: messages are due and none leaves, although the mailbox is connected and within its limits:
 *   Microsoft cannot be reached or accepts nothing, or no worker is running
 * - `quota.exceeded`: a limit of Microsoft is used up, and the mailbox pauses; over once the pause is
 * - `secret.expiring`: the client secret or certificate of the app registration expires soon
 * - `storage.nearly-full`: stored messages occupy 80 % of the room for them
 * - `storage.recovered`: there is room again after that
 */
export const AlertType = z.enum([
  'mailbox.reconnect-required',
  'mailbox.app-misconfigured',
  'mailbox.refused',
  'mailbox.token-refused',
  'mailbox.recovered',
  'messages.failed',
  'microsoft.unreachable',
  'microsoft.recovered',
  'queue.stalled',
  'quota.exceeded',
  'secret.expiring',
  'storage.nearly-full',
  'storage.recovered',
])
export type AlertType = z.infer<typeof AlertType>

/**
 * `values` of `messages.failed` say how many failed for each cause, as `cause.` and its code: Microsoft's, else that of the
 * problem. Together they are fewer than `count` where there are other causes, or an older version raised the alert.
 */
export const CAUSE_VALUE = 'cause.'

/** `values` of `storage.nearly-full` say how many bytes the largest services hold, as `service.` and its name. */
export const SERVICE_VALUE = 'service.'

const AlertId = prefixedId('alt', { what: 'an alert', example: '6f5e4d3c2b1a09f8e7d6c5b4a3928170' })

/** What an alert says in words, wherever it is told. */
export const ALERT_TEXTS = {
  title: z.string().meta({
    description: 'What happened, in a few words.',
    examples: ['Mail is paused: connect the mailbox again'],
  }),
  detail: z.string().meta({
    description: 'What happened, in a sentence.',
    examples: ['Microsoft no longer accepts the access to reports@contoso.com.'],
  }),
  action: z.string().meta({
    description: 'What to do, who has to do it and where; may contain absolute URLs.',
    examples: ['A workspace admin chooses Reconnect at Tenant Settings > Office 365 SMTP.'],
  }),
}

/** The latest alert about a subject (the mailbox, failed messages, the way to Microsoft, the queue, the limits of Microsoft, the secret, the storage), unless it was dismissed. */
export const Notice = z.strictObject({
  id: AlertId,
  type: AlertType.meta({ description: 'What it is about.', examples: ['mailbox.reconnect-required'] }),
  at: Time.meta({ description: 'When it happened.', examples: ['2026-11-24T10:00:00.000Z'] }),
  values: Values.meta({ description: FACTS, examples: [{ fromEmail: 'reports@contoso.com' }] }),
  ...ALERT_TEXTS,
})
export type Notice = z.infer<typeof Notice>

export const listNotices = {
  operation: 'listNotices',
  summary: 'Lists what a workspace admin should know.',
  description:
    'Each is the latest alert about its subject; one that is over is replaced by mailbox.recovered, microsoft.recovered or storage.recovered.',
  method: 'GET',
  path: '/api/v1/notices',
  session: 'workspace-admin',
  status: 200,
  response: z.strictObject({ items: z.array(Notice).meta({ description: 'The notices, newest first.' }) }),
  answer: 'The notices that are not dismissed.',
} as const satisfies Endpoint

/** Dismisses it for every admin, together with older notices about the same subject. */
export const dismissNotice = {
  operation: 'dismissNotice',
  summary: 'Dismisses a notice.',
  description: 'It is gone for every admin, with older notices about the same subject.',
  method: 'POST',
  path: '/api/v1/notices/:id/dismiss',
  session: 'workspace-admin',
  params: z.strictObject({ id: AlertId }),
  status: 204,
  answer: 'Dismissed.',
  problems: ['not-found'],
} as const satisfies Endpoint
