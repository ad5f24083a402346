import type { AlertType } from '@inforiver-mail/contract/notice'
import type { MessageEvent } from '@inforiver-mail/contract/message-event'
import type { WebhookEventPayload, WebhookPayload } from '@inforiver-mail/contract/webhook'
import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { Alert } from '../domain/alert.ts'
import type { RaisedAlert } from './outbox-store.ts'
import { alertText } from './alert-text.ts'

const SETTINGS = '/settings/office365-smtp'
const PAGES = {
  'mailbox.reconnect-required': SETTINGS,
  'mailbox.app-misconfigured': SETTINGS,
  'mailbox.refused': SETTINGS,
  'mailbox.token-refused': SETTINGS,
  'mailbox.recovered': SETTINGS,
  'messages.failed': '/messages?status=failed',
  'microsoft.unreachable': '/messages?status=queued',
  'microsoft.recovered': SETTINGS,
  'queue.stalled': '/messages?status=queued',
  'quota.exceeded': SETTINGS,
  'secret.expiring': SETTINGS,
  'storage.nearly-full': '/messages',
  'storage.recovered': '/messages',
} as const satisfies Record<AlertType, string>

/** The body that tells a webhook of an alert, identical at every attempt. */
export function webhookBody({ at, alert, count }: RaisedAlert, publicUrl: string, adminCenters: AdminCenters): string {
  return toBody({
    type: alert.type,
    timestamp: at.toISOString(),
    data: {
      ...alertText(alert, count, adminCenters),
      url: `${publicUrl}${PAGES[alert.type]}`,
      ...details(alert, count),
    },
  })
}

/** The body that tells a webhook of an event, identical at every attempt. */
export function eventBody(event: MessageEvent): string {
  return toBody({ type: event.type, timestamp: event.at, data: event })
}

export function testBody(at: Date, publicUrl: string): string {
  return toBody({
    type: 'webhook.test',
    timestamp: at.toISOString(),
    data: {
      title: 'This is a test',
      detail: 'A workspace admin of Inforiver Mail tried this webhook.',
      action: 'Nothing has to be done.',
      url: `${publicUrl}/settings/alerts`,
    },
  })
}

function details({ type, facts }: Alert, count: number): Partial<WebhookPayload['data']> {
  switch (type) {
    case 'mailbox.reconnect-required':
    case 'mailbox.app-misconfigured':
    case 'mailbox.refused':
    case 'mailbox.token-refused':
      return { fromEmail: facts.fromEmail, correlationId: facts.correlationId }
    case 'mailbox.recovered':
      return { fromEmail: facts.fromEmail }
    case 'messages.failed':
      return { count }
    case 'microsoft.unreachable': {
      const { since, status, host, contentType } = facts
      return { since, status, host, ...(contentType !== null && { contentType }) }
    }
    case 'microsoft.recovered':
      return {}
    case 'queue.stalled':
      return { count, oldestDueAt: facts.oldestDueAt }
    case 'quota.exceeded':
      return { fromEmail: facts.fromEmail, code: facts.code, pausedUntil: facts.until }
    case 'secret.expiring':
      return { expiresAt: facts.expiresAt, daysLeft: facts.daysLeft }
    case 'storage.nearly-full': {
      const { usedBytes, limitBytes, services } = facts
      return { usedBytes, limitBytes, services: services.map(({ name, bytes }) => ({ name, bytes })) }
    }
    case 'storage.recovered':
      return { usedBytes: facts.usedBytes, limitBytes: facts.limitBytes }
  }
}

function toBody(payload: WebhookPayload | WebhookEventPayload): string {
  return JSON.stringify(payload)
}
