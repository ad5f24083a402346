import { MessageEventType } from '@inforiver-mail/contract/message-event'
import { AlertType } from '@inforiver-mail/contract/notice'
import {
  type Webhook,
  type WebhookAttempt,
  type WebhookSubject,
  type WebhookType,
} from '@inforiver-mail/contract/webhook'
import type { Translate } from '../language/translate.ts'

/** What became of a request. */
export function outcomeText({ outcome, status }: Pick<WebhookAttempt, 'outcome' | 'status'>, t: Translate): string {
  const what = t(`alerts.outcome.${outcome}`)
  return status === null ? what : t('alerts.outcome-status', { outcome: what, status: String(status) })
}

/** What to do about it; null when nothing has to be done. */
export function outcomeRemedy({ outcome }: Pick<WebhookAttempt, 'outcome'>, t: Translate): string | null {
  return outcome === 'delivered' ? null : t(`alerts.remedy.${outcome}`)
}

export function sendsEvents({ types }: { readonly types: readonly WebhookSubject[] }): boolean {
  return MessageEventType.options.some((type) => types.includes(type))
}

/** Says in one line what a webhook is sent. */
export function contentsText({ types, services }: Pick<Webhook, 'types' | 'services'>, t: Translate): string {
  const alerts = AlertType.options.filter((type) => types.includes(type))
  const events = MessageEventType.options.filter((type) => types.includes(type))
  const parts = [
    alerts.length === AlertType.options.length ? t('alerts.sends.all') : typesText(alerts, t),
    events.length > 0 && services
      ? t('alerts.sends.of-services', { events: typesText(events, t), services: t.list(services) })
      : typesText(events, t),
  ]
  return parts.filter((part) => part !== '').join('; ')
}

function typesText(types: readonly WebhookType[], t: Translate): string {
  return t.list(
    types.map((type) => t(`alerts.type.${type}`)),
    'unit',
  )
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
export function waitingText({ waiting }: Pick<Webhook, 'waiting'>, t: Translate): string | null {
  return waiting === 0 ? null : t('alerts.waiting', { count: waiting })
}

/** Names a webhook in a sentence or a button by its host, since the whole address may be long. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url
}
