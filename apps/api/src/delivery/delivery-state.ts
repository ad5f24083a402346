import type { AttemptOutcome, HeldBecause, MessageProblem } from '@inforiver-mail/contract/message'
import { whetherOutage, type AdminPlaces } from '@inforiver-mail/m365/admin-places'
import { toMessageProblem, type Failure } from '@inforiver-mail/m365/classify-failure'

// scheduled --its time comes--> queued --claimed under a lease--> sending
// sending --Microsoft accepts--> sent
//         --Microsoft refuses--> failed
//         --trouble that passes--> queued, later, until 24 h of trying are used up; then failed
//         --nobody knows--> queued and in doubt: looked for in the mailbox, then sent again or stopped
//         --no access--> held --access again--> queued
// A lease that runs out means that its worker died or stood still: the message is queued and in doubt.

const SECOND_MS = 1_000
const FIRST_BACKOFF_MS = 2 * SECOND_MS
const LONGEST_BACKOFF_MS = 15 * 60 * SECOND_MS
const TRY_FOR_MS = 24 * 60 * 60 * SECOND_MS
const SENDING_LIMIT_PAUSE_MS = 60 * 60 * SECOND_MS // Exchange counts over 24 hours: asking more often only makes noise
const UNASKED_PAUSE_MS = 2 * SECOND_MS // a 429 without Retry-After; Outlook mostly asks for one second

/** When a copy is looked for after an unknown outcome: at once, and 10, 30 and 60 s later, since it appears late. */
const LOOKUP_WAITS_MS = [0, 10 * SECOND_MS, 20 * SECOND_MS, 30 * SECOND_MS]

/** What decides about the next step of a message. */
export interface DeliveryState {
  readonly attemptCount: number
  readonly tryingMs: number
  /** How often it was looked for; null when nothing is in doubt. */
  readonly lookups: number | null
  readonly possibleDuplicate: boolean
  readonly onUnknownOutcome: 'retry' | 'stop'
}

/** What one turn of a worker came to. */
export type TurnResult =
  | { readonly type: 'sent'; readonly retryAfter: Date | null; readonly detail: string }
  /** It was in doubt, and the mailbox has it. */
  | { readonly type: 'found' }
  /** It was in doubt, and the mailbox does not show it yet. */
  | { readonly type: 'not-found' }
  | { readonly type: 'failure'; readonly failure: Failure; readonly canLookUp: boolean }
  /** The mailbox could not be searched right now: nothing was sent. */
  | { readonly type: 'lookup-failed'; readonly failure: Failure }
  /** `until`: before then no message of the mailbox has any. */
  | { readonly type: 'no-access'; readonly detail: string; readonly until: Date | null }
  | { readonly type: 'held'; readonly because: HeldBecause }
  /** The mailbox's limit of uploaded bytes is used up, or the process ends: nothing was tried, and nothing is wrong. */
  | { readonly type: 'waiting'; readonly until: Date }
  /** It was in doubt, cannot be looked for, and asked not to be sent twice. */
  | { readonly type: 'stopped' }

export interface Attempt {
  readonly outcome: AttemptOutcome
  readonly code: string | null
  readonly detail: string
}

/** The new values of a message's row, and what follows for its mailbox. */
export interface Settlement {
  readonly status: 'queued' | 'sent' | 'failed' | 'held'
  readonly nextAttemptAt: Date | null
  readonly heldBecause: HeldBecause | null
  readonly lookups: number | null
  readonly possibleDuplicate: boolean
  readonly tryingMs: number
  readonly problem: MessageProblem | null
  readonly attempt: Attempt | null
  /** Whether the mailbox's limits count it. */
  readonly charged: boolean
  readonly pauseMailboxUntil: Date | null
}

/**
 * What to do with a message in doubt: look for it, send it again, or leave it.
 *
 * @param isProof whether it was not sent if the mailbox does not show it
 */
export function decideDoubt(
  state: Pick<DeliveryState, 'lookups' | 'onUnknownOutcome'>,
  canLookUp: boolean,
  isProof = canLookUp,
): 'look-up' | 'send' | 'stop' {
  if (canLookUp && (state.lookups ?? 0) < LOOKUP_WAITS_MS.length) return 'look-up'
  if (isProof) return 'send'
  return state.onUnknownOutcome === 'stop' ? 'stop' : 'send'
}

/** What the next step depends on besides the message; `places` is for its words. */
export interface Surroundings {
  readonly now: Date
  readonly random: () => number
  readonly places: AdminPlaces
}

/** `state` is that of the turn: `possibleDuplicate` is set already when it was sent in spite of doubt. */
export function settle(state: DeliveryState, result: TurnResult, surroundings: Surroundings): Settlement {
  const { now, places } = surroundings
  const base = { ...UNCHANGED, possibleDuplicate: state.possibleDuplicate, tryingMs: state.tryingMs }
  switch (result.type) {
    case 'sent':
      return {
        ...base,
        status: 'sent',
        charged: true,
        pauseMailboxUntil: result.retryAfter,
        attempt: attempt('sent', null, result.detail),
      }
    case 'found':
      return { ...base, status: 'sent', attempt: attempt('sent', null, 'Found in the mailbox: it had been sent.') }
    case 'not-found': {
      // Looked for and sent again and again, it uses up time as well.
      const lookups = (state.lookups ?? 0) + 1
      return tryAgain(state, { ...base, lookups }, surroundings, null, null, LOOKUP_WAITS_MS[lookups] ?? 0)
    }
    case 'held':
      return { ...base, status: 'held', heldBecause: result.because, lookups: state.lookups }
    case 'waiting':
      return { ...base, status: 'queued', nextAttemptAt: result.until, lookups: state.lookups }
    case 'stopped':
      return { ...base, status: 'failed', problem: outcomeUnknown(STOPPED, places) }
    case 'no-access': {
      const { detail, until } = result
      const tried = attempt('unavailable', null, detail)
      const undecided = { ...base, lookups: state.lookups }
      if (until === null) return tryAgain(state, undecided, surroundings, tried, null)
      // The mailbox waits, not the message. What is longer than any backoff is a pause that Microsoft asked for.
      const waitMs = Math.min(Math.max(until.getTime() - now.getTime(), 0), LONGEST_BACKOFF_MS)
      const passing = { retryAfter: until, microsoftCode: null, requestId: null }
      const settlement = tryAgain(state, undecided, surroundings, tried, passing, waitMs)
      return settlement.status === 'failed' ? settlement : { ...settlement, nextAttemptAt: now }
    }
    case 'lookup-failed':
      // Not an attempt to send, so none is recorded; but it uses up time like one.
      return tryAgain(state, { ...base, lookups: state.lookups }, surroundings, null, {
        retryAfter: null,
        ...result.failure,
      })
    case 'failure':
      return settleFailure(state, base, result, surroundings)
  }
}

type Base = typeof UNCHANGED & { possibleDuplicate: boolean; tryingMs: number }

function settleFailure(
  state: DeliveryState,
  base: Base,
  { failure, canLookUp }: Extract<TurnResult, { type: 'failure' }>,
  surroundings: Surroundings,
): Settlement {
  const { now, random, places } = surroundings
  const { microsoftCode, detail } = failure
  // What was looked for in vain was not sent. Where nobody can look, a doubt stays until it is sent.
  const undecided = { ...base, lookups: canLookUp ? null : state.lookups }
  switch (failure.outcome) {
    case 'throttled': {
      // The mailbox waits, not the message: it goes first when the pause is over.
      const pauseMailboxUntil = failure.retryAfter ?? later(now, UNASKED_PAUSE_MS * (0.5 + random()))
      return {
        ...undecided,
        status: 'queued',
        nextAttemptAt: now,
        pauseMailboxUntil,
        attempt: attempt('throttled', microsoftCode, detail),
      }
    }
    case 'unknown': {
      const tried = attempt('unknown', microsoftCode, detail)
      if (!canLookUp && state.onUnknownOutcome === 'stop') {
        return {
          ...base,
          status: 'failed',
          charged: true,
          problem: { ...outcomeUnknown(STOPPED, places), microsoftCode, requestId: failure.requestId },
          attempt: tried,
        }
      }
      const inDoubt = { ...base, lookups: 0, charged: true }
      if (canLookUp)
        return {
          ...inDoubt,
          status: 'queued',
          nextAttemptAt: now,
          pauseMailboxUntil: failure.retryAfter,
          attempt: tried,
        }
      return tryAgain(state, inDoubt, surroundings, tried, failure)
    }
    case 'unavailable':
      return tryAgain(state, undecided, surroundings, attempt('unavailable', microsoftCode, detail), failure)
    case 'unauthorized':
      // A fresh token was refused as well: either it settles, or the next refresh is refused and says why.
      return tryAgain(state, undecided, surroundings, attempt('unavailable', microsoftCode, detail), null)
    case 'refused': {
      const refused = attempt('refused', microsoftCode, detail)
      if (failure.reason !== 'sending-limit-reached')
        return { ...base, status: 'failed', problem: toMessageProblem(failure, places), attempt: refused }
      const settlement = tryAgain(
        { ...state, attemptCount: 0 },
        undecided,
        surroundings,
        refused,
        null,
        SENDING_LIMIT_PAUSE_MS,
      )
      return settlement.status === 'failed'
        ? { ...settlement, problem: toMessageProblem(failure, places) }
        : { ...settlement, nextAttemptAt: now, pauseMailboxUntil: later(now, SENDING_LIMIT_PAUSE_MS) }
    }
  }
}

/** Queues it for later, or gives up when the time for trying is used up. */
function tryAgain(
  state: DeliveryState,
  base: Base,
  { now, random, places }: Surroundings,
  tried: Attempt | null,
  failure: { retryAfter?: Date | null; microsoftCode: string | null; requestId: string | null } | null,
  waitMs = backoffMs(state.attemptCount, random),
): Settlement {
  const tryingMs = state.tryingMs + waitMs
  if (tryingMs > TRY_FOR_MS) {
    const facts = { microsoftCode: failure?.microsoftCode ?? null, requestId: failure?.requestId ?? null }
    const problem =
      base.lookups === null
        ? { ...gaveUp(tried?.detail ?? 'It was tried again and again for 24 hours.', places), ...facts }
        : { ...outcomeUnknown(GAVE_UP_IN_DOUBT, places), ...facts }
    return { ...base, status: 'failed', lookups: null, problem, attempt: tried }
  }
  const pauseMailboxUntil = failure?.retryAfter ?? null
  return { ...base, status: 'queued', tryingMs, nextAttemptAt: later(now, waitMs), pauseMailboxUntil, attempt: tried }
}

/** Full jitter: spreads what failed together. */
function backoffMs(attemptCount: number, random: () => number): number {
  return Math.round(random() * Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(attemptCount, 20), LONGEST_BACKOFF_MS))
}

function later(now: Date, ms: number): Date {
  return new Date(now.getTime() + Math.round(ms))
}

function attempt(outcome: AttemptOutcome, code: string | null, detail: string): Attempt {
  return { outcome, code, detail }
}

const UNCHANGED = {
  nextAttemptAt: null,
  heldBecause: null,
  lookups: null as number | null,
  problem: null,
  attempt: null,
  charged: false,
  pauseMailboxUntil: null,
}

const STOPPED = 'Microsoft’s answer did not arrive, and the message asked not to be sent twice.'
const GAVE_UP_IN_DOUBT =
  'Microsoft’s answer did not arrive, and for 24 hours it could neither be found out whether the message was sent nor sent again.'

function outcomeUnknown(detail: string, { exchange }: AdminPlaces): MessageProblem {
  return {
    code: 'outcome-unknown',
    title: 'It is not known whether the message was sent',
    detail: `${detail} Before the message is retried, whoever uses the mailbox looks into its Sent Items, or an Exchange administrator at ${exchange} > Mail flow > Message trace.`,
    microsoftCode: null,
    requestId: null,
  }
}

function gaveUp(detail: string, places: AdminPlaces): MessageProblem {
  return {
    code: 'gave-up',
    title: 'Microsoft did not take the message for 24 hours',
    detail: `${detail} ${whetherOutage(places)} Once it is over, a workspace admin or the submitting service retries the message.`,
    microsoftCode: null,
    requestId: null,
  }
}
