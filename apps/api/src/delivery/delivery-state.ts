import type { AttemptOutcome, HeldBecause, MessageProblem } from '@inforiver-mail/contract/message'
import { outageSentence, type AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { Failure, Refused } from '@inforiver-mail/m365/classify-failure'
import { toMessageProblem } from '@inforiver-mail/m365/message-problem'
import type { Attempt, Settlement } from '../queue/settle.ts'
import { NO_DOUBT, type Doubt } from '../queue/states.ts'

// What one attempt comes to, and what follows for the message: the steps out of `sending` in ../queue/states.ts. A
// doubt lasts until the message is found, sent, or seen as a draft that was not sent; once it was sent again in spite of
// one, for ever. What ends in doubt ends as `outcome-unknown`, whatever came of the last attempt.

const SECOND_MS = 1_000
const FIRST_BACKOFF_MS = 2 * SECOND_MS
const LONGEST_BACKOFF_MS = 15 * 60 * SECOND_MS
const TRY_FOR_MS = 24 * 60 * 60 * SECOND_MS
const SENDING_LIMIT_PAUSE_MS = 60 * 60 * SECOND_MS // Exchange counts over 24 hours: asking more often only makes noise
const UNASKED_PAUSE_MS = 2 * SECOND_MS // a 429 without Retry-After; Outlook mostly asks for one second

/** Before each look for a copy after an unknown outcome: it appears late, and absence counts after 11 minutes only. */
const LOOKUP_WAITS_MS = [0, 10, 20, 30, 60, 120, 180, 240].map((seconds) => seconds * SECOND_MS)

/** What decides about the next step of a message. */
export interface DeliveryState {
  readonly attemptCount: number
  readonly tryingMs: number
  readonly doubt: Doubt
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
  /** `waitMs`: before then no message of the mailbox has any; null when that cannot be told. */
  | { readonly type: 'no-access'; readonly detail: string; readonly waitMs: number | null }
  | { readonly type: 'held'; readonly because: HeldBecause }
  /** The mailbox's limit of uploaded bytes is used up, or the process ends: nothing was tried, and nothing is wrong. */
  | { readonly type: 'waiting'; readonly waitMs: number }
  /** The lease or the settings were others by then, or the process is about to lose the lease: nothing was sent. */
  | { readonly type: 'overtaken' }
  /** It was in doubt, cannot be looked for, and asked not to be sent twice. */
  | { readonly type: 'stopped' }

/**
 * What to do with a message in doubt: look for it, send it again, or leave it. That the mailbox does not show it is no
 * proof that it was not sent.
 */
export function decideDoubt(
  state: Pick<DeliveryState, 'doubt' | 'onUnknownOutcome'>,
  canLookUp: boolean,
): 'look-up' | 'send' | 'stop' {
  if (canLookUp && looksAt(state.doubt) < LOOKUP_WAITS_MS.length) return 'look-up'
  return state.onUnknownOutcome === 'stop' ? 'stop' : 'send'
}

function inDoubt(looks: number): Doubt {
  return { state: 'in-doubt', looks }
}

/** How often it was looked for since it has been in doubt. */
function looksAt(doubt: Doubt): number {
  return doubt.state === 'in-doubt' ? doubt.looks : 0
}

/** What the next step depends on besides the message; `adminCenters` is for the text of problems. */
export interface Surroundings {
  /** By the clock that `Retry-After` was read with. */
  readonly now: Date
  readonly random: () => number
  readonly adminCenters: AdminCenters
}

/** `state` is that of the turn: `possibleDuplicate` is set already when it was sent in spite of doubt. */
export function settle(state: DeliveryState, result: TurnResult, surroundings: Surroundings): Settlement {
  const { now, adminCenters } = surroundings
  const { doubt, possibleDuplicate, tryingMs } = state
  const base = { ...UNCHANGED, doubt, possibleDuplicate, tryingMs }
  switch (result.type) {
    case 'sent':
      return {
        ...base,
        status: 'sent',
        doubt: NO_DOUBT,
        charged: true,
        pauseMailboxMs: msUntil(result.retryAfter, now),
        attempt: attempt('sent', null, result.detail),
      }
    case 'found':
      return {
        ...base,
        status: 'sent',
        doubt: NO_DOUBT,
        attempt: attempt('sent', null, 'Found in the mailbox: it had been sent.'),
      }
    case 'not-found': {
      // Looked for and sent again and again, it uses up time as well.
      const looks = looksAt(doubt) + 1
      const looked = { ...base, doubt: inDoubt(looks) }
      return tryAgain(state, looked, surroundings, null, null, LOOKUP_WAITS_MS[looks] ?? 0)
    }
    case 'held':
      return { ...base, status: 'held', heldBecause: result.because }
    case 'waiting':
      return { ...base, status: 'queued', waitMs: result.waitMs }
    case 'overtaken':
      return { ...base, status: 'queued', waitMs: 0 }
    case 'stopped':
      return { ...base, status: 'failed', problem: outcomeUnknown(STOPPED, adminCenters) }
    case 'no-access': {
      const { detail, waitMs } = result
      const tried = attempt('unavailable', null, detail)
      if (waitMs === null) return tryAgain(state, base, surroundings, tried, null)
      // The mailbox waits, not the message. What is longer than any backoff is a pause that Microsoft asked for.
      const countedMs = Math.min(Math.max(waitMs, 0), LONGEST_BACKOFF_MS)
      const settlement = tryAgain(state, base, surroundings, tried, null, countedMs)
      return settlement.status === 'failed' ? settlement : { ...settlement, waitMs: 0, noAccessMs: waitMs }
    }
    case 'lookup-failed':
      // Not an attempt to send, so none is recorded; but it uses up time like one.
      return tryAgain(state, base, surroundings, null, {
        retryAfter: null,
        ...result.failure,
      })
    case 'failure':
      return settleFailure(state, base, result, surroundings)
  }
}

type Base = typeof UNCHANGED & { doubt: Doubt; possibleDuplicate: boolean; tryingMs: number }

function settleFailure(
  state: DeliveryState,
  base: Base,
  { failure, canLookUp }: Extract<TurnResult, { type: 'failure' }>,
  surroundings: Surroundings,
): Settlement {
  const { now, random, adminCenters } = surroundings
  const { microsoftCode, detail } = failure
  switch (failure.outcome) {
    case 'throttled': {
      // The mailbox waits, not the message: it goes first when the pause is over.
      const unaskedMs = Math.round(UNASKED_PAUSE_MS * (0.5 + random()))
      return {
        ...base,
        status: 'queued',
        waitMs: 0,
        pauseMailboxMs: msUntil(failure.retryAfter, now) ?? unaskedMs,
        attempt: attempt('throttled', microsoftCode, detail),
      }
    }
    case 'unknown': {
      const tried = attempt('unknown', microsoftCode, detail)
      if (!canLookUp && state.onUnknownOutcome === 'stop') {
        return {
          ...base,
          status: 'failed',
          doubt: inDoubt(0),
          charged: true,
          problem: { ...outcomeUnknown(STOPPED, adminCenters), microsoftCode, requestId: failure.requestId },
          attempt: tried,
        }
      }
      const doubtful = { ...base, doubt: inDoubt(0), charged: true }
      // At once, but for what has been looked for and sent again: that would be a loop.
      if (canLookUp && state.doubt.state !== 'seen-unsent')
        return {
          ...doubtful,
          status: 'queued',
          waitMs: 0,
          pauseMailboxMs: msUntil(failure.retryAfter, now),
          attempt: tried,
        }
      return tryAgain(state, doubtful, surroundings, tried, failure)
    }
    case 'unavailable':
      return tryAgain(state, base, surroundings, attempt('unavailable', microsoftCode, detail), failure)
    case 'unauthorized':
      // A fresh token was refused as well: either it settles, or the next refresh is refused and says why.
      return tryAgain(state, base, surroundings, attempt('unavailable', microsoftCode, detail), null)
    case 'refused': {
      const refused = attempt('refused', microsoftCode, detail)
      const problem = problemOfRefusal(state, failure, adminCenters)
      if (failure.reason !== 'sending-limit-reached') return { ...base, status: 'failed', problem, attempt: refused }
      const settlement = tryAgain(state, base, surroundings, refused, null, SENDING_LIMIT_PAUSE_MS)
      return settlement.status === 'failed'
        ? { ...settlement, problem }
        : { ...settlement, waitMs: 0, pauseMailboxMs: SENDING_LIMIT_PAUSE_MS }
    }
  }
}

/** An earlier attempt may have got through: that the last one was refused does not tell whoever sent it to send again. */
function problemOfRefusal(state: DeliveryState, refused: Refused, adminCenters: AdminCenters): MessageProblem {
  if (!mayBeSent(state)) return toMessageProblem(refused, adminCenters)
  const { microsoftCode, requestId, detail } = refused
  const inDoubt = looksAt(state.doubt) > 0 ? REFUSED_AFTER_LOOKING : REFUSED_WITHOUT_LOOKING
  return { ...outcomeUnknown(`${inDoubt} ${detail}`, adminCenters), microsoftCode, requestId }
}

/** By its last attempt, or by one before that it was sent again in spite of: a draft tells of its own attempt only. */
function mayBeSent({ doubt, possibleDuplicate }: Pick<DeliveryState, 'doubt' | 'possibleDuplicate'>): boolean {
  return doubt.state === 'in-doubt' || possibleDuplicate
}

/** Queues it for later, or gives up when the time for trying is used up. */
function tryAgain(
  state: DeliveryState,
  base: Base,
  { now, random, adminCenters }: Surroundings,
  tried: Attempt | null,
  failure: { retryAfter?: Date | null; microsoftCode: string | null; requestId: string | null } | null,
  waitMs = backoffMs(state.attemptCount, random),
): Settlement {
  const tryingMs = state.tryingMs + waitMs
  if (tryingMs > TRY_FOR_MS) {
    const facts = { microsoftCode: failure?.microsoftCode ?? null, requestId: failure?.requestId ?? null }
    const problem = !mayBeSent(base)
      ? { ...gaveUp(tried?.detail ?? 'It was tried again and again for 24 hours.', adminCenters), ...facts }
      : { ...outcomeUnknown(GAVE_UP_IN_DOUBT, adminCenters), ...facts }
    return { ...base, status: 'failed', problem, attempt: tried }
  }
  const pauseMailboxMs = msUntil(failure?.retryAfter ?? null, now)
  return { ...base, status: 'queued', tryingMs, waitMs, pauseMailboxMs, attempt: tried }
}

/** Full jitter: spreads what failed together. */
function backoffMs(attemptCount: number, random: () => number): number {
  return Math.round(random() * Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(attemptCount, 20), LONGEST_BACKOFF_MS))
}

function msUntil(date: Date | null, now: Date): number | null {
  return date && Math.max(0, date.getTime() - now.getTime())
}

function attempt(outcome: AttemptOutcome, code: string | null, detail: string): Attempt {
  return { outcome, code, detail }
}

const UNCHANGED = {
  waitMs: null,
  heldBecause: null,
  problem: null,
  attempt: null,
  charged: false,
  pauseMailboxMs: null,
  noAccessMs: null,
}

const STOPPED = 'Microsoft’s answer did not arrive, and the message asked not to be sent twice.'
const REFUSED_AFTER_LOOKING =
  'Microsoft’s answer to an earlier attempt did not arrive, and the message was not found in the mailbox. Tried again, it was refused:'
const REFUSED_WITHOUT_LOOKING =
  'Microsoft’s answer to an earlier attempt did not arrive, and the mailbox cannot be searched for the message. Tried again, it was refused:'
const GAVE_UP_IN_DOUBT =
  'Microsoft’s answer did not arrive, and for 24 hours it could neither be found out whether the message was sent nor sent again.'

function outcomeUnknown(detail: string, { exchange }: AdminCenters): MessageProblem {
  return {
    code: 'outcome-unknown',
    title: 'It is not known whether the message was sent',
    detail: `${detail} Before the message is retried, whoever uses the mailbox looks into its Sent Items, or an Exchange administrator at ${exchange} > Mail flow > Message trace.`,
    microsoftCode: null,
    requestId: null,
  }
}

function gaveUp(detail: string, adminCenters: AdminCenters): MessageProblem {
  return {
    code: 'gave-up',
    title: 'Microsoft did not take the message for 24 hours',
    detail: `${detail} ${outageSentence(adminCenters)} Once it is over, a workspace admin or the submitting service retries the message.`,
    microsoftCode: null,
    requestId: null,
  }
}
