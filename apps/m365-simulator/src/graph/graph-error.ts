import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Settings } from '../faults/settings.ts'
import { mediaType, rawBody, readJson } from '../http/body.ts'

const NOT_RIGHT = 'The user account does not have the right to send mail on behalf of the specified sending account.'

/** What Graph and the upload host refuse: the status by code, and the text where it is always the same. */
const REFUSALS = {
  ApplicationThrottled: [429, 'Application is over a limit.'],
  Authorization_RequestDenied: [403, 'Insufficient privileges to complete the operation.'],
  BadRequest: [400, 'Bad request.'],
  ErrorAccessDenied: [403, 'Access is denied. Check credentials and try again.'],
  ErrorAttachmentSizeShouldNotBeLessThanMinimumSize: [400, 'The attachment is smaller than the minimum size.'],
  ErrorExceededMaxRecipientLimit: [400, 'The message has more than 500 recipients.'],
  ErrorFolderNotFound: [404, 'The specified folder could not be found in the store.'],
  ErrorInvalidExtendedProperty: [400, 'The extended property id is not valid.'],
  ErrorInvalidIdMalformed: [400, 'Id is malformed.'],
  ErrorInvalidOperation: [400, 'Only a draft can be sent.'],
  ErrorInvalidParameter: [400, 'A parameter is missing or null.'],
  ErrorInvalidPropertyUpdateSentMessage: [400, 'Only a draft can be updated.'],
  ErrorInvalidRecipients: [400, 'At least one recipient is not valid.'],
  ErrorInvalidUrlQuery: [400, 'The query is not valid.'],
  ErrorInvalidUrlQueryFilter: [400, 'The query filter contains one or more invalid nodes.'],
  ErrorItemNotFound: [404, 'The specified object was not found in the store.'],
  ErrorMessageSizeExceeded: [400, 'The message exceeds the maximum supported size.'],
  ErrorMethodNotAllowed: [405, 'The upload session does not report its status.'],
  ErrorMimeContentConversionFailed: [400, 'The iCalendar content could not be converted.'],
  ErrorMimeContentInvalid: [400, 'The MIME content is invalid.'],
  ErrorMimeContentInvalidBase64String: [400, 'Invalid base64 string for MIME content.'],
  ErrorNonExistentMailbox: [404, 'The SMTP address has no mailbox associated with it.'],
  ErrorSendAsDenied: [403, NOT_RIGHT],
  Forbidden: [403, 'The caller does not have permission to read message traces.'],
  InvalidAudience: [
    401,
    "The audience claim value is invalid for current resource. Audience claim is 'https://graph.microsoft.com'.",
  ],
  InvalidAuthenticationToken: [401, 'The token is not valid.'],
  InvalidInternetMessageHeader: [400, "An internet message header does not start with 'x-' or is malformed."],
  InvalidInternetMessageHeaderCollection: [400, 'There must be 1 to 5 internet message headers.'],
  LengthRequired: [411, 'Content-Length is required.'],
  MailboxNotEnabledForRESTAPI: [404, 'The mailbox is either inactive, soft-deleted, or is hosted on-premise.'],
  RequestBodyRead: [400, 'The request body cannot be read.'],
  RequestEntityTooLarge: [413, 'The maximum request length supported is 4MB.'],
  ResourceNotFound: [404, 'Graph is at 127.0.0.1, the upload host is localhost.'],
  SyncStateNotFound: [410, 'The sync state generation is not found; generation=1.'],
  TooManyRequests: [429, 'Your recent queries have surpassed the permitted limit, please try again later.'],
  Unauthorized: [401, 'Service principal-less Authentication failed.'],
  UnsupportedMediaType: [415, 'The media type is not supported here.'],
  invalidRange: [416, 'Uploaded fragment overlaps with existing data or is out of order.'],
  uploadSessionNotFound: [404, 'The upload session was not found.'],
} as const satisfies Record<string, readonly [status: number, message: string]>

interface Other {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** A refusal by Graph or by the upload host. */
export class GraphError extends Error {
  readonly code: keyof typeof REFUSALS
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(
    code: keyof typeof REFUSALS,
    message: string = REFUSALS[code][1],
    { status = REFUSALS[code][0], headers = {} }: Other = {},
  ) {
    super(message)
    this.code = code
    this.status = status
    this.headers = headers
  }
}

export function throttled(limit: string, seconds: number): GraphError {
  const headers = { 'retry-after': String(seconds) }
  return new GraphError('ApplicationThrottled', `Application is over its ${limit} limit.`, { headers })
}

/** Error handler of the routes that answer as Graph does. */
export function answerGraphError(error: unknown, { facts }: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(error instanceof GraphError)) throw error
  facts.details['error'] = error.code
  const { status, code, message, headers } = error
  reply.code(status).type('application/json').headers(headers)
  if (headers['content-type'] === 'text/html') {
    // A gateway in front of Graph answers with a page, and without Graph's headers.
    for (const name of Object.keys(reply.getHeaders())) if (!(name in headers)) reply.removeHeader(name)
    return reply.send(message)
  }
  const { requestId, clientRequestId = requestId, startedAt } = facts
  const ids = { 'request-id': requestId, 'client-request-id': clientRequestId }
  return reply.send({ error: { code, message, innerError: { date: startedAt.toISOString().slice(0, 19), ...ids } } })
}

/** @throws GraphError when the body is missing its length, too large, of another type, or not a JSON object */
export function readJsonObject(request: FastifyRequest, settings: Settings): object {
  requireAcceptableLength(request, settings)
  if (mediaType(request) !== 'application/json') throw new GraphError('UnsupportedMediaType')
  const payload = readJson(request)
  if (typeof payload === 'object' && payload !== null && !Array.isArray(payload)) return payload
  throw new GraphError('BadRequest', 'Unable to read JSON request payload.')
}

/** @throws GraphError unless the request states its length and the length is 0 */
export function requireEmptyBody(request: FastifyRequest): void {
  requireLength(request)
  if (rawBody(request).length > 0) throw new GraphError('BadRequest', 'This action takes no body.')
}

/** How a request above 4 MB is refused. */
const TOO_LARGE = {
  'bad-request': () => new GraphError('BadRequest', 'Maximum request length exceeded.'),
  'payload-too-large': () => new GraphError('RequestEntityTooLarge'),
  'payload-too-large-html': () =>
    new GraphError('RequestEntityTooLarge', '<html><body><h1>413 Request Entity Too Large</h1></body></html>', {
      headers: { 'content-type': 'text/html' },
    }),
} satisfies Record<Settings['requestTooLarge'], () => GraphError>

/** @throws GraphError when the request does not state its length, or is longer than 4 MB */
export function requireAcceptableLength(request: FastifyRequest, settings: Settings): void {
  requireLength(request)
  if (rawBody(request).length > settings.maxRequestBytes) throw TOO_LARGE[settings.requestTooLarge]()
}

function requireLength({ headers }: FastifyRequest): void {
  if (headers['content-length'] === undefined) throw new GraphError('LengthRequired')
}
