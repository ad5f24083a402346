import {
  DAYS_SHOWN,
  HOURS_SHOWN,
  type Overview,
  type OutcomeCounts,
  type MailState,
} from '@inforiver-mail/contract/overview'
import type { Usage } from '@inforiver-mail/contract/usage'
import type { FastifyBaseLogger } from 'fastify'
import { readHeldBecause } from '../domain/stored-values.ts'
import type { OutcomeCount } from '../queue/records/event-counts.ts'
import type { Insight } from '../queue/queue.ts'
import { likelyLimit } from './likely-limit.ts'
import { mailSentence } from './overview-text.ts'
import type { MailFacts } from '../queue/records/mail-facts.ts'

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
/** A reader waits for at most this many steps of counting; the background does the rest. */
const MOST_COUNTED = 4
/** While the page is closed, outcomes are counted in batches. */
const COUNT_EVERY_MS = 30_000

export interface OverviewDeps {
  readonly insight: Insight
  readonly readUsage: (tenantId: string) => Promise<Usage>
  readonly elapsedMs: () => number
  readonly logger: FastifyBaseLogger
}

export function createOverview({ insight, readUsage, elapsedMs, logger }: OverviewDeps) {
  let countAtMs = 0

  async function lookAt(tenantId: string) {
    const facts = await insight.readMailFacts(tenantId)
    const decided = decideMail(facts)
    return { facts, ...decided, isNew: facts.known?.mail !== decided.mail }
  }

  async function record(tenantId: string, { facts, mail, since, isNew }: Awaited<ReturnType<typeof lookAt>>) {
    if (isNew) await insight.recordMailState(tenantId, { mail, since, seenAt: facts.now })
  }

  /** What cannot be written now is written later: a database that takes no writes can still be read. */
  async function tryTo(what: string, write: () => Promise<void>): Promise<void> {
    try {
      await write()
    } catch (error) {
      logger.warn({ err: error }, what)
    }
  }

  return {
    async read(tenantId: string): Promise<Overview> {
      await tryTo('outcomes could not be counted for the overview', async () => {
        for (let counted = 0; counted < MOST_COUNTED && (await insight.countEvents(tenantId)); counted++);
      })
      const [seen, usage, held, failed24h, bounced24h, quarantined24h, history, external, sender] = await Promise.all([
        lookAt(tenantId),
        readUsage(tenantId),
        insight.readHeld(tenantId),
        insight.readFailedOfDay(tenantId),
        insight.readBouncedOfDay(tenantId),
        insight.readQuarantinedOfDay(tenantId),
        insight.readOutcomeHistory(tenantId),
        insight.readExternalUse(tenantId),
        insight.readSendingProcess(tenantId),
      ])
      await tryTo('the state of the mail could not be noted', () => record(tenantId, seen))
      const { facts, mail, since } = seen
      const because = heldBecause(held)
      const triedAgainAt = triedAgain(facts)
      return {
        mail,
        sentence: mailSentence({
          ...facts,
          mail,
          quotaCode: facts.quota?.code ?? null,
          problemTitle: facts.problem?.title ?? null,
          heldByDraft: because['mailbox-refused'] ?? 0,
          triedAgainAt,
        }),
        since: since.toISOString(),
        lastSentAt: facts.lastSentAt?.toISOString() ?? null,
        sendingProcess: sender && { name: sender.name, since: sender.since.toISOString() },
        waiting: {
          count: usage.waitingMessages,
          oldestAt: facts.oldestAt?.toISOString() ?? null,
          triedAgainAt: triedAgainAt?.toISOString() ?? null,
          lastLeavesAt: usage.estimatedLastSentAt,
        },
        scheduled: facts.scheduled,
        held: { count: Object.values(because).reduce((sum, count) => sum + count, 0), because },
        failed24h,
        bounced24h,
        quarantined24h,
        hours: fillGaps(history.hours, { now: facts.now, lengthMs: HOUR_MS, count: HOURS_SHOWN }),
        days: fillGaps(history.days, { now: facts.now, lengthMs: DAY_MS, count: DAYS_SHOWN }),
        limits: {
          ...usage,
          externalRecipientsPerDay: {
            used: external.used,
            likelyLimit: likelyLimit(external.licences, facts.fromEmail),
          },
        },
      }
    },

    /** Counts what has happened and notes how the mail stands. Returns whether there is more to count. */
    async keepUp(tenantId: string): Promise<boolean> {
      await record(tenantId, await lookAt(tenantId))
      if (elapsedMs() < countAtMs) return false
      const more = await insight.countEvents(tenantId)
      if (!more) countAtMs = elapsedMs() + COUNT_EVERY_MS
      return more
    },
  }
}

/** Reasons of a newer version count as the nearest known one. */
function heldBecause(held: ReadonlyMap<string, number>): Record<string, number> {
  const because: Record<string, number> = {}
  for (const [stored, count] of held) {
    const reason = readHeldBecause(stored)
    if (reason !== null && count > 0) because[reason] = (because[reason] ?? 0) + count
  }
  return because
}

/** Adds the times in which nothing happened. */
function fillGaps(
  counts: readonly OutcomeCount[],
  { now, lengthMs, count }: { now: Date; lengthMs: number; count: number },
): OutcomeCounts[] {
  const current = now.getTime() - (now.getTime() % lengthMs)
  const known = new Map(counts.map((each) => [each.at.getTime(), each]))
  return Array.from({ length: count }, (_, index) => {
    const at = current - (count - 1 - index) * lengthMs
    const { sent = 0, failed = 0, held = 0, bounced = 0 } = known.get(at) ?? {}
    return { at: new Date(at).toISOString(), sent, failed, held, bounced }
  })
}

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
function triedAgain({ isSending, firstDueAt, now }: MailFacts): Date | null {
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
