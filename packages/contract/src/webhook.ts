import { z } from 'zod'
import { eachOnce } from './bounded.ts'
import type { Endpoint } from './endpoint.ts'
import { MessageEvent, MessageEventType } from './message-event.ts'
import { Moment } from './moment.ts'
import { ALERT_TEXTS, AlertType } from './notice.ts'
import { ServiceName } from './service-key.ts'
import { fault } from './fault-text.ts'
import { prefixedId, Time } from './fields.ts'

export const MAX_WEBHOOKS = 10
/** The most events that one replay sends. */
export const MAX_REPLAYED_EVENTS = 10_000
/** The most replays of a webhook that are under way together. */
export const MAX_REPLAYS = 5
const MAX_SERVICES = 50

const WebhookId = prefixedId('whk', { what: 'a webhook', example: '1a2b3c4d5e6f708192a3b4c5d6e7f809' })

/** What a webhook can be sent: alerts about the mailbox and the queue, and events of messages. */
export const WebhookSubject = z.enum([...AlertType.options, ...MessageEventType.options])
export type WebhookSubject = z.infer<typeof WebhookSubject>

export const WebhookType = z.enum([...WebhookSubject.options, 'webhook.test'])
export type WebhookType = z.infer<typeof WebhookType>

const Timestamp = Time.meta({
  description: 'When it happened; the request may come much later.',
  examples: ['2026-11-24T10:00:00.000Z'],
})

/** The body of a request that tells of an event. It names the message, and its recipient if the event is about one. */
export const WebhookEventPayload = z.strictObject({
  type: MessageEventType.meta({ description: 'What happened.', examples: ['message.sent'] }),
  timestamp: Timestamp,
  data: MessageEvent.meta({ description: 'The event, as the feed has it.' }),
})
export type WebhookEventPayload = z.infer<typeof WebhookEventPayload>

/** The body of a request that tells of an alert, and of a test. It never holds a secret, or anything from a message. */
export const WebhookPayload = z.strictObject({
  type: z.enum([...AlertType.options, 'webhook.test']).meta({
    description: 'What it tells.',
    examples: ['mailbox.reconnect-required'],
  }),
  timestamp: Timestamp,
  data: z
    .strictObject({
      ...ALERT_TEXTS,
      url: z.url().meta({
        description: 'The page of Inforiver Mail that shows more.',
        examples: ['https://mail.contoso.com/settings/office365-smtp'],
      }),
      fromEmail: z
        .string()
        .optional()
        .meta({
          description: 'The sender that it is about, of mailbox.* and quota.exceeded.',
          examples: ['reports@contoso.com'],
        }),
      correlationId: z
        .string()
        .nullable()
        .optional()
        .meta({
          description: 'Microsoft’s correlation id, for a support request.',
          examples: ['9f1c7a52-3b0e-4a86-9d1e-5c2b8f7a4d30'],
        }),
      count: z
        .int()
        .optional()
        .meta({ description: 'How many messages failed, or are due.', examples: [22] }),
      since: Time.optional().meta({
        description: 'Since when something answers in place of Microsoft, of microsoft.unreachable.',
        examples: ['2026-11-24T09:55:00.000Z'],
      }),
      status: z
        .int()
        .optional()
        .meta({ description: 'The HTTP status that it answers, of microsoft.unreachable.', examples: [403] }),
      host: z
        .string()
        .optional()
        .meta({
          description: 'The host of Microsoft that was asked, of microsoft.unreachable.',
          examples: ['graph.microsoft.com'],
        }),
      contentType: z
        .string()
        .optional()
        .meta({
          description: 'The content type that it answers, where it names one, of microsoft.unreachable.',
          examples: ['text/plain'],
        }),
      oldestDueAt: Time.optional().meta({
        description: 'Since when the oldest message is due, of queue.stalled.',
        examples: ['2026-11-24T09:50:00.000Z'],
      }),
      code: z
        .string()
        .optional()
        .meta({
          description: 'The code of the report that a limit is used up, of quota.exceeded.',
          examples: ['5.7.233'],
        }),
      pausedUntil: Time.optional().meta({
        description: 'Until when the mailbox pauses, of quota.exceeded.',
        examples: ['2026-11-24T11:00:00.000Z'],
      }),
      usedBytes: z
        .int()
        .optional()
        .meta({ description: 'What stored messages occupy, of storage.*.', examples: [9_019_431_322] }),
      limitBytes: z
        .int()
        .optional()
        .meta({ description: 'The most that they may occupy, of storage.*.', examples: [10_737_418_240] }),
      services: z
        .array(
          z.strictObject({
            name: z.string().meta({ description: 'The name of the service.', examples: ['reports'] }),
            bytes: z.int().meta({ description: 'What its messages occupy.', examples: [8_053_063_680] }),
          }),
        )
        .optional()
        .meta({ description: 'The services that hold most of it, of storage.nearly-full.' }),
      expiresAt: Time.optional().meta({
        description: 'When the secret or certificate ends, of secret.expiring.',
        examples: ['2027-03-01T00:00:00.000Z'],
      }),
      daysLeft: z
        .int()
        .optional()
        .meta({ description: 'How many days are left until then.', examples: [7] }),
    })
    .meta({ description: 'What is known of it; what does not belong to the type is left out.' }),
})
export type WebhookPayload = z.infer<typeof WebhookPayload>

/**
 * How one request ended.
 *
 * - `delivered`: the answer had a status from 200 to 299
 * - `refused`: the answer had another status
 * - `redirected`: the answer was a redirect, which is not followed
 * - `address-refused`: the name resolves to an address that webhooks may not reach
 * - `name-not-found`: the name does not resolve
 * - `certificate-refused`: this installation does not trust the certificate for that name
 * - `timed-out`: no answer came within 10 seconds
 * - `connection-failed`: the connection was refused, or broke
 */
export const WebhookOutcome = z.enum([
  'delivered',
  'refused',
  'redirected',
  'address-refused',
  'name-not-found',
  'certificate-refused',
  'timed-out',
  'connection-failed',
])
export type WebhookOutcome = z.infer<typeof WebhookOutcome>

export const WebhookAttempt = z.strictObject({
  at: Time.meta({ description: 'When it ended.', examples: ['2026-11-24T10:05:00.000Z'] }),
  type: WebhookType.meta({ description: 'What it told.', examples: ['webhook.test'] }),
  outcome: WebhookOutcome.meta({ description: 'How it ended.', examples: ['delivered'] }),
  status: z
    .int()
    .nullable()
    .meta({ description: 'The HTTP status of the answer; null when there was none.', examples: [200, null] }),
})
export type WebhookAttempt = z.infer<typeof WebhookAttempt>

const URL_META = { description: 'Where it is sent.', examples: ['https://hooks.contoso.com/inforiver-mail'] }

export const Webhook = z.strictObject({
  id: WebhookId,
  url: z.string().meta(URL_META),
  types: z
    .array(WebhookSubject)
    .meta({ description: 'The alerts and events that it is sent.', examples: [['queue.stalled', 'message.failed']] }),
  services: z
    .array(z.string())
    .nullable()
    .meta({ description: 'Whose events it is sent; null: those of every service.', examples: [['reports'], null] }),
  createdAt: Time.meta({
    description: 'When it was registered.',
    examples: ['2026-11-24T09:45:00.000Z'],
  }),
  waiting: z.int().meta({
    description:
      'Alerts and events that are not delivered yet, first attempts and retries. Of events 10,000 are counted at most.',
    examples: [0],
  }),
  lastAttempt: WebhookAttempt.nullable().meta({ description: 'The last request; null while there has been none.' }),
})
export type Webhook = z.infer<typeof Webhook>

export const WebhookInput = z.strictObject({
  url: z
    .string()
    .max(2_000, fault('too-long', { max: 2000 }))
    .superRefine((value, context) => {
      const message = urlFault(value)
      if (message !== null) context.addIssue({ code: 'custom', message })
    })
    .meta(URL_META),
  types: eachOnce('type', WebhookSubject, WebhookSubject.options.length)
    .exactOptional()
    .meta({
      description: 'The alerts and events to send. Left out: every alert, and no event.',
      examples: [['queue.stalled', 'message.failed']],
    }),
  services: eachOnce('service', ServiceName, MAX_SERVICES)
    .exactOptional()
    .meta({
      description: 'Whose events to send. Left out: those of every service. Alerts do not depend on it.',
      examples: [['reports']],
    }),
})
export type WebhookInput = z.infer<typeof WebhookInput>

export const ADDRESS_FAULT = fault('webhook-address-refused')

function urlFault(value: string): string | null {
  if (value !== value.trim() || /\p{C}/u.test(value)) return fault('spaces-or-invisible')
  if (!/^https:\/\//i.test(value) || !URL.canParse(value)) return fault('webhook-address')
  const { username, password, hash, hostname } = new URL(value)
  if (username !== '' || password !== '') return fault('webhook-credentials')
  if (hash !== '' || value.includes('#')) return fault('webhook-fragment')
  if (LOOPBACK_NAME.test(hostname)) return ADDRESS_FAULT
  return null
}

/** RFC 6761 section 6.3: these names always resolve to the machine itself. */
const LOOPBACK_NAME = /(^|\.)localhost\.?$/

const WebhookParams = z.strictObject({ id: WebhookId })

export const listWebhooks = {
  operation: 'listWebhooks',
  summary: 'Lists the webhooks.',
  description: 'The secret of a webhook is shown only when it is registered.',
  method: 'GET',
  path: '/api/v1/webhooks',
  session: 'workspace-admin',
  status: 200,
  response: z.strictObject({ items: z.array(Webhook).meta({ description: 'The webhooks.' }) }),
  answer: 'The webhooks, with the last attempt of each.',
} as const satisfies Endpoint

export const createWebhook = {
  operation: 'createWebhook',
  summary: 'Registers a webhook.',
  description:
    'Requests are signed by Standard Webhooks, and repeated for a day when they are not answered with 2xx. Addresses in private networks need WEBHOOK_ALLOW_PRIVATE.',
  method: 'POST',
  path: '/api/v1/webhooks',
  session: 'workspace-admin',
  body: WebhookInput,
  status: 201,
  response: Webhook.extend({
    secret: z.string().meta({
      description: 'Signs every request (Standard Webhooks); it is returned here and never again.',
      examples: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    }),
  }),
  answer: 'The webhook and its secret, shown only here.',
} as const satisfies Endpoint

export const removeWebhook = {
  operation: 'removeWebhook',
  summary: 'Removes a webhook.',
  description: 'Requests that still wait for it are dropped.',
  method: 'DELETE',
  path: '/api/v1/webhooks/:id',
  session: 'workspace-admin',
  params: WebhookParams,
  status: 204,
  answer: 'Removed: it receives nothing more.',
  problems: ['not-found'],
} as const satisfies Endpoint

export const testWebhook = {
  operation: 'testWebhook',
  summary: 'Sends webhook.test and waits for what becomes of it.',
  description: 'Waits for the answer of the webhook, at most 10 seconds, and says how the request ended.',
  method: 'POST',
  path: '/api/v1/webhooks/:id/test',
  session: 'workspace-admin',
  params: WebhookParams,
  status: 200,
  response: WebhookAttempt,
  answer: 'What became of it.',
  problems: ['not-found'],
} as const satisfies Endpoint

export const replayWebhook = {
  operation: 'replayWebhook',
  summary: 'Sends events to a webhook once more.',
  description:
    'Sends at most 10,000 events, the oldest since then (by at, inclusive), under the same webhook-id as before. Alerts are not replayed. A webhook may have five replays under way.',
  method: 'POST',
  path: '/api/v1/webhooks/:id/replay',
  session: 'workspace-admin',
  params: WebhookParams,
  body: z.strictObject({
    since: Moment.meta({
      description: 'Events that happened at this time or later are sent once more.',
      examples: ['2026-11-24T10:00:00Z'],
    }),
  }),
  status: 202,
  response: z.strictObject({ count: z.int().meta({ description: 'How many events will be sent.', examples: [42] }) }),
  answer: `How many events will be sent: the oldest ${MAX_REPLAYED_EVENTS} since then, of the types and services of the webhook.`,
  problems: ['not-found'],
} as const satisfies Endpoint
