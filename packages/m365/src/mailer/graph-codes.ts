/** Why Graph refuses for good. */
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
  | 'wrong-cloud'

/**
 * Which of Graph's own limits a `message-too-large` is about: the length of one request, or the smallest file for which
 * it opens an upload session. When neither is named, the limit is the one that the organisation sets for a message.
 */
export type SizeLimit = 'request-length' | 'session-minimum'

export interface GraphRefusal {
  readonly reason: RefusalReason
  /** Whether any message of the mailbox meets it, or this one alone. */
  readonly concerns: 'mailbox' | 'message'
  /** Its sentences are `graph.NAME.title` and `graph.NAME.detail`. */
  readonly name: string
  /** The code has several causes, so Microsoft's own sentence is quoted after `detail`. */
  readonly quotesMicrosoft?: true
  readonly limit?: SizeLimit
}

/**
 * - `throttled`: the mailbox or the app has to pause
 * - `unavailable`: nothing was done, and a later attempt may succeed
 * - `passing`: an item or a mailbox was in another's use. The same, except that a draft that was being sent may have left
 * - `unknown`: the request may have been carried out
 * - `busy`: one of the last two, depending on status and `Retry-After`
 */
export type GraphVerdict = GraphRefusal | 'throttled' | 'unavailable' | 'passing' | 'unknown' | 'busy'

export interface GraphCode {
  /** Every status that the code plausibly comes with: for many codes Microsoft's sources disagree. */
  readonly statuses: readonly number[]
  /** Holds whatever the status, except for 504. */
  readonly verdict: GraphVerdict
}

export const ACCESS_DENIED: GraphRefusal = {
  reason: 'access-denied',
  concerns: 'mailbox',
  name: 'access-denied',
  quotesMicrosoft: true,
}

/** Replaces ACCESS_DENIED when the sender is a foreign address and the permission was not granted. */
export const SHARED_PERMISSION_MISSING: GraphRefusal = {
  reason: 'permission-missing',
  concerns: 'mailbox',
  name: 'shared-permission-missing',
}

const SEND_AS_DENIED: GraphRefusal = { reason: 'send-as-denied', concerns: 'mailbox', name: 'send-as-denied' }

const NO_MAILBOX: GraphRefusal = { reason: 'mailbox-not-found', concerns: 'mailbox', name: 'no-mailbox' }

const RECIPIENT_REFUSED: GraphRefusal = { reason: 'recipient-refused', concerns: 'message', name: 'recipient-refused' }

const TOO_MANY_RECIPIENTS: GraphRefusal = {
  reason: 'recipient-refused',
  concerns: 'message',
  name: 'too-many-recipients',
}

export const INVALID_MESSAGE: GraphRefusal = {
  reason: 'message-refused',
  concerns: 'message',
  name: 'invalid-message',
  quotesMicrosoft: true,
}

const TOO_LARGE: GraphRefusal = { reason: 'message-too-large', concerns: 'message', name: 'too-large' }

export const REQUEST_TOO_LONG: GraphRefusal = {
  reason: 'message-too-large',
  concerns: 'message',
  name: 'request-too-long',
  limit: 'request-length',
}

const BELOW_SESSION_MINIMUM: GraphRefusal = {
  reason: 'message-too-large',
  concerns: 'message',
  name: 'below-session-minimum',
  limit: 'session-minimum',
}

const LIMIT_REACHED: GraphRefusal = { reason: 'sending-limit-reached', concerns: 'mailbox', name: 'limit-reached' }

const ACCOUNT_BLOCKED: GraphRefusal = { reason: 'sending-limit-reached', concerns: 'mailbox', name: 'account-blocked' }

export const DRAFT_GONE: GraphRefusal = { reason: 'draft-gone', concerns: 'message', name: 'draft-gone' }

const MAILBOX_FULL: GraphRefusal = { reason: 'mailbox-full', concerns: 'mailbox', name: 'mailbox-full' }

const WRONG_CLOUD: GraphRefusal = { reason: 'wrong-cloud', concerns: 'mailbox', name: 'wrong-cloud' }

/**
 * The only list of Graph's codes: the classifier, the tests and docs/microsoft-codes.md read it.
 *
 * Source: Graph error responses; Exchange codes, which pass through Graph unmapped; reports of users.
 */
export const GRAPH_CODES: Readonly<Record<string, GraphCode>> = {
  ErrorAccessDenied: { statuses: [403], verdict: ACCESS_DENIED },
  Authorization_RequestDenied: { statuses: [403], verdict: ACCESS_DENIED },
  accessDenied: { statuses: [403], verdict: ACCESS_DENIED },
  ErrorSendAsDenied: { statuses: [403, 400], verdict: SEND_AS_DENIED },

  ErrorTenantNotFoundInCurrentSovereignEnvironment: { statuses: [403], verdict: WRONG_CLOUD }, // after a move

  MailboxNotEnabledForRESTAPI: { statuses: [404], verdict: NO_MAILBOX },
  MailboxNotSupportedForRESTAPI: { statuses: [404], verdict: NO_MAILBOX },
  ErrorNonExistentMailbox: { statuses: [404, 400], verdict: NO_MAILBOX },
  ResourceNotFound: { statuses: [404], verdict: NO_MAILBOX },
  Request_ResourceNotFound: { statuses: [404], verdict: NO_MAILBOX },

  ErrorInvalidRecipients: { statuses: [400, 403], verdict: RECIPIENT_REFUSED },
  ErrorExceededMaxRecipientLimit: { statuses: [400, 403, 429], verdict: TOO_MANY_RECIPIENTS },

  ErrorExceededMessageLimit: { statuses: [403, 429, 400], verdict: LIMIT_REACHED },
  ErrorExceededHourlyMessageLimit: { statuses: [403, 429, 400], verdict: LIMIT_REACHED },
  ErrorSubmissionQuotaExceeded: { statuses: [403, 429, 400], verdict: LIMIT_REACHED },
  ErrorAccountSuspend: { statuses: [403, 400], verdict: ACCOUNT_BLOCKED },
  ErrorMessageSubmissionBlocked: { statuses: [403, 400], verdict: ACCOUNT_BLOCKED },
  ErrorQuotaExceeded: { statuses: [413, 507, 403, 400], verdict: MAILBOX_FULL },

  ErrorMessageSizeExceeded: { statuses: [400, 413], verdict: TOO_LARGE },
  RequestEntityTooLarge: { statuses: [413], verdict: REQUEST_TOO_LONG },
  ErrorAttachmentSizeShouldNotBeLessThanMinimumSize: { statuses: [400, 413], verdict: BELOW_SESSION_MINIMUM },
  ErrorItemNotFound: { statuses: [404, 400], verdict: DRAFT_GONE },
  ErrorInvalidMailboxItemId: { statuses: [400, 404], verdict: DRAFT_GONE }, // the id belongs to another mailbox
  ErrorMimeContentInvalidBase64String: { statuses: [400], verdict: INVALID_MESSAGE },
  ErrorMimeContentInvalid: { statuses: [400, 422], verdict: INVALID_MESSAGE },
  ErrorMimeContentConversionFailed: { statuses: [400, 422], verdict: INVALID_MESSAGE }, // a calendar that is none
  InvalidInternetMessageHeader: { statuses: [400], verdict: INVALID_MESSAGE },
  InvalidInternetMessageHeaderCollection: { statuses: [400], verdict: INVALID_MESSAGE },
  BadRequest: { statuses: [400], verdict: INVALID_MESSAGE },
  RequestBodyRead: { statuses: [400], verdict: INVALID_MESSAGE },
  UnableToDeserializePostBody: { statuses: [400], verdict: INVALID_MESSAGE },

  ApplicationThrottled: { statuses: [429, 503], verdict: 'throttled' },
  TooManyRequests: { statuses: [429], verdict: 'throttled' },
  activityLimitReached: { statuses: [429, 503], verdict: 'throttled' },

  ErrorServerBusy: { statuses: [429, 500, 503], verdict: 'busy' },
  ServiceUnavailable: { statuses: [503], verdict: 'busy' },
  serviceNotAvailable: { statuses: [503], verdict: 'busy' },
  ErrorIrresolvableConflict: { statuses: [409, 412], verdict: 'passing' },
  ErrorMailboxMoveInProgress: { statuses: [503, 400], verdict: 'passing' },
  ErrorMailboxStoreUnavailable: { statuses: [503, 400], verdict: 'passing' },

  // Graph has answered with these and delivered the message all the same.
  CommandConcurrencyLimitReached: { statuses: [429, 503], verdict: 'unknown' },
  UnknownError: { statuses: [500, 503, 504], verdict: 'unknown' },
  ErrorInternalServerError: { statuses: [500], verdict: 'unknown' },
  ErrorInternalServerTransientError: { statuses: [500, 503], verdict: 'unknown' },
  InternalServerError: { statuses: [500], verdict: 'unknown' },
  generalException: { statuses: [500], verdict: 'unknown' },
}

/** Conflict, Precondition Failed, Locked, Too Early. */
const PASSING: ReadonlySet<number> = new Set([409, 412, 423, 425])

/** What an answer means whose code is not in the table, or that has none. */
export function verdictOfStatus(status: number): GraphVerdict {
  if (status === 429 || status === 509) return 'throttled'
  if (status === 507) return MAILBOX_FULL
  if (status === 503) return 'busy'
  if (status >= 500) return 'unknown'
  if (status === 408 || status === 407) return 'unavailable'
  if (PASSING.has(status)) return 'passing'
  if (status === 403) return ACCESS_DENIED
  if (status === 404) return NO_MAILBOX
  if (status === 413) return REQUEST_TOO_LONG
  if (status >= 400) return INVALID_MESSAGE
  if (status >= 300) return 'unavailable' // we follow no redirects, so a proxy answered in place of Graph
  return 'unknown' // a success, but not the one that Microsoft documents
}
