import { MessageEventType } from '@inforiver-mail/contract/message-event'
import { AlertType } from '@inforiver-mail/contract/notice'
import {
  type Webhook,
  type WebhookAttempt,
  type WebhookOutcome,
  type WebhookSubject,
  type WebhookType,
} from '@inforiver-mail/contract/webhook'

export const TYPE_LABELS = {
  'mailbox.reconnect-required': 'Reconnect required',
  'mailbox.app-misconfigured': 'App registration refused',
  'mailbox.recovered': 'Mailbox works again',
  'messages.failed': 'Messages failed',
  'queue.stalled': 'Queue stands still',
  'quota.exceeded': 'Limit of Microsoft used up',
  'secret.expiring': 'Secret expires',
  'message.sent': 'Message sent',
  'message.failed': 'Message failed',
  'message.held': 'Message held',
  'message.released': 'Message released',
  'message.cancelled': 'Message cancelled',
  'message.delivered': 'Message delivered',
  'message.bounced': 'Message bounced',
  'message.quarantined': 'Message quarantined',
  'webhook.test': 'Test',
} as const satisfies Record<WebhookType, string>

/** Describes the outcome of a request and its remedy; null when nothing has to be done. */
const OUTCOMES = {
  delivered: { what: 'Delivered', remedy: null },
  refused: {
    what: 'Refused by the receiver',
    remedy: 'See in the log of the receiver why it does not accept the request.',
  },
  redirected: {
    what: 'Answered with a redirect',
    remedy: 'A redirect is not followed: add a webhook with the address that it leads to.',
  },
  'address-refused': {
    what: 'Not sent: the name leads to an address that webhooks may not reach',
    remedy:
      'Addresses of this machine, link-local and metadata addresses are always refused; private ones unless whoever operates Inforiver Mail sets WEBHOOK_ALLOW_PRIVATE=true.',
  },
  'name-not-found': {
    what: 'Not sent: the name is not known',
    remedy: 'Check the address, or DNS on the server.',
  },
  'certificate-refused': {
    what: 'Not sent: the certificate of the receiver is not trusted',
    remedy:
      'The certificate has to be valid for this name. One of a private authority is trusted when NODE_EXTRA_CA_CERTS of Inforiver Mail names that authority.',
  },
  'timed-out': {
    what: 'No answer within 10 seconds',
    remedy: 'The receiver has to answer before it does its work. A firewall may also be in the way.',
  },
  'connection-failed': {
    what: 'No connection',
    remedy: 'Check whether the receiver is running, and whether a firewall is in the way. No proxy is used.',
  },
} as const satisfies Record<WebhookOutcome, { what: string; remedy: string | null }>

export function outcomeText({ outcome, status }: Pick<WebhookAttempt, 'outcome' | 'status'>): string {
  const { what } = OUTCOMES[outcome]
  return status === null ? what : `${what} (status ${status})`
}

export function outcomeRemedy({ outcome }: Pick<WebhookAttempt, 'outcome'>): string | null {
  return OUTCOMES[outcome].remedy
}

/** The events that this version writes. */
export const OFFERED_EVENTS = [
  'message.sent',
  'message.failed',
  'message.held',
  'message.released',
  'message.cancelled',
] as const satisfies readonly MessageEventType[]

export function sendsEvents({ types }: Pick<Webhook, 'types'>): boolean {
  return MessageEventType.options.some((type) => types.includes(type))
}

/** Says in one line what a webhook is sent. */
export function contentsText({ types, services }: Pick<Webhook, 'types' | 'services'>): string {
  const alerts = AlertType.options.filter((type) => types.includes(type))
  const events = MessageEventType.options.filter((type) => types.includes(type))
  const parts = [
    alerts.length === AlertType.options.length ? 'All alerts' : alerts.map((type) => TYPE_LABELS[type]).join(', '),
    events.map((type) => TYPE_LABELS[type]).join(', '),
    events.length > 0 && services ? `of ${services.join(', ')}` : '',
  ]
  return parts.filter((part) => part !== '').join('; ')
}

/** Splits names at commas; null for none. */
export function servicesIn(text: string): string[] | null {
  const names = text.split(',').map((name) => name.trim())
  const given = names.filter((name) => name !== '')
  return given.length === 0 ? null : [...new Set(given)]
}

/** The types to ask for; null where they are what a webhook gets without asking. */
export function typesToAskFor(chosen: readonly WebhookSubject[]): WebhookSubject[] | null {
  const isDefault =
    chosen.length === AlertType.options.length && AlertType.options.every((type) => chosen.includes(type))
  return isDefault ? null : [...chosen]
}

/** How many alerts and events are still to be delivered; null when none are. */
export function waitingText({ waiting }: Pick<Webhook, 'waiting'>): string | null {
  if (waiting === 0) return null
  return waiting === 1 ? '1 request is yet to be delivered' : `${waiting} requests are yet to be delivered`
}

/** Names a webhook in a sentence or a button by its host, since the whole address may be long. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}
