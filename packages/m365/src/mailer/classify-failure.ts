import type { Values } from '@inforiver-mail/contract/values'
import { CODE } from '@inforiver-mail/contract/wording'
import { worded } from '../explanation.ts'
import { gatewayValues, type GatewayAnswer } from '../gateway-answer.ts'
import { firstSentence } from '../plain-text.ts'
import type { GraphAnswer } from './graph-call.ts'
import {
  ACCESS_DENIED,
  DRAFT_GONE,
  GRAPH_CODES,
  INVALID_MESSAGE,
  REQUEST_TOO_LONG,
  SHARED_PERMISSION_MISSING,
  verdictOfStatus,
  type GraphRefusal,
  type GraphVerdict,
  type RefusalReason,
  type SizeLimit,
} from './graph-codes.ts'

interface FailureFacts {
  /** Graph's `error.code`. */
  readonly microsoftCode: string | null
  readonly requestId: string | null
  /** One sentence of plain text, and at most one quoted from Microsoft. */
  readonly detail: string
  /** Names the sentences of `detail` and what is filled into them; a refusal's name its title too. */
  readonly values?: Values
}

export type Failure =
  /** The mailbox or the app sent too much: nothing may be sent for it before `retryAfter`. Nothing was done. */
  | ({ readonly outcome: 'throttled'; readonly retryAfter: Date | null } & FailureFacts)
  /** Temporary trouble. Nothing was done. */
  | ({ readonly outcome: 'unavailable'; readonly retryAfter: Date | null } & FailureFacts)
  /**
   * Temporary trouble that may have come after the work: the request may have been carried out. `gateway`: who claimed
   * success in Microsoft's place.
   */
  | ({
      readonly outcome: 'unknown'
      readonly retryAfter: Date | null
      readonly gateway?: GatewayAnswer
    } & FailureFacts)
  /**
   * Something between this server and Microsoft refused the request in Microsoft's place. Nothing was done, and nothing is
   * known of what Microsoft would have said: of the message, the mailbox, the token or the permissions. `concerns`: whether
   * any message of the mailbox would meet it, or this one alone, as with a 413 and at the host of uploads.
   */
  | ({
      readonly outcome: 'intercepted'
      readonly retryAfter: Date | null
      readonly gateway: GatewayAnswer
      readonly concerns: 'mailbox' | 'message'
    } & FailureFacts)
  /** Graph did not accept the token. `claims`: a challenge for the next token request, as JSON. */
  | ({ readonly outcome: 'unauthorized'; readonly claims: string | null } & FailureFacts)
  | ({
      readonly outcome: 'refused'
      readonly reason: RefusalReason
      readonly concerns: GraphRefusal['concerns']
      readonly title: string
      readonly limit?: SizeLimit
    } & FailureFacts)

export type Refused = Extract<Failure, { outcome: 'refused' }>
export type Unauthorized = Extract<Failure, { outcome: 'unauthorized' }>
export type Intercepted = Extract<Failure, { outcome: 'intercepted' }>

export interface FailureContext {
  /** The sender, when the request sends a message. */
  readonly sender?: {
    /** From is one of the delegate's own addresses. */
    readonly own: boolean
    readonly grantedPermissions: readonly string[]
  }
  /** What is done with a draft that the mailbox has, when the request is about one. */
  readonly draft?: 'changed' | 'sent'
}

const MAX_QUOTE_CHARACTERS = 200

const UNREADABLE = 'UnknownError'
/** Mail has been delivered after an UnknownError, of which no status is reported. With one of these it refuses for certain. */
const REFUSES_UNREADABLY: ReadonlySet<number> = new Set([400, 403, 413, 422])

const TEMPORARY = ['throttled', 'unavailable', 'unknown'] as const

/** Classifies an answer other than the documented success. The status decides about a code that is not in the table. */
export function classifyFailure(answer: GraphAnswer, context: FailureContext = {}): Failure {
  const { status, code, requestId, retryAfter, claims, gateway } = answer
  const facts = { microsoftCode: code, requestId }
  if (gateway !== null && status < 500) {
    const values = gatewayValues(gateway)
    const said = { retryAfter, gateway, ...facts, detail: worded(values).detail, values }
    if (status < 300) return { outcome: 'unknown', ...said }
    return { outcome: 'intercepted', concerns: status === 413 ? 'message' : 'mailbox', ...said }
  }
  // Older documentation has claims challenges with 403 in place of 401.
  if (status === 401 || (status === 403 && claims !== null))
    return { outcome: 'unauthorized', claims, ...facts, ...described('graph-unauthorized', answer) }
  const verdict = findVerdict(answer, context)
  if (typeof verdict === 'string')
    return { outcome: verdict, retryAfter, ...facts, ...described(`graph-${verdict}`, answer) }
  const { reason, concerns, name, limit, quotesMicrosoft } = verdict
  const isExplained = knownVerdict(code) !== undefined && !quotesMicrosoft
  const said = described(`graph.${name}.detail`, isExplained ? null : answer)
  const { title, detail, values } = worded({ ...said.values, title: `graph.${name}.title` })
  return {
    outcome: 'refused',
    reason,
    concerns,
    ...(limit && { limit }),
    ...facts,
    title,
    detail,
    values,
  }
}

function findVerdict(
  answer: GraphAnswer,
  { sender, draft }: FailureContext,
): GraphRefusal | (typeof TEMPORARY)[number] {
  const { status, code, gateway, relaysPage, retryAfter } = answer
  // A gateway gave up waiting. Whatever code the body has, the request may have been carried out.
  if (status === 504) return 'unknown'
  // A gateway cannot say that the mailbox is full or sends too much.
  if (gateway !== null && status !== 503) return 'unknown'
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429
  const isUnreadable = code === UNREADABLE && isRefusal
  // Graph could not read what a host behind it answered, and passes on its status.
  if (isUnreadable && !REFUSES_UNREADABLY.has(status)) return 'unknown'
  // Whatever stopped the request there says nothing about the message; 413 is an answer to the request's size.
  if (relaysPage && isRefusal && status !== 413) return 'unavailable'
  const known = isUnreadable ? undefined : knownVerdict(code)
  // What failed may not have come to look for the item.
  if (known === DRAFT_GONE && status >= 500) return 'unknown'
  const isInvalid = known === INVALID_MESSAGE || (!known && status === 400)
  if (isInvalid && isRequestTooLong(answer)) return REQUEST_TOO_LONG
  const isDenied = known === ACCESS_DENIED || (!known && status === 403)
  if (isDenied && sender && lacksSharedPermission(sender)) return SHARED_PERMISSION_MISSING
  const verdict = known ?? verdictOfStatus(status)
  // The mailbox exists as surely as its draft.
  const isPassing = verdict === 'passing' || (code === 'ErrorNonExistentMailbox' && draft !== undefined)
  if (isPassing) return draft === 'sent' ? 'unknown' : 'unavailable'
  if (verdict !== 'busy') return verdict
  // A server that names a time has turned the request away. One that does not may have carried it out.
  return status >= 500 && retryAfter === null ? 'unknown' : 'unavailable'
}

function knownVerdict(code: string | null): GraphVerdict | undefined {
  return GRAPH_CODES[code ?? '']?.verdict
}

/** Graph answers a request over 4 MB with 413, or with a plain BadRequest that only its message distinguishes. */
function isRequestTooLong({ status, message }: GraphAnswer): boolean {
  return status === 413 || /request length/i.test(message ?? '')
}

function lacksSharedPermission({ own, grantedPermissions }: NonNullable<FailureContext['sender']>): boolean {
  return !own && !grantedPermissions.some((name) => name.toLowerCase() === 'mail.send.shared')
}

/** A sentence, with what Microsoft says itself, else with the status where it gave no code. */
function described(name: string, answer: GraphAnswer | null): { detail: string; values: Values } {
  const quote = firstSentence(answer?.message ?? '', MAX_QUOTE_CHARACTERS)
  const values: Values =
    quote !== ''
      ? { detail: [name, 'quote'], quote }
      : answer && answer.code === null
        ? { detail: [name, CODE], microsoftCode: `HTTP ${answer.status}` }
        : { detail: [name] }
  return { detail: worded(values).detail, values }
}
