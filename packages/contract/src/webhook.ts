import { z } from 'zod'
import { bounded } from './bounded.ts'
import type { Endpoint } from './endpoint.ts'
import { MessageEvent, MessageEventType } from './message-event.ts'
import { Moment } from './moment.ts'
import { AlertType } from './notice.ts'
import { ServiceName } from './service-key.ts'
import { fault } from './fault-text.ts'

export const MAX_WEBHOOKS = 10
/** The most events that one replay sends. */
export const MAX_REPLAYED_EVENTS = 10_000
/** The most replays of a webhook that are under way together. */
export const MAX_REPLAYS = 5
const MAX_SERVICES = 50

const WebhookId = z.string().regex(/^whk_[0-9a-f]{32}$/, fault('not-an-id', { what: 'a webhook' }))

/** What a webhook can be sent: alerts about the mailbox and the queue, and events of messages. */
export const WebhookSubject = z.enum([...AlertType.options, ...MessageEventType.options])
export type WebhookSubject = z.infer<typeof WebhookSubject>

export const WebhookType = z.enum([...WebhookSubject.options, 'webhook.test'])
export type WebhookType = z.infer<typeof WebhookType>

/** The body of a request that tells of an event. It names the message, and its recipient if the event is about one. */
export const WebhookEventPayload = z.strictObject({
  type: MessageEventType,
  /** When it happened; the request may come much later. */
  timestamp: z.iso.datetime(),
  data: MessageEvent,
})
export type WebhookEventPayload = z.infer<typeof WebhookEventPayload>

/** The body of a request that tells of an alert, and of a test. It never holds a secret, or anything from a message. */
export const WebhookPayload = z.strictObject({
  type: z.enum([...AlertType.options, 'webhook.test']),
  /** When it happened; the request may come much later. */
  timestamp: z.iso.datetime(),
  data: z.strictObject({
    title: z.string(),
    detail: z.string(),
    /** What to do, who has to do it and where. */
    action: z.string(),
    /** The page of Inforiver Mail that shows more. */
    url: z.url(),
    /** Present for `mailbox.*` and `quota.exceeded`. */
    fromEmail: z.string().optional(),
    /** Microsoft's correlation id, for a support request. */
    correlationId: z.string().nullable().optional(),
    /** How many messages failed, or are due. */
    count: z.int().optional(),
    oldestDueAt: z.iso.datetime().optional(),
    /** The code of the report that a limit is used up, such as `5.7.233`. */
    code: z.string().optional(),
    pausedUntil: z.iso.datetime().optional(),
    expiresAt: z.iso.datetime().optional(),
    daysLeft: z.int().optional(),
  }),
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
  at: z.iso.datetime(),
  type: WebhookType,
  outcome: WebhookOutcome,
  /** HTTP status; null when there was no answer. */
  status: z.int().nullable(),
})
export type WebhookAttempt = z.infer<typeof WebhookAttempt>

export const Webhook = z.strictObject({
  id: WebhookId,
  url: z.string(),
  /** The alerts and events that it is sent. */
  types: z.array(WebhookSubject),
  /** Whose events it is sent; null: those of every service. */
  services: z.array(z.string()).nullable(),
  createdAt: z.iso.datetime(),
  /** Alerts and events that are not delivered yet, first attempts and retries. Of events 10,000 are counted at most. */
  waiting: z.int(),
  lastAttempt: WebhookAttempt.nullable(),
})
export type Webhook = z.infer<typeof Webhook>

export const WebhookInput = z.strictObject({
  url: z
    .string()
    .max(2_000, fault('too-long', { max: 2000 }))
    .superRefine((value, context) => {
      const message = urlFault(value)
      if (message !== null) context.addIssue({ code: 'custom', message })
    }),
  types: bounded(
    z
      .array(WebhookSubject, { error: fault('type-list') })
      .min(1, fault('type-missing'))
      .refine((types) => new Set(types).size === types.length, fault('type-twice')),
    WebhookSubject.options.length,
    fault('too-many-types', { max: WebhookSubject.options.length }),
  )
    .exactOptional()
    .describe('The alerts and events to send. Left out: every alert, and no event.'),
  services: bounded(
    z
      .array(ServiceName, { error: fault('service-list') })
      .min(1, fault('service-missing'))
      .refine((services) => new Set(services).size === services.length, fault('service-twice')),
    MAX_SERVICES,
    fault('too-many-services', { max: MAX_SERVICES }),
  )
    .exactOptional()
    .describe('Whose events to send. Left out: those of every service. Alerts do not depend on it.'),
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
  method: 'GET',
  path: '/api/v1/webhooks',
  session: 'workspace-admin',
  scope: null,
  status: 200,
  response: z.strictObject({ items: z.array(Webhook) }),
  answer: 'The webhooks, with the last attempt of each.',
  problems: [],
} as const satisfies Endpoint

export const createWebhook = {
  operation: 'createWebhook',
  summary: 'Registers a webhook.',
  method: 'POST',
  path: '/api/v1/webhooks',
  session: 'workspace-admin',
  scope: null,
  body: WebhookInput,
  status: 201,
  /** `secret` signs every request (Standard Webhooks); it is returned here and never again. */
  response: Webhook.extend({ secret: z.string() }),
  answer: 'The webhook and its secret, shown only here.',
  problems: [],
} as const satisfies Endpoint

export const removeWebhook = {
  operation: 'removeWebhook',
  summary: 'Removes a webhook.',
  method: 'DELETE',
  path: '/api/v1/webhooks/:id',
  session: 'workspace-admin',
  scope: null,
  params: WebhookParams,
  status: 204,
  response: null,
  answer: 'Removed: it receives nothing more.',
  problems: ['not-found'],
} as const satisfies Endpoint

export const testWebhook = {
  operation: 'testWebhook',
  summary: 'Sends webhook.test and waits for what becomes of it.',
  method: 'POST',
  path: '/api/v1/webhooks/:id/test',
  session: 'workspace-admin',
  scope: null,
  params: WebhookParams,
  status: 200,
  response: WebhookAttempt,
  answer: 'What became of it.',
  problems: ['not-found'],
} as const satisfies Endpoint

export const replayWebhook = {
  operation: 'replayWebhook',
  summary: 'Sends events to a webhook once more.',
  method: 'POST',
  path: '/api/v1/webhooks/:id/replay',
  session: 'workspace-admin',
  scope: null,
  params: WebhookParams,
  body: z.strictObject({
    /** Inclusive. */
    since: Moment,
  }),
  status: 202,
  response: z.strictObject({ count: z.int() }),
  answer: `How many events will be sent: the oldest ${MAX_REPLAYED_EVENTS} since then, of the types and services of the webhook.`,
  problems: ['not-found'],
} as const satisfies Endpoint
