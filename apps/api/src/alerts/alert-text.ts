import { alerts, failures } from '@inforiver-mail/contract/language/en/alerts'
import { MessageProblemCode } from '@inforiver-mail/contract/message'
import { CAUSE_VALUE, SERVICE_VALUE } from '@inforiver-mail/contract/notice'
import type { Values } from '@inforiver-mail/contract/values'
import type { WebhookPayload } from '@inforiver-mail/contract/webhook'
import { fillIn, type WordedText } from '@inforiver-mail/contract/wording'
import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import { explainDeliveryCode } from '@inforiver-mail/contract/delivery-text'
import { problemOfGraphCode } from '@inforiver-mail/m365/explain-problem'
import type { Alert } from '../domain/alert.ts'
import { readValues } from '../domain/stored-values.ts'

/** Writes a day as the settings page does in English, in UTC. */
const DAY = new Intl.DateTimeFormat('en-US', { dateStyle: 'long', timeZone: 'UTC' })

const MINUTE = new Intl.DateTimeFormat('en-US', { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' })

const NUMBER = new Intl.NumberFormat('en-US')

/** Describes an alert for the page, which unlike webhooks is shown what a gateway says. */
export function noticeText(alert: Alert, count: number, adminCenters: AdminCenters): WordedText {
  const text = alertText(alert, count, adminCenters)
  if (alert.type !== 'microsoft.unreachable' || alert.facts.excerpt === '') return text
  return { ...text, detail: `${text.detail} It says: “${alert.facts.excerpt}”` }
}

/** Describes an alert, for webhooks and nearly all that the page shows. `count` is the number of messages it is about. */
export function alertText(alert: Alert, count: number, adminCenters: AdminCenters): WordedText {
  const { type } = alert
  const variants = variantsOf(alert, count)
  const known = knownOf(alert, count, adminCenters)
  const values = { ...known.values, ...known.words, count: NUMBER.format(count) }
  const word = (part: 'title' | 'detail' | 'action') => {
    const variant = variants.map((ending) => alerts[`${type}.${part}-${ending}`]).find((text) => text !== undefined)
    return fillIn(variant ?? alerts[`${type}.${part}`], values)
  }
  return { title: word('title'), detail: word('detail'), action: word('action') }
}

/** The endings of texts that stand for those without. */
function variantsOf({ type, facts }: Alert, count: number): readonly string[] {
  if (type === 'mailbox.refused' && facts.values?.['byDraft'] === true) return ['by-draft']
  if (type === 'secret.expiring') return [['expired', 'tomorrow'][facts.daysLeft] ?? '', facts.kind]
  return count === 1 ? ['one'] : []
}

/** What is known of an alert besides its English text. */
interface Known {
  /** What webhooks are told. */
  readonly told: Partial<WebhookPayload['data']>
  /** The facts for its text in another language. */
  readonly values: Values
  /** What is filled into the English text besides. */
  readonly words?: Values
}

export function knownOf({ type, facts }: Alert, count: number, { entra }: AdminCenters): Known {
  switch (type) {
    case 'mailbox.reconnect-required':
    case 'mailbox.app-misconfigured':
    case 'mailbox.refused':
    case 'mailbox.token-refused': {
      const { fromEmail, correlationId, title, detail, action } = facts
      const told = { fromEmail, correlationId }
      const words = { explanation: sentences(title, detail), action }
      return { told, values: { ...readValues(facts.values), ...told }, words }
    }
    case 'mailbox.recovered':
      return alike({ fromEmail: facts.fromEmail })
    case 'messages.failed': {
      const since = facts.since && { since: new Date(facts.since).toISOString() }
      const words = { causes: failedText(count, facts.causes) }
      return { told: { count }, values: { count, ...since, ...causeValues(facts.causes) }, words }
    }
    case 'microsoft.unreachable': {
      const { since, status, host, contentType, excerpt } = facts
      const told = { since, status, host }
      return {
        told: { ...told, ...(contentType !== null && { contentType }) },
        values: { ...told, contentType: contentType ?? 'none', excerpt: excerpt === '' ? 'none' : excerpt },
        words: { sinceTime: MINUTE.format(Date.parse(since)), ofType: contentType === null ? '' : ` (${contentType})` },
      }
    }
    case 'microsoft.recovered':
      return alike({})
    case 'queue.stalled':
      return alike({ count, oldestDueAt: facts.oldestDueAt })
    case 'quota.exceeded': {
      const { fromEmail, code, until } = facts
      const words = { explanation: explainDeliveryCode(code), untilTime: MINUTE.format(Date.parse(until)) }
      return { told: { fromEmail, code, pausedUntil: until }, values: { fromEmail, code, until }, words }
    }
    case 'secret.expiring': {
      const { kind, expiresAt, daysLeft } = facts
      const what = kind === 'certificate' ? 'certificate' : 'client secret'
      const words = { what, day: DAY.format(Date.parse(expiresAt)) }
      return { told: { expiresAt, daysLeft }, values: { kind, expiresAt, daysLeft, entra }, words }
    }
    case 'storage.nearly-full': {
      const { usedBytes, limitBytes } = facts
      const services = facts.services.map(({ name, bytes }) => ({ name, bytes }))
      const held = services.map(({ name, bytes }) => `${name} ${megabytes(bytes)}`).join(', ')
      const percent = Math.floor((100 * usedBytes) / limitBytes)
      const byService = Object.fromEntries(services.map(({ name, bytes }) => [`${SERVICE_VALUE}${name}`, bytes]))
      return {
        told: { usedBytes, limitBytes, services },
        values: { usedBytes, limitBytes, percent, ...byService },
        words: { ...roomOf(facts), largest: held === '' ? '' : ` These services hold most: ${held}.` },
      }
    }
    case 'storage.recovered': {
      const { usedBytes, limitBytes } = facts
      return { ...alike({ usedBytes, limitBytes }), words: roomOf(facts) }
    }
  }
}

function alike(values: Known['told'] & Values): Known {
  return { told: values, values }
}

function roomOf({ usedBytes, limitBytes }: { usedBytes: number; limitBytes: number }) {
  return { used: megabytes(usedBytes), limit: megabytes(limitBytes) }
}

function megabytes(bytes: number): string {
  return `${NUMBER.format(Math.round(bytes / 1024 ** 2))} MB`
}

/** Describes an alert that a newer version raised, whose type and facts this one does not know. */
export function newerAlertText(type: string): WordedText {
  return {
    title: `A newer version of Inforiver Mail reports: ${type}`,
    detail: 'This version does not know what that means.',
    action: 'Whoever operates Inforiver Mail completes the upgrade. The notice then says what to do.',
  }
}

/** Such as "20 refused: invalid recipient (ErrorInvalidRecipients); 2 expired before leaving." */
function failedText(count: number, causes: Readonly<Record<string, number>> = {}): string {
  const named = mostFrequent(causes)
  if (named.length === 0) return 'Each message says why.'
  const others = count - named.reduce((sum, [, messages]) => sum + messages, 0)
  const parts = [
    ...named.map(([code, messages]) => `${messages} ${failureText(code)}`),
    ...(others > 0 ? [`${others} for other reasons`] : []),
  ]
  return `${parts.join('; ')}.`
}

function failureText(code: string): string {
  const own = MessageProblemCode.safeParse(code)
  if (own.success) return failures[own.data]
  const problem = problemOfGraphCode(code)
  return problem === null ? `failed: ${code}` : `${failures[problem]} (${code})`
}

function causeValues(causes: Readonly<Record<string, number>> = {}): Values {
  return Object.fromEntries(mostFrequent(causes).map(([code, messages]) => [`${CAUSE_VALUE}${code}`, messages]))
}

function mostFrequent(
  causes: Readonly<Record<string, number>>,
): readonly (readonly [code: string, messages: number])[] {
  return Object.entries(causes).toSorted(([, one], [, other]) => other - one)
}

function sentences(...texts: readonly string[]): string {
  return texts.map((text) => (/[.!?]$/.test(text) ? text : `${text}.`)).join(' ')
}
