import { alerts, failures } from '@inforiver-mail/contract/language/en/alerts'
import { MessageProblemCode } from '@inforiver-mail/contract/message'
import { CAUSE_VALUE, SERVICE_VALUE } from '@inforiver-mail/contract/notice'
import type { Values } from '@inforiver-mail/contract/values'
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
  const values = {
    ...alertValues(alert, count, adminCenters),
    ...wordsOf(alert, count),
    count: NUMBER.format(count),
  }
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

/** What is filled into a text besides the values of the alert. */
function wordsOf({ type, facts }: Alert, count: number): Values {
  switch (type) {
    case 'mailbox.reconnect-required':
    case 'mailbox.app-misconfigured':
    case 'mailbox.refused':
    case 'mailbox.token-refused':
      return { explanation: sentences(facts.title, facts.detail), action: facts.action }
    case 'messages.failed':
      return { causes: failedText(count, facts.causes) }
    case 'microsoft.unreachable': {
      const { since, contentType } = facts
      return { sinceTime: MINUTE.format(Date.parse(since)), ofType: contentType === null ? '' : ` (${contentType})` }
    }
    case 'quota.exceeded':
      return { explanation: explainDeliveryCode(facts.code), untilTime: MINUTE.format(Date.parse(facts.until)) }
    case 'secret.expiring': {
      const what = facts.kind === 'certificate' ? 'certificate' : 'client secret'
      return { what, day: DAY.format(Date.parse(facts.expiresAt)) }
    }
    case 'storage.nearly-full': {
      const services = facts.services.map(({ name, bytes }) => `${name} ${megabytes(bytes)}`).join(', ')
      return { ...roomOf(facts), largest: services === '' ? '' : ` These services hold most: ${services}.` }
    }
    case 'storage.recovered':
      return roomOf(facts)
    default:
      return {}
  }
}

function roomOf({ usedBytes, limitBytes }: { usedBytes: number; limitBytes: number }) {
  return { used: megabytes(usedBytes), limit: megabytes(limitBytes) }
}

function megabytes(bytes: number): string {
  return `${NUMBER.format(Math.round(bytes / 1024 ** 2))} MB`
}

/** Of how many hundredths the room is taken. */
function percentOf({ usedBytes, limitBytes }: { usedBytes: number; limitBytes: number }): number {
  return Math.floor((100 * usedBytes) / limitBytes)
}

/** The facts of an alert, for its text in another language. */
export function alertValues({ type, facts }: Alert, count: number, { entra }: AdminCenters): Values {
  switch (type) {
    case 'mailbox.reconnect-required':
    case 'mailbox.app-misconfigured':
    case 'mailbox.refused':
    case 'mailbox.token-refused':
      return { ...readValues(facts.values), fromEmail: facts.fromEmail, correlationId: facts.correlationId }
    case 'mailbox.recovered':
      return { fromEmail: facts.fromEmail }
    case 'messages.failed':
      return { count, ...(facts.since && { since: new Date(facts.since).toISOString() }), ...causeValues(facts.causes) }
    case 'microsoft.unreachable': {
      const { since, status, host, contentType, excerpt } = facts
      return { since, status, host, contentType: contentType ?? 'none', excerpt: excerpt === '' ? 'none' : excerpt }
    }
    case 'microsoft.recovered':
      return {}
    case 'queue.stalled':
      return { count, oldestDueAt: facts.oldestDueAt }
    case 'quota.exceeded':
      return { fromEmail: facts.fromEmail, code: facts.code, until: facts.until }
    case 'secret.expiring':
      return { kind: facts.kind, expiresAt: facts.expiresAt, daysLeft: facts.daysLeft, entra }
    case 'storage.nearly-full': {
      const services = facts.services.map(({ name, bytes }) => [`${SERVICE_VALUE}${name}`, bytes] as const)
      return {
        usedBytes: facts.usedBytes,
        limitBytes: facts.limitBytes,
        percent: percentOf(facts),
        ...Object.fromEntries(services),
      }
    }
    case 'storage.recovered':
      return { usedBytes: facts.usedBytes, limitBytes: facts.limitBytes }
  }
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
