import type { MailState } from '@inforiver-mail/contract/overview'
import type { MailFacts } from '../queue/records/mail-facts.ts'

/** What is due and does not move for this long is late. */
const LATE_AFTER_MS = 5 * 60_000

/** Decides whether mail goes out, and since when. Pure. */
export function decideMail(facts: MailFacts): { readonly mail: MailState; readonly since: Date } {
  const { now, known } = facts
  const { mail, from } = stateOf(facts)
  if (known?.mail !== mail) return { mail, since: between(known?.since ?? null, from ?? now, now) }
  // Between two looks a message may have left, after which mail was idle again.
  return { mail, since: mail === 'idle' && from !== null ? between(known.since, from, now) : known.since }
}

/** `from` is when that began; null if the facts do not tell. */
function stateOf(facts: MailFacts): { readonly mail: MailState; readonly from: Date | null } {
  const { now, status, problem, known, pausedUntil, quota, waiting } = facts
  if (status === 'not-configured') return { mail: 'not-configured', from: known ? null : facts.createdAt }
  if (status === 'reconnect-required' || problem !== null)
    return { mail: 'stopped', from: problem ? new Date(problem.since) : null }
  if (pausedUntil !== null && pausedUntil > now) return { mail: 'delayed', from: quota?.since ?? null }
  const lateAt = whenLate(facts)
  if (lateAt !== null && lateAt <= now) return { mail: 'delayed', from: lateAt }
  if (waiting > 0) return { mail: 'flowing', from: facts.oldestAt }
  return { mail: 'idle', from: latest(facts.connectedAt, facts.lastEndedAt) }
}

/** When the first of what waits is tried again; null unless all of it waits for that. */
export function triedAgain({ isSending, firstDueAt, now }: MailFacts): Date | null {
  return isSending || firstDueAt === null || firstDueAt <= now ? null : firstDueAt
}

/**
 * When what waits is late, if nothing moves before; null while nothing is due. While Microsoft gives no usable answer, no
 * attempt counts as a move.
 */
function whenLate({ troubledSince, oldestAt, firstDueAt, isSending, lastMovedAt, lastEndedAt, now }: MailFacts) {
  const stoodStillAt =
    troubledSince !== null
      ? oldestAt && latest(oldestAt, troubledSince)
      : isSending || firstDueAt === null || firstDueAt > now
        ? null
        : latest(firstDueAt, lastMovedAt, lastEndedAt)
  return stoodStillAt && new Date(stoodStillAt.getTime() + LATE_AFTER_MS)
}

function latest(...moments: readonly (Date | null)[]): Date | null {
  return moments.reduce((last, moment) => (last === null || (moment !== null && moment > last) ? moment : last), null)
}

function between(earliest: Date | null, moment: Date, last: Date): Date {
  if (moment > last) return last
  return earliest !== null && moment < earliest ? earliest : moment
}
