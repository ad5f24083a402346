import type { MessageProblem, MessageProblemCode } from '@inforiver-mail/contract/message'
import { GRAPH_CODES, type AdminPlaces } from '../admin-places.ts'
import { withCode } from '../explanation.ts'
import { firstSentence } from '../plain-text.ts'
import type { GraphAnswer } from './graph-answer.ts'

/** Why Graph will not do it, however often it is asked. */
export type RefusalReason =
  | 'send-as-denied'
  | 'permission-missing'
  | 'access-denied'
  | 'mailbox-not-found'
  | 'recipient-refused'
  | 'message-refused'
  | 'draft-gone'
  | 'mailbox-full'
  | 'message-too-large'
  | 'sending-limit-reached'

/**
 * Which of Graph's limits a `message-too-large` is about: the length of one request, or the smallest file that an upload
 * session takes. Without it, what the organisation allows for a message.
 */
export type SizeLimit = 'request-length' | 'session-minimum'

interface FailureFacts {
  /** Graph's `error.code`. */
  readonly microsoftCode: string | null
  readonly requestId: string | null
  /** A sentence of plain text. */
  readonly detail: string
}

export type Failure =
  /** Too much for the mailbox or the app: nobody sends for it before `retryAfter`. Nothing was done. */
  | ({ readonly outcome: 'throttled'; readonly retryAfter: Date | null } & FailureFacts)
  /** Trouble that passes. Nothing was done. */
  | ({ readonly outcome: 'unavailable'; readonly retryAfter: Date | null } & FailureFacts)
  /** Trouble that may have come after the work: it may or may not have been done. */
  | ({ readonly outcome: 'unknown'; readonly retryAfter: Date | null } & FailureFacts)
  /** The token was not accepted. `claims`: a challenge for the next token request, as JSON. */
  | ({ readonly outcome: 'unauthorized'; readonly claims: string | null } & FailureFacts)
  | ({
      readonly outcome: 'refused'
      readonly reason: RefusalReason
      readonly title: string
      readonly limit?: SizeLimit
    } & FailureFacts)

export type Refused = Extract<Failure, { outcome: 'refused' }>

export interface FailureContext {
  /** The sender of a message; absent for other calls. */
  readonly sender?: {
    /** From is one of the delegate's own addresses. */
    readonly own: boolean
    readonly grantedPermissions: readonly string[]
  }
}

interface Refusal {
  readonly reason: RefusalReason
  /** Covers several causes, of which only Microsoft's own sentence tells this one. */
  readonly general?: true
  readonly title: string
  readonly detail: string
  readonly limit?: SizeLimit
}

type Rule = Refusal | keyof typeof PASSING
/** `busy`: what it means depends on whether Microsoft says when to come again. */
type RuleOrBusy = Rule | 'busy'

const ACCESS_DENIED: Refusal = {
  general: true,
  reason: 'access-denied',
  title: 'Microsoft denied access to the mailbox',
  detail: 'The connected account lacks a permission or a right to the mailbox.',
}

const SHARED_PERMISSION_MISSING: Refusal = {
  reason: 'permission-missing',
  title: 'The permission Mail.Send.Shared is missing',
  detail: 'Sending from an address other than the account’s own needs the permission Mail.Send.Shared.',
}

const NO_MAILBOX: Refusal = {
  reason: 'mailbox-not-found',
  title: 'There is no such mailbox',
  detail: 'Microsoft 365 has no cloud mailbox for the sender or the account.',
}

const INVALID_MESSAGE: Refusal = {
  general: true,
  reason: 'message-refused',
  title: 'Microsoft refused the message',
  detail: 'Microsoft does not accept the form of the message.',
}

const TOO_LARGE: Refusal = {
  reason: 'message-too-large',
  title: 'The message is too large',
  detail: 'Microsoft does not accept a message of this size.',
}

const REQUEST_TOO_LONG: Refusal = {
  reason: 'message-too-large',
  title: 'The message is too large',
  detail: 'Microsoft does not accept a request of this length.',
  limit: 'request-length',
}

const LIMIT_REACHED: Refusal = {
  reason: 'sending-limit-reached',
  title: 'The sending limit is reached',
  detail: 'The mailbox has sent as much as Exchange Online lets it send for now.',
}

const ACCOUNT_BLOCKED: Refusal = {
  reason: 'sending-limit-reached',
  title: 'The account is blocked from sending',
  detail: 'Exchange Online has stopped this account from sending.',
}

const DRAFT_GONE: Refusal = {
  reason: 'draft-gone',
  title: 'The draft is gone',
  detail: 'The draft of the message is no longer in the mailbox.',
}

const MAILBOX_FULL: Refusal = {
  reason: 'mailbox-full',
  title: 'The mailbox is full',
  detail: 'The mailbox that sends has no room left.',
}

/**
 * By `error.code`, whatever the status: for many codes Microsoft's sources disagree about it.
 * Source: Graph error responses; Exchange codes pass through Graph unmapped.
 */
const RULES: Readonly<Record<string, RuleOrBusy>> = {
  ErrorAccessDenied: ACCESS_DENIED,
  Authorization_RequestDenied: ACCESS_DENIED,
  accessDenied: ACCESS_DENIED,
  ErrorSendAsDenied: {
    reason: 'send-as-denied',
    title: 'Sending as this address is not allowed',
    detail: 'The connected account has no right to send as the sender.',
  },

  MailboxNotEnabledForRESTAPI: NO_MAILBOX,
  MailboxNotSupportedForRESTAPI: NO_MAILBOX,
  ErrorNonExistentMailbox: NO_MAILBOX,
  ResourceNotFound: NO_MAILBOX,
  Request_ResourceNotFound: NO_MAILBOX,

  ErrorInvalidRecipients: {
    reason: 'recipient-refused',
    title: 'Microsoft refused a recipient',
    detail: 'At least one recipient is missing or has an address that Exchange Online does not accept.',
  },
  ErrorExceededMaxRecipientLimit: {
    reason: 'recipient-refused',
    title: 'The message has too many recipients',
    detail: 'The message has more recipients than the organisation allows for one message.',
  },

  ErrorExceededMessageLimit: LIMIT_REACHED,
  ErrorExceededHourlyMessageLimit: LIMIT_REACHED,
  ErrorSubmissionQuotaExceeded: LIMIT_REACHED,
  ErrorAccountSuspend: ACCOUNT_BLOCKED,
  ErrorMessageSubmissionBlocked: ACCOUNT_BLOCKED,
  ErrorQuotaExceeded: MAILBOX_FULL,

  ErrorMessageSizeExceeded: TOO_LARGE,
  RequestEntityTooLarge: REQUEST_TOO_LONG,
  ErrorAttachmentSizeShouldNotBeLessThanMinimumSize: {
    reason: 'message-too-large',
    title: 'An attachment has a size that Microsoft does not take',
    detail: 'Microsoft opens no upload session for a file just below 3 MB.',
    limit: 'session-minimum',
  },
  ErrorItemNotFound: DRAFT_GONE,
  ErrorInvalidMailboxItemId: DRAFT_GONE, // it belongs to another mailbox
  ErrorMimeContentInvalidBase64String: INVALID_MESSAGE,
  ErrorMimeContentInvalid: INVALID_MESSAGE,
  InvalidInternetMessageHeader: INVALID_MESSAGE,
  InvalidInternetMessageHeaderCollection: INVALID_MESSAGE,
  BadRequest: INVALID_MESSAGE,
  RequestBodyRead: INVALID_MESSAGE,
  UnableToDeserializePostBody: INVALID_MESSAGE,

  ApplicationThrottled: 'throttled',
  TooManyRequests: 'throttled',
  activityLimitReached: 'throttled',

  ErrorServerBusy: 'busy',
  ServiceUnavailable: 'busy',
  serviceNotAvailable: 'busy',
  ErrorMailboxMoveInProgress: 'unavailable',
  ErrorMailboxStoreUnavailable: 'unavailable',

  // Seen with messages that were delivered all the same.
  CommandConcurrencyLimitReached: 'unknown',
  UnknownError: 'unknown',
  ErrorInternalServerError: 'unknown',
  ErrorInternalServerTransientError: 'unknown',
  InternalServerError: 'unknown',
  generalException: 'unknown',
}

/** Every code with a rule of its own. */
export const MICROSOFT_CODES: readonly string[] = Object.keys(RULES)

/** Errors from before a connection stood: nothing can have been done. Node marks the others by `syscall`. */
const NOT_CONNECTED = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_PRX_TLS',
  'UND_ERR_PRX_CONN',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

const MAX_QUOTE_CHARACTERS = 200

/** What an answer other than success means. Total: an unknown code is judged by the status. */
export function classifyFailure(answer: GraphAnswer, context: FailureContext = {}): Failure {
  const { code, requestId, retryAfter, claims } = answer
  const facts = { microsoftCode: code, requestId }
  if (answer.status === 401 || isClaimsChallenge(answer))
    return { outcome: 'unauthorized', claims, ...facts, detail: quoted('Microsoft did not accept the token.', answer) }
  const rule = ruleOf(answer, context)
  if (typeof rule === 'string') return { outcome: rule, retryAfter, ...facts, detail: quoted(PASSING[rule], answer) }
  const explained = code !== null && Object.hasOwn(RULES, code) && !rule.general
  const detail = explained ? rule.detail : quoted(rule.detail, answer)
  const { reason, title, limit } = rule
  return { outcome: 'refused', reason, title, ...(limit && { limit }), ...facts, detail }
}

/** What a connection that failed means: a request that may have left may have been carried out. */
export function classifyConnectionFailure(error: unknown): Failure {
  const cause = rootCause(error)
  const facts = { microsoftCode: null, requestId: null, retryAfter: null }
  const named = cause.code === null ? '' : ` (${cause.code})`
  if (cause.beforeConnection)
    return {
      outcome: 'unavailable',
      ...facts,
      detail: `Microsoft 365 could not be reached${named}.${aboutClock(cause.code)}`,
    }
  return { outcome: 'unknown', ...facts, detail: `The connection to Microsoft 365 ended before an answer${named}.` }
}

/** A certificate counts for a time: where this is not it, the clock of this machine may be the cause. */
function aboutClock(code: string | null): string {
  if (code !== 'CERT_NOT_YET_VALID' && code !== 'CERT_HAS_EXPIRED') return ''
  return ' Check the clock of this machine, and the certificate of a proxy in between.'
}

/** As the problem of a message that failed for good. Its detail ends with who does what and where before it is tried again. */
export function toMessageProblem(
  { reason, limit, title, detail, microsoftCode, requestId }: Refused,
  places: AdminPlaces,
): MessageProblem {
  const { code, remedy } = limit === undefined ? MESSAGE_PROBLEMS[reason] : BEYOND_GRAPH
  return { code, title, detail: `${detail} ${remedy(places)}`, microsoftCode, requestId }
}

interface MessageProblemWords {
  readonly code: MessageProblemCode
  readonly remedy: (places: AdminPlaces) => string
}

/** Nobody in the organisation can raise these limits. */
const BEYOND_GRAPH: MessageProblemWords = {
  code: 'message-too-large',
  remedy: () =>
    `The submitting service submits it again with smaller attachments, or fewer, or with a link to the file; what the code means is in ${GRAPH_CODES}.`,
}

const APP_PERMISSIONS = 'Enterprise applications > the app of Inforiver Mail > Permissions'

const MESSAGE_PROBLEMS: Readonly<Record<RefusalReason, MessageProblemWords>> = {
  'send-as-denied': {
    code: 'send-as-denied',
    remedy: ({ exchange }) =>
      `An Exchange administrator gives the connected account Send As on the sender in the ${exchange} > Recipients; a fresh right can take an hour to work. Then retry the message.`,
  },
  'permission-missing': {
    code: 'send-as-denied',
    remedy: ({ entra }) =>
      `A workspace admin connects the mailbox again at Tenant Settings > Office 365 SMTP and accepts the permission. An Entra administrator sees what is granted in the ${entra} > ${APP_PERMISSIONS}. Then retry the message.`,
  },
  // Not `send-as-denied`: the right to send as the sender is only one of the things that may be missing.
  'access-denied': {
    code: 'message-refused',
    remedy: ({ entra, exchange }) =>
      `A workspace admin connects the mailbox again at Tenant Settings > Office 365 SMTP. If that does not help, an Entra administrator checks the permissions of the app in the ${entra} > ${APP_PERMISSIONS}, and an Exchange administrator the rights of the connected account in the ${exchange} > Recipients and, in PowerShell, the application access policies. Then retry the message.`,
  },
  'mailbox-not-found': {
    code: 'mailbox-not-found',
    remedy: ({ exchange }) =>
      `An Exchange administrator checks in the ${exchange} > Recipients that both exist and that the account has a licence with Exchange Online. Then retry the message.`,
  },
  'recipient-refused': {
    code: 'recipient-refused',
    remedy: ({ exchange }) =>
      `Check the recipients and have the service send it again. An Exchange administrator sees who has a mailbox, and how many recipients one message may have, in the ${exchange} > Recipients > Mailboxes.`,
  },
  'message-refused': {
    code: 'message-refused',
    remedy: () =>
      `Whoever sent the message changes what Microsoft does not accept and sends it again; what the code means is in ${GRAPH_CODES}.`,
  },
  'draft-gone': {
    code: 'message-refused',
    remedy: ({ exchange }) =>
      `A workspace admin or the submitting service retries the message. If it happens again, an Exchange administrator sees who else uses the mailbox in the ${exchange} > Recipients > Mailboxes > the mailbox > Delegation.`,
  },
  'mailbox-full': {
    code: 'message-refused',
    remedy: ({ exchange }) =>
      `Whoever uses the mailbox makes room in it, or an Exchange administrator gives it more in the ${exchange} > Recipients > Mailboxes. Then retry the message.`,
  },
  'message-too-large': {
    code: 'message-too-large',
    remedy: ({ exchange }) =>
      `The submitting service submits it again with smaller attachments, or fewer. An Exchange administrator sees the limit of the mailbox in the ${exchange} > Recipients > Mailboxes > the mailbox > Message size restriction.`,
  },
  'sending-limit-reached': {
    code: 'sending-limit-reached',
    remedy: ({ exchange, restrictedSenders }) =>
      `An Exchange administrator sees why in the ${exchange} > Mail flow, and releases a blocked account at ${restrictedSenders}. Then retry the message.`,
  },
}

const PASSING = {
  throttled: 'Microsoft asks to slow down.',
  unavailable: 'Microsoft 365 cannot answer at the moment.',
  unknown: 'Microsoft 365 did not say whether the request was carried out.',
} as const

function ruleOf(answer: GraphAnswer, { sender }: FailureContext): Rule {
  const rule = answer.code !== null && Object.hasOwn(RULES, answer.code) ? RULES[answer.code] : undefined
  // A gateway gave up waiting. What it waited for may be done, whatever code stands in the body.
  if (answer.status === 504) return 'unknown'
  const isInvalid = rule === INVALID_MESSAGE || (rule === undefined && answer.status === 400)
  if (isInvalid && isRequestTooLong(answer)) return REQUEST_TOO_LONG
  const denied = rule === ACCESS_DENIED || (rule === undefined && answer.status === 403)
  if (denied && sender && needsSharedPermission(sender)) return SHARED_PERMISSION_MISSING
  const found = rule ?? ruleOfStatus(answer)
  return found === 'busy' ? ruleOfBusy(answer) : found
}

function ruleOfStatus({ status }: GraphAnswer): RuleOrBusy {
  if (status === 429 || status === 509) return 'throttled'
  if (status === 507) return MAILBOX_FULL
  if (status === 503) return 'busy'
  if (status >= 500) return 'unknown'
  if (status === 408 || status === 407) return 'unavailable'
  if (status === 403) return ACCESS_DENIED
  if (status === 404) return NO_MAILBOX
  if (status === 413) return REQUEST_TOO_LONG
  if (status >= 400) return INVALID_MESSAGE
  if (status >= 300) return 'unavailable' // redirects are not followed: somebody else answered
  return 'unknown' // a success, but not the one that Microsoft documents
}

/** Who says when to come again has turned the request away. Who does not may have carried it out. */
function ruleOfBusy({ status, retryAfter }: GraphAnswer): Rule {
  return status >= 500 && retryAfter === null ? 'unknown' : 'unavailable'
}

/** Older documentation has claims challenges with 403 in place of 401. */
function isClaimsChallenge({ status, claims }: GraphAnswer): boolean {
  return status === 403 && claims !== null
}

/** Graph answers a request over 4 MB with 413, or with a plain BadRequest that only its message tells from others. */
function isRequestTooLong({ status, message }: GraphAnswer): boolean {
  return status === 413 || (message !== null && /request length/i.test(message))
}

function needsSharedPermission({ own, grantedPermissions }: NonNullable<FailureContext['sender']>): boolean {
  return !own && !grantedPermissions.some((name) => name.toLowerCase() === 'mail.send.shared')
}

function quoted(detail: string, { message, status, code }: GraphAnswer): string {
  const quote = firstSentence(message ?? '', MAX_QUOTE_CHARACTERS)
  if (quote !== '') return `${detail} Microsoft says: “${quote}”`
  return code === null ? withCode(detail, `HTTP ${status}`) : detail
}

interface Cause {
  readonly code: string | null
  readonly beforeConnection: boolean
}

/** undici wraps the error of the socket as `cause`; Node wraps one for each address tried. */
function rootCause(error: unknown): Cause {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth += 1) {
    if (current instanceof AggregateError && current.errors.length > 0) return rootCause(current.errors[0])
    if ('code' in current && typeof current.code === 'string')
      return { code: current.code, beforeConnection: isBeforeConnection(current, current.code) }
  }
  return { code: error instanceof Error ? error.name : null, beforeConnection: false }
}

function isBeforeConnection(error: Error, code: string): boolean {
  if ('syscall' in error) return error.syscall === 'connect' || error.syscall === 'getaddrinfo'
  // undici tells a proxy that refuses the tunnel from other aborts by the message alone.
  return NOT_CONNECTED.has(code) || (code === 'UND_ERR_ABORTED' && error.message.startsWith('Proxy response'))
}
