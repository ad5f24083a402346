import type { ReportsProblem } from '@inforiver-mail/contract/consent-problem'
import {
  reasonOf,
  type MessageTrace,
  type TracePage,
  type TraceRefusal,
  type TraceRow,
} from '@inforiver-mail/m365/message-trace'
import type { FastifyBaseLogger } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { Timers } from '../runtime/clock.ts'
import { atMost } from '../runtime/cache-bound.ts'
import type { AwaitedMessage } from '../queue/reports/awaited-reports.ts'
import type { OutcomeReport } from '../queue/reports/merge-outcome.ts'
import type { DeliveryReports } from '../queue/queue.ts'
import {
  eachOnce,
  matchByMessageId,
  matchLikely,
  toReport,
  type AliasCandidate,
  type CodeWanted,
  seenIn,
} from './match-traces.ts'
import type { ReportMetrics } from './report-metrics.ts'
import type { TraceProgress, TraceStore, TraceWindow } from './trace-store.ts'
import type { TraceTokens } from './trace-tokens.ts'
import { lateWindow, recentWindow, SWEEP_EVERY_MS } from './trace-windows.ts'

// Reads the message trace for messages whose outcome is awaited, in windows of time and page by page, so that the number
// of requests does not grow with the number of messages. While nothing is awaited nobody asks. Everything that is learned
// is written before the page counts as read: a process that dies has a page read once more, and no other.

/** Older messages and details may take this many of the 20 requests in 5 minutes, which leaves some to recent mail. */
const LATE_AT_MOST = 15
const DETAILS_AT_MOST = 12
/** From this many requests on, polls are spread over the time. */
const SPREAD_FROM = 10
const SPREAD_MS = 30_000
const PAGES_AT_ONCE = 10
/** How many pages of a window are read, about 10 minutes of them: links that lead in circles would keep all others waiting. */
const MOST_PAGES = 40
/** A page that is asked for this often in vain is given up with the rest of its window: newer mail would wait for it. */
const MOST_FAILURES = 5
const IDS_AT_ONCE = 1_000
const REQUEST_TIMEOUT_MS = 60_000
/** How long to wait after a refusal that an administrator has to resolve. */
const SLOWLY_MS = 10 * 60_000
const LONGEST_PAUSE_MS = 60 * 60_000
/** A service that does not answer is reported after this time. */
const REPORTED_AFTER_MS = 15 * 60_000
const NEAR_MS = 10 * 60_000
const REPORTED_WITHIN_MS = 60 * 60_000
const MOST_LIKELY = 2_000
const MOST_TASKS = 200
const REMEMBERED_DETAILS = 10_000

export interface TracePollerDeps {
  readonly store: TraceStore
  readonly reports: Pick<
    DeliveryReports,
    'apply' | 'findByMessageIds' | 'findSent' | 'noteSeen' | 'readAwaited' | 'readBounced' | 'readLikely'
  >
  /** Stores the current problem of the trace, if any. Does nothing where the trace is off. */
  readonly noteProblem: (tenantId: string, problem: Omit<ReportsProblem, 'since'> | null) => Promise<void>
  readonly explain: (refusal: TraceRefusal, hasPermission: boolean) => Omit<ReportsProblem, 'since'>
  readonly trace: MessageTrace
  readonly tokens: TraceTokens
  readonly pollMs: number
  /** How many rows a page has; without it, as many as the service gives. */
  readonly rowsAtOnce?: number
  /** Names this process among those that share the database. */
  readonly owner: string
  readonly metrics: ReportMetrics
  readonly clock: () => Date
  readonly timers: Pick<Timers, 'deadline'>
  readonly logger: FastifyBaseLogger
}

/** Makes one poll of a tenant that is due. Returns whether it was due, and no other process had it. */
export type PollTrace = (tenantId: string, stopping: AbortSignal) => Promise<boolean>

interface Next {
  readonly waitMs: number
  /** Whether the last request failed; null where none was made. */
  readonly failing: boolean | null
}

interface Tasks {
  aliases: AliasCandidate[]
  codes: CodeWanted[]
}

export function createTracePoller(deps: TracePollerDeps): PollTrace {
  const { store, reports, trace, tokens, rowsAtOnce, owner, metrics, timers, logger } = deps
  const pollMs = Math.min(deps.pollMs, SWEEP_EVERY_MS)
  /** Details that were read: rows appear in every poll, and their details do not change any more. */
  const read = new LRUCache<string, true>(atMost(REMEMBERED_DETAILS))

  return async (tenantId, stopping) => {
    const taken = await store.take(tenantId, owner)
    if (!taken) return false
    let next: Next = { waitMs: pollMs, failing: null }
    try {
      next = await poll(tenantId, taken, stopping)
    } finally {
      await store.release(tenantId, owner, next)
    }
    return true
  }

  async function poll(
    tenantId: string,
    taken: TraceProgress & { readonly now: Date; readonly failingSince: Date | null },
    stopping: AbortSignal,
  ): Promise<Next> {
    const { now, failingSince } = taken
    const awaited = await reports.readAwaited(tenantId)
    if (awaited.length === 0)
      return failingSince === null ? { waitMs: pollMs, failing: null } : lookAgain(tenantId, taken, stopping)
    let progress: TraceProgress = taken
    const tasks: Tasks = { aliases: [], codes: [] }
    let made = 0
    let asked = false
    let isRecentRead = false
    let failed: Next | null = null
    for (let pages = 0; pages < PAGES_AT_ONCE && !stopping.aborted; pages++) {
      const planned = plan(progress, awaited, now, isRecentRead)
      progress = planned.progress
      const { window } = planned
      if (!window) {
        if (!(await store.save(tenantId, owner, progress))) return { waitMs: pollMs, failing: null }
        break
      }
      const answer = await request(tenantId, stopping, window.kind === 'late' ? LATE_AT_MOST : undefined, (call) =>
        window.next === null
          ? trace.list({ ...window, ...(rowsAtOnce !== undefined && { top: rowsAtOnce }) }, call)
          : trace.listNext(window.next, call),
      )
      if (answer === null) break // the budget is used up: the window waits
      if (answer.outcome !== 'page') {
        const isSecond = failed !== null
        failed = await refused(tenantId, answer, { now, failingSince })
        const left = stopping.aborted ? null : withoutPage(progress, window, answer)
        if (left === null) break
        progress = left
        if (!(await store.save(tenantId, owner, progress))) return failed
        if (window.next === null || progress.window !== null) break
        const { kind, from, to, pages: pagesRead } = window
        logger.warn(
          { tenant: tenantId, kind, from, to, pagesRead },
          'the rest of a window of the message trace is given up',
        )
        // Older mail has its turn now: the next poll begins with recent mail again, and may come no further.
        if (kind === 'recent') isRecentRead = true
        if (isSecond) break
        continue
      }
      failed = null
      made = answer.made
      if (!asked) await deps.noteProblem(tenantId, null)
      asked = true
      await learn(tenantId, answer, window, awaited, tasks)
      const pagesRead = window.pages + 1
      const rest = answer.next === null || answer.next === window.next || pagesRead >= MOST_PAGES ? null : answer.next
      if (window.kind === 'recent' && rest === null) isRecentRead = true
      progress = {
        ...progress,
        window: rest === null ? null : { ...window, next: rest, pages: pagesRead, failures: 0 },
      }
      if (!(await store.save(tenantId, owner, progress))) return { waitMs: pollMs, failing: false }
    }
    if (asked && !stopping.aborted) await readDetails(tenantId, tasks, stopping)
    if (failed) return failed
    return { waitMs: made >= SPREAD_FROM ? Math.max(pollMs, SPREAD_MS) : pollMs, failing: asked ? false : null }
  }

  /** Nothing is awaited but the last request failed: asks for one row, so that a repaired trace stops being reported. */
  async function lookAgain(
    tenantId: string,
    taken: TraceProgress & { readonly now: Date; readonly failingSince: Date | null },
    stopping: AbortSignal,
  ): Promise<Next> {
    const from = new Date(taken.now.getTime() - NEAR_MS)
    const answer = await request(tenantId, stopping, undefined, (call) =>
      trace.list({ from, to: taken.now, top: 1 }, call),
    )
    if (answer === null) return { waitMs: pollMs, failing: null }
    if (answer.outcome !== 'page') return refused(tenantId, answer, taken)
    await deps.noteProblem(tenantId, null)
    return { waitMs: pollMs, failing: false }
  }

  /** Recent mail comes first; then the window that was begun is continued. */
  function plan(progress: TraceProgress, awaited: readonly AwaitedMessage[], now: Date, isRecentRead: boolean) {
    if (progress.window) return { window: progress.window, progress }
    const recent = isRecentRead ? null : recentWindow(awaited, now)
    if (recent) return { window: recent, progress: { ...progress, window: recent } }
    const late = lateWindow(progress, awaited, now)
    return { window: late.window, progress: { ...progress, ...late.progress, window: late.window } }
  }

  /**
   * Takes a request from the budget, and makes it. A token that is refused may be older than what was granted, and a
   * period may have ended in the future by Microsoft's clock: both are worth a second request.
   */
  async function request<Answer extends { readonly outcome: string }>(
    tenantId: string,
    stopping: AbortSignal,
    atMost: number | undefined,
    ask: (call: { accessToken: string; signal: AbortSignal }) => Promise<Answer | TraceRefusal>,
  ): Promise<((Answer | TraceRefusal) & { readonly made: number }) | null> {
    for (let isAgain = false; ; isAgain = true) {
      const signal = AbortSignal.any([stopping, timers.deadline(REQUEST_TIMEOUT_MS)])
      const token = await tokens.get(signal)
      if (token.outcome === 'refused') return { outcome: 'unavailable', failure: token.failure, made: 0 }
      const made = await store.takeRequest(tenantId, atMost)
      if (made === null) return null
      const answer = await ask({ accessToken: token.accessToken, signal })
      metrics.read(answer.outcome)
      const isWorthAgain = answer.outcome === 'denied' || ('endsLate' in answer && answer.endsLate)
      if (!isWorthAgain || isAgain) return { ...answer, made }
      if (answer.outcome === 'denied') tokens.forget()
    }
  }

  async function learn(
    tenantId: string,
    { rows }: Extract<TracePage, { outcome: 'page' }>,
    window: TraceWindow,
    awaited: readonly AwaitedMessage[],
    tasks: Tasks,
  ): Promise<void> {
    const inWindow = eachOnce(rows).filter(
      ({ receivedAt, messageId }) =>
        receivedAt.getTime() >= window.from.getTime() - 1_000 &&
        receivedAt.getTime() <= window.to.getTime() + 1_000 &&
        (window.messageId === null || messageId === window.messageId),
    )
    const ids = [...new Set(inWindow.flatMap(({ messageId }) => messageId ?? []))]
    const known = []
    for (let next = 0; next < ids.length; next += IDS_AT_ONCE)
      known.push(...(await reports.findByMessageIds(tenantId, ids.slice(next, next + IDS_AT_ONCE))))
    await reports.noteSeen(tenantId, seenIn(inWindow, known))
    const certain = matchByMessageId(inWindow, known)
    const knownIds = new Set(known.map(({ id }) => id))
    const near = nearTo(certain.unmatched, awaited).filter((id) => !knownIds.has(id))
    const likely = await findLikely(tenantId, certain.unmatched, near)
    const learned = [...certain.reports, ...likely.reports]
    await apply(tenantId, learned)
    tasks.aliases.push(...certain.aliases)
    tasks.codes.push(...certain.codes, ...likely.codes)
  }

  /** @param near the messages that such rows may be about */
  async function findLikely(tenantId: string, rows: readonly TraceRow[], near: readonly string[]) {
    if (near.length === 0) return matchLikely([], [], [])
    const { from, to } = timeOf(rows)
    const told = await reports.readLikely(tenantId, new Date(from), new Date(to))
    // A report comes before the row, or not much later.
    const bounced = await reports.readBounced(tenantId, new Date(from - NEAR_MS), new Date(to + REPORTED_WITHIN_MS))
    return matchLikely(rows, await reports.findSent(tenantId, [...new Set([...near, ...bounced])]), told)
  }

  async function apply(tenantId: string, learned: readonly OutcomeReport[]): Promise<void> {
    const changed = await reports.apply(tenantId, learned)
    if (changed > 0)
      logger.info({ tenant: tenantId, recipients: changed }, 'the message trace told what became of mail')
    metrics.learned(changed)
  }

  /** Reads details where an address or a code depends on them, as far as the budget allows. */
  async function readDetails(tenantId: string, { aliases, codes }: Tasks, stopping: AbortSignal): Promise<void> {
    const learned: OutcomeReport[] = []
    const readNow = new Set<string>()
    for (const task of [...aliases, ...codes].slice(0, MOST_TASKS)) {
      const { row } = task
      const key = `${row.id} ${row.recipientAddress.toLowerCase()}`
      if (stopping.aborted || read.has(key) || readNow.has(key)) continue
      const answer = await request(tenantId, stopping, DETAILS_AT_MOST, (call) => trace.details(row, call))
      if (answer === null) break
      if (answer.outcome === 'throttled') await pauseFor(tenantId, answer.retryAfter)
      if (answer.outcome !== 'details') break
      readNow.add(key)
      const reason = reasonOf(answer.details)
      const facts = { code: reason.code, detail: reason.text }
      if (task.wanted === 'code') {
        const { messageId, recipient, certain } = task
        const failed = { delivery: 'failed', at: reason.at ?? row.receivedAt, source: 'trace', note: null } as const
        if (reason.code !== null) learned.push({ messageId, recipient, certain, ...failed, ...facts })
      } else if (isAddressed(answer.details)) {
        const report = toReport(row, task.message, task.recipient, true)
        if (report) learned.push(report.delivery === 'failed' ? { ...report, ...facts } : report)
      }
    }
    if (learned.length > 0) await apply(tenantId, learned)
    // Only now: until their reports are stored, the next poll has to read them again.
    for (const key of readNow) read.set(key, true)
  }

  async function refused(
    tenantId: string,
    refusal: TraceRefusal,
    { now, failingSince }: { readonly now: Date; readonly failingSince: Date | null },
  ): Promise<Next> {
    const { outcome, failure } = refusal
    logger.warn(
      { tenant: tenantId, outcome, detail: failure.detail, requestId: failure.requestId },
      'the message trace did not answer',
    )
    const isLong = failingSince !== null && now.getTime() - failingSince.getTime() >= REPORTED_AFTER_MS
    const isDenied = outcome === 'denied' || outcome === 'not-provisioned'
    if (isDenied || isLong) await deps.noteProblem(tenantId, deps.explain(refusal, tokens.hasPermission()))
    if (outcome === 'throttled') await pauseFor(tenantId, refusal.retryAfter)
    return { waitMs: isDenied ? Math.min(SLOWLY_MS, pollMs * 10) : Math.max(pollMs, SPREAD_MS), failing: true }
  }

  /** The time by the clock that turned `Retry-After` into a date. */
  function pauseFor(tenantId: string, until: Date): Promise<void> {
    return store.pause(tenantId, Math.min(LONGEST_PAUSE_MS, Math.max(0, until.getTime() - deps.clock().getTime())))
  }
}

/**
 * Returns the progress after a page of a window was asked for in vain; null where that is not about the page. A window of
 * which no page was read is left to the next look, so that the others do not wait for it.
 */
function withoutPage(
  progress: TraceProgress,
  window: TraceWindow,
  { outcome, made }: { readonly outcome: TraceRefusal['outcome']; readonly made: number },
): TraceProgress | null {
  const isAboutPage = outcome === 'invalid' || (outcome === 'unavailable' && made > 0)
  if (!isAboutPage) return null
  const failures = window.failures + 1
  const isKept = window.next !== null && outcome !== 'invalid' && failures < MOST_FAILURES
  return { ...progress, window: isKept ? { ...window, failures } : null }
}

/** Members of a list have neither of these events: their copies begin at the list. */
function isAddressed(details: readonly { readonly event: string }[]): boolean {
  return details.some(({ event }) => /^(?:receive|submit)/i.test(event))
}

/** The messages that were sent when rows were received. */
function nearTo(rows: readonly TraceRow[], awaited: readonly AwaitedMessage[]): string[] {
  if (rows.length === 0) return []
  const { from, to } = timeOf(rows)
  return awaited
    .filter(({ sentAt }) => sentAt.getTime() >= from - NEAR_MS && sentAt.getTime() <= to + NEAR_MS)
    .map(({ id }) => id)
    .slice(0, MOST_LIKELY)
}

/** The time from the first to the last of rows, in milliseconds. */
function timeOf(rows: readonly TraceRow[]): { readonly from: number; readonly to: number } {
  const times = rows.map(({ receivedAt }) => receivedAt.getTime())
  return { from: times.reduce((a, b) => Math.min(a, b)), to: times.reduce((a, b) => Math.max(a, b)) }
}
