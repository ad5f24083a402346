import type { Message } from '@inforiver-mail/contract/message'
import { HELD_TEXT, noAttemptText, OUTCOME_LABELS, serviceText, waitingReason } from './message-text.ts'

/** One line of the story of a message. */
export interface TimelineEntry {
  readonly title: string
  /** Null for what holds at the moment. */
  readonly at: string | null
  /** When it happened first in a row; null where it happened once. */
  readonly firstAt: string | null
  readonly count: number
  /** Microsoft's code. */
  readonly code: string | null
  readonly detail: string | null
  /** `ahead`: it is going to happen, at the earliest or unless something else ends it. */
  readonly kind: 'happened' | 'good' | 'bad' | 'now' | 'ahead'
}

/** The detail of an attempt that says no more than its outcome. */
const ACCEPTED = 'Microsoft accepted the message.'
const NOTHING_MORE = { firstAt: null, count: 1, code: null, detail: null }

/** Tells the story of a message in one list: what happened, oldest first, then how it stands, then what is ahead. */
export function timelineOf(message: Message): TimelineEntry[] {
  const { createdAt, sendAt, service, status } = message
  const submitted = entry('happened', `Submitted by ${serviceText(service)}`, createdAt)
  const isDue = sendAt !== null && status !== 'scheduled' && Date.parse(sendAt) > Date.parse(createdAt)
  const happened = [...(isDue ? [entry('happened', 'Scheduled to leave', sendAt)] : []), ...attemptsOf(message)]
  return [submitted, ...happened.toSorted(byTime), ...present(message), ...ahead(message)]
}

function attemptsOf({ attempts }: Message): TimelineEntry[] {
  return attempts.map(({ outcome, at, firstAt, count, code, detail }) => ({
    title: OUTCOME_LABELS[outcome],
    at,
    firstAt: count > 1 ? firstAt : null,
    count,
    code,
    detail: detail === ACCEPTED ? null : detail,
    kind: outcome === 'sent' ? 'good' : outcome === 'refused' ? 'bad' : 'happened',
  }))
}

/** How it stands; nothing where the last attempt says it already. */
function present(message: Message): TimelineEntry[] {
  const { status, attempts, problem, heldBecause, expiresAt } = message
  const now = (title: string, detail: string | null) => ({ ...entry('now', title, null), detail })
  switch (status) {
    case 'sent':
      return []
    case 'failed': {
      const isExpired = problem?.code === 'expired'
      return [entry('bad', isExpired ? 'Expired' : 'Failed for good', isExpired ? expiresAt : null)]
    }
    case 'cancelled':
      return [now('Cancelled', attempts.length === 0 ? noAttemptText(message) : null)]
    case 'held':
      return [now('Held', heldBecause && HELD_TEXT[heldBecause].reason)]
    case 'sending':
      return [now('Being sent', attempts.length === 0 ? noAttemptText(message) : null)]
    case 'queued':
      return [now('Waiting', waitingReason(message) ?? (attempts.length === 0 ? noAttemptText(message) : null))]
    case 'scheduled':
      return []
  }
}

function ahead({ status, sendAt, nextAttemptAt, progress, expiresAt }: Message): TimelineEntry[] {
  if (status === 'sent' || status === 'failed' || status === 'cancelled') return []
  const next = progress ? 'Upload goes on, at the earliest' : 'Next attempt, at the earliest'
  return [
    ...(status === 'scheduled' ? [entry('ahead', 'To be sent', sendAt)] : []),
    ...(status === 'queued' && nextAttemptAt !== null ? [entry('ahead', next, nextAttemptAt)] : []),
    ...(expiresAt === null ? [] : [entry('ahead', 'Expires, if it has not left', expiresAt)]),
  ].toSorted(byTime)
}

function entry(kind: TimelineEntry['kind'], title: string, at: string | null): TimelineEntry {
  return { ...NOTHING_MORE, kind, title, at }
}

function byTime(one: TimelineEntry, other: TimelineEntry): number {
  return Date.parse(one.at ?? '') - Date.parse(other.at ?? '')
}
