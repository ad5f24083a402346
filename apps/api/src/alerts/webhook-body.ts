import type { AlertType } from '@inforiver-mail/contract/notice'
import type { MessageEvent } from '@inforiver-mail/contract/message-event'
import type { WebhookEventPayload, WebhookPayload } from '@inforiver-mail/contract/webhook'
import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { RaisedAlert } from './outbox-store.ts'
import { alertText, knownOf } from './alert-text.ts'

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
      ...knownOf(alert, count, adminCenters).told,
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

function toBody(payload: WebhookPayload | WebhookEventPayload): string {
  return JSON.stringify(payload)
}
