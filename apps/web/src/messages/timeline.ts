import { deliveryText, type InLanguage, serverText } from '../api/server-text.ts'
import { type DeliveryReport, type Message, POSSIBLE_BOUNCE } from '@inforiver-mail/contract/message'
import type { Pause } from '@inforiver-mail/contract/usage'
import type { Translate } from '../language/translate.ts'
import { noAttemptText, serviceText, waitingReason } from './message-text.ts'

/** One line of the story of a message. */
export interface TimelineEntry extends InLanguage {
  readonly title: string
  /** Null for what holds at the moment. */
  readonly at: string | null
  /** When it happened first in a row; null where it happened once. */
  readonly firstAt: string | null
  readonly count: number
  /** Microsoft's code. */
  readonly code: string | null
  /** Written in `lang`, where that is not the page's language. */
  readonly detail: string | null
  /** The recipients that it is about; empty for the message as a whole. */
  readonly recipients: readonly string[]
  /** Further lines: Microsoft's own text, who told it, doubts. */
  readonly notes: readonly string[]
  /** `ahead`: it is going to happen, at the earliest or unless something else ends it. */
  readonly kind: 'happened' | 'good' | 'bad' | 'now' | 'ahead'
}

/** The detail of an attempt that says no more than its outcome. */
const ACCEPTED = 'Microsoft accepted the message.'
/** A message that is not kept by anything leaves within this time. */
const LEAVES_WITHIN_MS = 10_000
const NOTHING_MORE = { firstAt: null, count: 1, code: null, detail: null, recipients: [], notes: [] } as const

/**
 * Tells the story of a message in one list: what happened, oldest first, then how it stands, then what is ahead.
 *
 * @param pause that of the mailbox
 */
export function timelineOf(message: Message, t: Translate, pause?: Pause | null): TimelineEntry[] {
  const { createdAt, sendAt, service, status } = message
  const submitted = entry('happened', t('messages.story.submitted', { service: serviceText(service, t) }), createdAt)
  const isDue = sendAt !== null && status !== 'scheduled' && Date.parse(sendAt) > Date.parse(createdAt)
  const happened = [
    ...(isDue ? [entry('happened', t('messages.story.scheduled'), sendAt)] : []),
    ...waitedFirst(message, isDue ? sendAt : createdAt, t),
    ...attemptsOf(message, t),
  ].toSorted(byTime)
  // Microsoft may have delivered a message before its acceptance has reached us, and has another clock.
  const reported = reportsOf(message, t).toSorted(byTime)
  return [submitted, ...happened, ...reported, ...present(message, pause, t), ...ahead(message, t)]
}

/** Says how long a message waited for its turn: other messages, a limit of the mailbox or a connection kept it. */
function waitedFirst({ attempts }: Message, dueAt: string, t: Translate): TimelineEntry[] {
  const [first] = attempts
  if (!first) return []
  const waitedMs = Date.parse(first.firstAt) - Date.parse(dueAt)
  if (waitedMs < LEAVES_WITHIN_MS) return []
  return [
    {
      ...entry('happened', t('messages.story.waited', { time: durationText(waitedMs, t) }), first.firstAt),
      detail: t('messages.story.waited-for'),
    },
  ]
}

function durationText(ms: number, t: Translate): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 120) return t('messages.duration.seconds', { count: seconds })
  const minutes = Math.round(seconds / 60)
  if (minutes < 120) return t('messages.duration.minutes', { count: minutes })
  const hours = Math.round(minutes / 60)
  return hours < 48
    ? t('messages.duration.hours', { count: hours })
    : t('messages.duration.days', { count: Math.round(hours / 24) })
}

function attemptsOf({ attempts }: Message, t: Translate): TimelineEntry[] {
  return attempts.map(({ outcome, at, firstAt, count, code, detail, values }) => ({
    ...entry(
      outcome === 'sent' ? 'good' : outcome === 'refused' ? 'bad' : 'happened',
      t(`messages.outcome.${outcome}`),
      at,
    ),
    firstAt: count > 1 ? firstAt : null,
    count,
    code,
    ...(detail !== ACCEPTED && serverText({ detail, values }, t)),
  }))
}

const KINDS = {
  unknown: 'now',
  pending: 'now',
  delivered: 'good',
  expanded: 'good',
  spam: 'happened',
  quarantined: 'bad',
  failed: 'bad',
} as const satisfies Record<DeliveryReport['delivery'], TimelineEntry['kind']>

/** What became of the recipients after Microsoft had accepted the message; those with the same outcome are one entry. */
function reportsOf({ recipients, status }: Message, t: Translate): TimelineEntry[] {
  if (status !== 'sent') return []
  const groups = Map.groupBy(recipients, ({ delivery, code, detail, at, source, certain, note }) =>
    JSON.stringify([delivery, code, detail, at, source, certain, note]),
  )
  const reported = [...groups.values()].flatMap(([report, ...others]) =>
    report && hasReport(report) ? [reportEntry(report, [report, ...others], t)] : [],
  )
  return reported
}

/** Whether anything is known or awaited, so that without reports nothing is said. */
function hasReport({ delivery, note }: DeliveryReport): boolean {
  return delivery !== 'unknown' || note !== null
}

function reportEntry(report: DeliveryReport, group: readonly DeliveryReport[], t: Translate): TimelineEntry {
  const { delivery, code, explanation, detail, at, source, certain, note } = report
  const title = t(`messages.report.${delivery}`, { count: group.length })
  return {
    ...entry(KINDS[delivery], certain ? title : t('messages.report.probably', { what: title }), at),
    code,
    ...(explanation !== null && deliveryText({ delivery, code, explanation }, t)),
    recipients: group.map(({ address }) => address),
    notes: [
      ...(detail === null ? [] : [detail]),
      ...(source === null ? [] : [t(`messages.source.${source}`)]),
      ...(certain ? [] : [t('messages.report.uncertain')]),
      ...(note === null ? [] : [noteText(note, t)]),
    ],
  }
}

/** The words of other servers stay as they are. */
function noteText(note: string, t: Translate): string {
  const told = note.startsWith(`${POSSIBLE_BOUNCE}: `) ? note.slice(POSSIBLE_BOUNCE.length + 2) : null
  if (told !== null) return t('messages.report.possible-bounce-of', { told })
  return note === POSSIBLE_BOUNCE ? t('messages.report.possible-bounce') : note
}

/** How it stands; nothing where the last attempt says it already. */
function present(message: Message, pause: Pause | null | undefined, t: Translate): TimelineEntry[] {
  const { status, attempts, problem, heldBecause, expiresAt } = message
  const now = (title: string, detail: string | null) => ({ ...entry('now', title, null), detail })
  const noAttempt = attempts.length === 0 ? noAttemptText(message, t) : null
  switch (status) {
    case 'sent':
    case 'scheduled':
      return []
    case 'failed': {
      const isExpired = problem?.code === 'expired'
      return [
        entry('bad', t(isExpired ? 'messages.story.expired' : 'messages.story.failed'), isExpired ? expiresAt : null),
      ]
    }
    case 'cancelled':
      return [now(t('messages.status.cancelled'), noAttempt)]
    case 'held':
      return [now(t('messages.status.held'), heldBecause && t(`sending.held.${heldBecause}`))]
    case 'sending':
      return [now(t('messages.story.sending'), noAttempt)]
    case 'queued':
      return [now(t('messages.story.waiting'), waitingReason(message, pause, t) ?? noAttempt)]
  }
}

function ahead({ status, sendAt, nextAttemptAt, progress, expiresAt }: Message, t: Translate): TimelineEntry[] {
  if (status === 'sent' || status === 'failed' || status === 'cancelled') return []
  const next = t(progress ? 'messages.story.next-upload' : 'messages.story.next-attempt')
  return [
    ...(status === 'scheduled' ? [entry('ahead', t('messages.story.to-be-sent'), sendAt)] : []),
    ...(status === 'queued' && nextAttemptAt !== null ? [entry('ahead', next, nextAttemptAt)] : []),
    ...(expiresAt === null ? [] : [entry('ahead', t('messages.story.expires'), expiresAt)]),
  ].toSorted(byTime)
}

function entry(kind: TimelineEntry['kind'], title: string, at: string | null): TimelineEntry {
  return { ...NOTHING_MORE, kind, title, at }
}

/** What has no time holds now, after all that has happened. */
function byTime(one: TimelineEntry, other: TimelineEntry): number {
  const time = ({ at }: TimelineEntry) => (at === null ? Number.MAX_VALUE : Date.parse(at))
  return time(one) - time(other)
}
