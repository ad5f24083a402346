import { PROBLEM_STATUS, type InputFault, type Problem, type ProblemCode } from '@inforiver-mail/contract/problem'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { z } from 'zod'
import { sendPage } from './html.ts'

const TITLES = {
  'invalid-input': 'The request is not valid',
  'not-signed-in': 'Not signed in',
  'invalid-service-key': 'The service key is not valid',
  'not-workspace-admin': 'Only workspace admins can do this',
  'cross-origin': 'The request came from another site',
  'scope-missing': 'The service key lacks the scope',
  'not-found': 'Not found',
  'office365-smtp-disabled': 'Office 365 SMTP is not switched on',
  'already-configured': 'A mailbox is already connected',
  'not-configured': 'No mailbox is connected',
  'large-attachments-locked': 'Large file attachments are locked',
  'idempotency-key-reused': 'The idempotency key was used for another message',
  'message-not-cancellable': 'The message cannot be cancelled',
  'message-not-retryable': 'The message cannot be retried',
  'message-too-large': 'The message is too large',
  'sender-not-allowed': 'Another sender is configured',
  'large-attachments-disabled': 'Large file attachments are not enabled',
  'rate-limited': 'Too many requests',
  internal: 'Something went wrong',
  unavailable: 'The service is not available right now',
  'storage-full': 'The storage is full',
} as const satisfies Record<ProblemCode, string>

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The code of a body over the limit. */
    tooLarge?: ProblemCode
  }
}

/** A failure a client can act on. Everything else that is thrown is a bug, and says nothing to the client. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: ProblemCode
  readonly status: number
  readonly errors: readonly InputFault[] | undefined

  constructor(code: ProblemCode, detail: string, options: { status?: number; errors?: readonly InputFault[] } = {}) {
    super(detail)
    this.code = code
    this.status = options.status ?? PROBLEM_STATUS[code]
    this.errors = options.errors
  }
}

/**
 * Answers every failure as RFC 9457 problem details, or as a page to a browser that was on its way somewhere.
 * `isUnavailable` recognises an outage of the database.
 */
export const problems = fp<{ isUnavailable: (error: unknown) => boolean }>(
  async (app, { isUnavailable }) => {
    app.setErrorHandler((error: FastifyError, request, reply) => {
      const problem = toProblemError(error, isUnavailable, request.routeOptions)
      if (hasLeft(request)) request.log.info('the client went away before its request had arrived')
      else if (problem.status >= 500) request.log.error({ err: error }, 'request failed')
      return sendProblem(request, reply, problem)
    })
    app.setNotFoundHandler((request, reply) =>
      sendProblem(request, reply, new ProblemError('not-found', 'There is nothing at this address.')),
    )
  },
  { name: 'problems' },
)

/** For what Fastify refuses before it looks for a route: an address that is not well-formed. */
export function answerMalformedAddress(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  void sendProblem(request, reply, new ProblemError('not-found', 'There is nothing at this address.'))
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, { code, status, message, errors }: ProblemError) {
  if (isNavigation(request)) {
    return sendPage(reply, status, {
      title: TITLES[code],
      paragraphs: [message],
      note: `Request id: ${request.id}`,
      link: { href: '/', text: 'Inforiver Mail' },
    })
  }
  const problem: Problem = {
    type: `urn:inforiver-mail:problem:${code}`,
    title: TITLES[code],
    status,
    detail: message,
    code,
    requestId: request.id,
    ...(errors && { errors: [...errors] }),
  }
  return reply
    .code(status)
    .type('application/problem+json')
    .header('cache-control', 'no-store')
    .serializer(JSON.stringify)
    .send(problem)
}

function hasLeft({ raw }: FastifyRequest): boolean {
  return raw.destroyed && !raw.complete
}

function isNavigation({ url, headers }: FastifyRequest): boolean {
  return !url.startsWith('/api/') && (headers.accept ?? '').includes('text/html')
}

function toProblemError(
  error: FastifyError,
  isUnavailable: (error: unknown) => boolean,
  { config, bodyLimit }: FastifyRequest['routeOptions'],
): ProblemError {
  if (error instanceof ProblemError) return error
  if (isUnavailable(error)) {
    return new ProblemError(
      'unavailable',
      'The database does not answer right now. Nothing was changed; try again in a moment.',
    )
  }
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
    case 'FST_REQ_FILE_TOO_LARGE':
      return new ProblemError(
        config.tooLarge ?? 'invalid-input',
        `The request is larger than the ${bodyLimit} bytes it may have here.`,
        { status: 413 },
      )
    case 'FST_PARTS_LIMIT':
    case 'FST_FILES_LIMIT':
    case 'FST_FIELDS_LIMIT':
      return new ProblemError('invalid-input', 'The multipart body has too many parts.')
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ProblemError('invalid-input', 'Send the body as application/json.')
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new ProblemError('invalid-input', 'The body is empty: send a JSON object.')
  }
  // The rate limit's error bears no code of its own.
  if (error.statusCode === 429) {
    return new ProblemError('rate-limited', 'Too many requests from this address. Wait a minute, then try again.')
  }
  if (error.statusCode === 400) return new ProblemError('invalid-input', 'The body is not valid JSON.')
  // No detail: an unexpected error may carry a token or a connection string.
  return new ProblemError('internal', 'The cause is in the log, under the request id.')
}

/** All faults at once, each with its path. */
export function invalidInput(issues: readonly z.core.$ZodIssue[]): ProblemError {
  const errors = issues.flatMap(toFaults)
  const first = errors[0]
  const detail =
    errors.length === 1 && first
      ? `${first.path && `${first.path}: `}${first.message}`
      : `${errors.length} faults, listed in errors.`
  return new ProblemError('invalid-input', detail, { errors })
}

function toFaults(issue: z.core.$ZodIssue): InputFault[] {
  const path = toPath(issue.path)
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: path ? `${path}.${key}` : key, message: 'This field is not known.' }))
  }
  if (issue.code === 'invalid_union')
    return nearestBranch(issue.errors).flatMap((inner) => toFaults({ ...inner, path: [...issue.path, ...inner.path] }))
  return [{ path, message: issue.message }]
}

/** Of the alternatives, what the sender most likely meant: the right kind of value, with the fewest faults. */
function nearestBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  const rightKind = branches.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  )
  const [nearest = []] = (rightKind.length > 0 ? rightKind : branches).toSorted(
    (one, other) => one.length - other.length,
  )
  return nearest
}

/** `['to', 2, 'address']` as `to[2].address`. */
function toPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text ? `${text}.${String(key)}` : String(key)
  }, '')
}
