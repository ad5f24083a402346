import type { AttemptOutcome, MessageProblem } from '@inforiver-mail/contract/message'
import type { AdminCenters } from '@inforiver-mail/m365/admin-centers'
import type { Values } from '@inforiver-mail/contract/values'
import { gatewayValues } from '@inforiver-mail/m365/gateway-answer'
import type { Failure, Intercepted, Refused, Unauthorized } from '@inforiver-mail/m365/classify-failure'
import { toMailboxProblem, toTokenProblem, toMessageProblem } from '@inforiver-mail/m365/explain-problem'
import { worded } from '@inforiver-mail/m365/explanation'
import { ACCEPTED } from '../queue/attempts.ts'
import { EXPIRED } from '../queue/changes/expiry.ts'
import { LONGEST_REFUSAL_WAIT_MS, REFUSAL_WAITS_MS } from '../queue/mailbox/interceptions.ts'
import type { Route } from '../queue/mailbox/refusals.ts'
import type { MarkedMessage } from '../queue/owner/marked-message.ts'
import { LONGEST_WAIT_MS, type Attempt, type Settlement } from '../queue/owner/settle.ts'
import { NO_DOUBT, type Doubt } from '../queue/states.ts'
import type { AttemptResult } from './attempt-result.ts'

// Decides what follows from the result of an attempt: the steps out of `sending` in ../queue/states.ts. Pure; the
// settlement is written by ../queue/owner/settle.ts. A doubt lasts until the message is found, sent, or its draft is seen
// unsent; a message that was sent again while in doubt keeps it for good. A message that ends in doubt ends as
// `outcome-unknown`, whatever the outcome of the last attempt.

const SECOND_MS = 1_000
const FIRST_BACKOFF_MS = 2 * SECOND_MS
const TRY_FOR_MS = 24 * 60 * 60 * SECOND_MS
const SENDING_LIMIT_PAUSE_MS = 60 * 60 * SECOND_MS // Exchange counts over 24 hours, so asking more often is pointless
/** A request that a gateway finds too long so many times stays too long for it. */
const TRIES_OF_A_SIZE = 3
const UNASKED_PAUSE_MS = 2 * SECOND_MS // a 429 without Retry-After; Outlook mostly asks for one second

/** The wait before each look for a copy: it may appear late, and its absence counts only after 11 minutes. */
const LOOKUP_WAITS_MS = [0, 10, 20, 30, 60, 120, 180, 240].map((seconds) => seconds * SECOND_MS)

/** Without a readable mailbox, the trace is asked for an hour: by then the row of a sent message has appeared. */
const TRACE_LOOK_EVERY_MS = 5 * 60 * SECOND_MS
const TRACE_LOOKS = 12

/** Whether the row of a message in doubt may still appear in the message trace. */
export function mayBeTraced(doubt: Doubt): boolean {
  return looksAt(doubt) < TRACE_LOOKS
}

/** What the next step of a message depends on besides the result. */
export interface DeliveryState extends Pick<
  MarkedMessage,
  'attemptCount' | 'tryingMs' | 'refusals' | 'doubt' | 'possibleDuplicate' | 'onUnknownOutcome'
> {
  /** The route that it went by; null where it did not come to that. */
  readonly route: Route | null
  /** It is held, and tried to learn whether the mailbox takes mail again. */
  readonly isProbe: boolean
}

/** Whether to look for a message in doubt, send it again, or leave it. A copy that is not found proves nothing. */
export function decideDoubt(
  state: Pick<DeliveryState, 'doubt' | 'onUnknownOutcome'>,
  canLookUp: boolean,
): 'look-up' | 'send' | 'stop' {
  if (canLookUp && looksAt(state.doubt) < LOOKUP_WAITS_MS.length) return 'look-up'
  // fence: stop
  if (state.onUnknownOutcome === 'stop') return 'stop'
  // end
  return 'send'
}

function inDoubt(looks: number): Doubt {
  return { state: 'in-doubt', looks }
}

/** How often the message was looked for while in doubt. */
function looksAt(doubt: Doubt): number {
  return doubt.state === 'in-doubt' ? doubt.looks : 0
}

/** `adminCenters` names where administrators look, for the texts of problems. */
export interface SettlementContext {
  /** The time by the clock that turned `Retry-After` into a date. */
  readonly now: Date
  readonly random: () => number
  readonly adminCenters: AdminCenters
}

/** @param state as of the attempt: `possibleDuplicate` is already set when the message was sent while in doubt */
export function planSettlement(state: DeliveryState, result: AttemptResult, context: SettlementContext): Settlement {
  if (!state.isProbe) return { ...plan(state, result, context), route: state.route }
  // It counts towards the limits whatever comes of it, and its time for trying is not used up.
  const settlement = plan({ ...state, tryingMs: 0 }, result, context)
  const isTried = settlement.charged || settlement.attempt?.outcome === 'refused'
  return { ...settlement, route: state.route, tryingMs: state.tryingMs, charged: isTried }
}

function plan(state: DeliveryState, result: AttemptResult, context: SettlementContext): Settlement {
  const { now, adminCenters } = context
  const { doubt, possibleDuplicate, tryingMs, refusals } = state
  const base = { ...UNCHANGED, doubt, possibleDuplicate, tryingMs, refusals }
  switch (result.type) {
    case 'sent':
      return {
        ...base,
        status: 'sent',
        doubt: NO_DOUBT,
        charged: true,
        pauseMailboxMs: msUntil(result.retryAfter, now),
        attempt: attempt('sent', null, ACCEPTED),
      }
    case 'found':
    case 'traced': {
      const told = attempt('sent', null, worded({ detail: [result.type] }))
      return { ...base, status: 'sent', doubt: NO_DOUBT, attempt: told }
    }
    case 'untraced':
    case 'not-found': {
      // Looks use up the time for trying too, or a message could be looked for and sent again for ever.
      const looks = looksAt(doubt) + 1
      const waitMs = result.type === 'untraced' ? TRACE_LOOK_EVERY_MS : (LOOKUP_WAITS_MS[looks] ?? 0)
      return tryAgain(state, { ...base, doubt: inDoubt(looks) }, context, null, null, waitMs)
    }
    case 'held':
      return { ...base, status: 'held', heldBecause: result.because }
    case 'waiting':
      return { ...base, status: 'queued', waitMs: result.waitMs }
    case 'overtaken':
      return { ...base, status: 'queued', waitMs: 0 }
    case 'stopped':
      return { ...base, status: 'failed', problem: outcomeUnknown(['stopped'], adminCenters) }
    case 'expired': {
      const problem = mayBeSent(state) ? outcomeUnknown(['expired-in-doubt'], adminCenters) : EXPIRED
      return { ...base, status: 'failed', problem }
    }
    case 'no-access': {
      const { waitMs, gateway, answered = false } = result
      const tried = attempt('unavailable', null, result)
      if (waitMs === null) return tryAgain(state, base, context, tried, null)
      if (gateway) {
        const refusal = { by: 'gateway', answer: gateway, ends: null, forEntra: true } as const
        return { ...base, status: 'queued', waitMs: 0, noAccessMs: waitMs, gateway, attempt: tried, refusal }
      }
      // The mailbox waits, not the message. Anything longer than a backoff is a pause that Microsoft asked for.
      const countedMs = Math.min(Math.max(waitMs, 0), LONGEST_WAIT_MS)
      const settlement = tryAgain(state, base, context, tried, null, countedMs)
      return settlement.status === 'failed'
        ? settlement
        : { ...settlement, waitMs: 0, noAccessMs: waitMs, entraAnswered: answered }
    }
    case 'lookup-failed':
      if (result.failure.outcome === 'intercepted') {
        const refusal = { by: 'gateway', answer: result.failure.gateway, ends: null } as const
        return { ...waitForMicrosoft(base, result.failure, context, null), refusal }
      }
      if (result.failure.outcome === 'unauthorized') return waitForToken(base, result.failure, context, null)
      // Nothing was sent, so no attempt is recorded; but time is used up as by one.
      return tryAgain(state, base, context, null, {
        retryAfter: null,
        ...result.failure,
      })
    case 'failure':
      return result.failure.outcome === 'intercepted'
        ? planAfterInterception(state, base, result.failure, context)
        : planAfterFailure(state, { ...base, refusals: 0 }, result.failure, result.canLookUp, context)
  }
}

type Base = typeof UNCHANGED & { doubt: Doubt; possibleDuplicate: boolean; tryingMs: number; refusals: number }

/**
 * Microsoft has not seen the message, so its time for trying is not used up. What is too long for the gateway ends: it would be
 * as long the next time. Whether anything else waits alone, or ends, depends on the others (interceptions.ts).
 */
function planAfterInterception(
  state: DeliveryState,
  base: Base,
  failure: Intercepted,
  context: SettlementContext,
): Settlement {
  const settlement = waitForMicrosoft(base, failure, context, attempt('unavailable', null, failure))
  const { gateway, concerns } = failure
  const { status, host, contentType } = gateway
  const endsAs = (code: 'message-too-large' | 'message-refused', title: string, detail: string[]): MessageProblem => {
    const text = worded({ title, detail, status, host, contentType })
    const refused = { code, ...text, microsoftCode: null, requestId: null }
    return mayBeSent(state) ? refusedInDoubt(state, refused, context.adminCenters) : refused
  }
  if (concerns === 'mailbox') {
    const answered = gatewayValues(gateway).detail.slice(0, 1) // without what it says, which webhooks are not sent
    const detail = ['gateway-refused-alone', ...answered, 'check-gateway', 'then-retry']
    const ends = endsAs('message-refused', 'gateway-refused-alone.title', detail)
    return { ...settlement, refusal: { by: 'gateway', answer: gateway, ends } }
  }
  if (status !== 413 || settlement.refusals < TRIES_OF_A_SIZE) return settlement
  const problem = endsAs('message-too-large', 'graph.too-large.title', [
    'gateway-too-large',
    'gateway-too-large.remedy',
  ])
  return { ...settlement, status: 'failed', waitMs: null, problem }
}

/** The message waits for its next try, ever longer. */
function waitForMicrosoft(
  base: Base,
  { gateway, retryAfter }: Intercepted,
  { now, random }: SettlementContext,
  tried: Attempt | null,
): Settlement {
  const askedMs = Math.min(msUntil(retryAfter, now) ?? 0, LONGEST_REFUSAL_WAIT_MS)
  const waitMs = Math.max(refusalWaitMs(base.refusals, random), askedMs)
  return { ...base, status: 'queued', waitMs, refusals: base.refusals + 1, gateway, attempt: tried }
}

/** A fresh token was refused as well. The mailbox waits, not the message: any other would meet the same. */
function waitForToken(
  base: Base,
  failure: Unauthorized,
  { adminCenters }: SettlementContext,
  tried: Attempt | null,
): Settlement {
  const refusal = { by: 'token', problem: toTokenProblem(failure, adminCenters) } as const
  return { ...base, status: 'queued', waitMs: 0, attempt: tried, refusal }
}

function refusalWaitMs(refusals: number, random: () => number): number {
  const longestMs = REFUSAL_WAITS_MS[refusals] ?? LONGEST_REFUSAL_WAIT_MS
  return Math.round(longestMs * (0.5 + random() / 2))
}

function planAfterFailure(
  state: DeliveryState,
  base: Base,
  failure: Exclude<Failure, Intercepted>,
  canLookUp: boolean,
  context: SettlementContext,
): Settlement {
  const { now, random, adminCenters } = context
  const { microsoftCode } = failure
  switch (failure.outcome) {
    case 'throttled': {
      // The mailbox waits, not the message: it goes first when the pause is over.
      const unaskedMs = Math.round(UNASKED_PAUSE_MS * (0.5 + random()))
      return {
        ...base,
        status: 'queued',
        waitMs: 0,
        pauseMailboxMs: msUntil(failure.retryAfter, now) ?? unaskedMs,
        attempt: attempt('throttled', microsoftCode, failure),
      }
    }
    case 'unknown': {
      const tried = attempt('unknown', microsoftCode, failure)
      if (!canLookUp && state.onUnknownOutcome === 'stop') {
        return {
          ...base,
          status: 'failed',
          doubt: inDoubt(0),
          charged: true,
          problem: { ...outcomeUnknown(['stopped'], adminCenters), microsoftCode, requestId: failure.requestId },
          attempt: tried,
        }
      }
      const doubtful = { ...base, doubt: inDoubt(0), charged: true }
      // The look follows at once, unless the message was already looked for and sent again: that would loop.
      if (canLookUp && state.doubt.state !== 'seen-unsent')
        return {
          ...doubtful,
          status: 'queued',
          waitMs: 0,
          pauseMailboxMs: msUntil(failure.retryAfter, now),
          attempt: tried,
        }
      return tryAgain(state, doubtful, context, tried, failure)
    }
    case 'unavailable':
      return tryAgain(state, base, context, attempt('unavailable', microsoftCode, failure), failure)
    case 'unauthorized':
      return waitForToken(base, failure, context, attempt('unavailable', microsoftCode, failure))
    case 'refused': {
      const refused = attempt('refused', microsoftCode, failure)
      const problem = problemOfRefusal(state, failure, adminCenters)
      if (failure.concerns === 'message') return { ...base, status: 'failed', problem, attempt: refused }
      if (failure.reason !== 'sending-limit-reached') return planAfterRefusal(state, base, failure, context)
      const settlement = tryAgain(state, base, context, refused, null, SENDING_LIMIT_PAUSE_MS)
      return settlement.status === 'failed'
        ? { ...settlement, problem }
        : { ...settlement, waitMs: 0, pauseMailboxMs: SENDING_LIMIT_PAUSE_MS }
    }
  }
}

/** Any message of the mailbox may meet the refusal. Whether it is held, waits or ends depends on the others (refusals.ts). */
function planAfterRefusal(
  state: DeliveryState,
  base: Base,
  failure: Refused,
  { random, adminCenters }: SettlementContext,
): Settlement {
  const { microsoftCode, reason } = failure
  const by = state.route ?? 'send'
  return {
    ...base,
    status: 'queued',
    waitMs: refusalWaitMs(state.refusals, random),
    refusals: state.refusals + 1,
    attempt: attempt('refused', microsoftCode, failure),
    refusal: {
      by,
      kind: microsoftCode ?? reason,
      problem: toMailboxProblem(failure, adminCenters, by === 'draft'),
      ends: mayBeSent(state) ? refusedInDoubt(state, failure, adminCenters) : refusedAlone(failure, adminCenters),
    },
  }
}

function refusedAlone(failure: Refused, adminCenters: AdminCenters): MessageProblem {
  const { code: _, ...problem } = toMessageProblem(failure, adminCenters)
  const names = problem.values['detail']
  const { title, detail } = worded({ title: 'refused-alone.title', detail: ['refused-alone'] })
  return {
    ...problem,
    code: 'message-refused',
    values: Array.isArray(names)
      ? { ...problem.values, title: 'refused-alone.title', detail: ['refused-alone', ...names] }
      : {},
    title,
    detail: `${detail} ${problem.detail}`,
  }
}

/** A refusal ends a message in doubt as `outcome-unknown`: an earlier attempt may have sent it. */
function problemOfRefusal(state: DeliveryState, refused: Refused, adminCenters: AdminCenters): MessageProblem {
  return mayBeSent(state) ? refusedInDoubt(state, refused, adminCenters) : toMessageProblem(refused, adminCenters)
}

function refusedInDoubt(
  { doubt }: DeliveryState,
  refused: Said & Pick<MessageProblem, 'microsoftCode' | 'requestId'>,
  adminCenters: AdminCenters,
): MessageProblem {
  const { microsoftCode, requestId } = refused
  const inDoubt = looksAt(doubt) > 0 ? 'refused-after-looking' : 'refused-without-looking'
  return { ...outcomeUnknown([inDoubt], adminCenters, refused), microsoftCode, requestId }
}

/** `possibleDuplicate` counts too: an unsent draft clears the doubt about its own attempt only. */
function mayBeSent({ doubt, possibleDuplicate }: Pick<DeliveryState, 'doubt' | 'possibleDuplicate'>): boolean {
  return doubt.state === 'in-doubt' || possibleDuplicate
}

/** Queues the message for later, or gives up when the time for trying is used up. */
function tryAgain(
  state: DeliveryState,
  base: Base,
  { now, random, adminCenters }: SettlementContext,
  tried: Attempt | null,
  failure: { retryAfter?: Date | null; microsoftCode: string | null; requestId: string | null } | null,
  waitMs = backoffMs(state.attemptCount, random),
): Settlement {
  const tryingMs = state.tryingMs + waitMs
  if (tryingMs > TRY_FOR_MS) {
    const facts = { microsoftCode: failure?.microsoftCode ?? null, requestId: failure?.requestId ?? null }
    const problem = !mayBeSent(base)
      ? { ...gaveUp(tried ?? worded({ detail: ['tried-for-a-day'] }), adminCenters), ...facts }
      : { ...outcomeUnknown(['gave-up-in-doubt'], adminCenters), ...facts }
    return { ...base, status: 'failed', problem, attempt: tried }
  }
  const pauseMailboxMs = msUntil(failure?.retryAfter ?? null, now)
  return { ...base, status: 'queued', tryingMs, waitMs, pauseMailboxMs, attempt: tried }
}

/** Full jitter spreads the retries of messages that failed together. */
function backoffMs(attemptCount: number, random: () => number): number {
  return Math.round(random() * Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(attemptCount, 20), LONGEST_WAIT_MS))
}

function msUntil(date: Date | null, now: Date): number | null {
  return date && Math.max(0, date.getTime() - now.getTime())
}

/** A text in English, and the names of its sentences where they are known. */
interface Said {
  readonly detail: string
  readonly values?: Values | undefined
}

function attempt(outcome: AttemptOutcome, code: string | null, { detail, values = {} }: Said): Attempt {
  const { title: _, ...facts } = values
  return { outcome, code, values: facts, detail }
}

const UNCHANGED = {
  waitMs: null,
  heldBecause: null,
  problem: null,
  attempt: null,
  charged: false,
  pauseMailboxMs: null,
  noAccessMs: null,
  entraAnswered: false,
  gateway: null,
  refusal: null,
  route: null,
}

function outcomeUnknown(before: readonly string[], { exchange }: AdminCenters, said?: Said): MessageProblem {
  return problemAround('outcome-unknown', { before, after: ['look-before-retry'], facts: { exchange } }, said)
}

function gaveUp(said: Said, { serviceStatus }: AdminCenters): MessageProblem {
  const after = ['service-status', 'retry-after-outage']
  return problemAround('gave-up', { before: [], after, facts: { serviceStatus } }, said)
}

/** Puts sentences around what is said already. */
function problemAround(
  code: 'outcome-unknown' | 'gave-up',
  { before, after, facts }: { before: readonly string[]; after: readonly string[]; facts: Values },
  said?: Said,
): MessageProblem {
  const names = said ? said.values?.['detail'] : []
  const known = { ...said?.values, ...facts, title: `${code}.title` }
  const wordedBy = (detail: readonly string[]) => worded({ ...known, detail: [...detail] }).detail
  return {
    code,
    values: Array.isArray(names) ? { ...known, detail: [...before, ...names, ...after] } : {},
    title: worded(known).title,
    detail: [wordedBy(before), said?.detail ?? '', wordedBy(after)].filter((part) => part !== '').join(' '),
    microsoftCode: null,
    requestId: null,
  }
}
