import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { maxHeaderSize, STATUS_CODES, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Endpoint } from '@inforiver-mail/contract/endpoint'
import { PROBLEM_STATUS, type InputFault, type Problem, type ProblemCode } from '@inforiver-mail/contract/problem'
import type { Values } from '@inforiver-mail/contract/values'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { plainText, sendPage } from './html.ts'
import { createRefusalLog } from './refusal-log.ts'
import { problemCodes } from '@inforiver-mail/contract/language/en/problem-codes'
import { problems as sentences } from '@inforiver-mail/contract/language/en/problems'
import { readFault } from '@inforiver-mail/contract/fault-text'
import { fillIn } from '@inforiver-mail/contract/wording'
import { type Outage, OutcomeUnknownError } from '../domain/outage.ts'

/** It is sent where waiting helps. The rate limit sets its own value. */
const RETRY_AFTER_SECONDS: Partial<Record<ProblemCode, number>> = {
  unavailable: 5,
  'storage-full': 300,
  'rate-limited': 5,
}

/** Lets a client that is still sending read the answer. Closing at once would reset the connection and lose the answer. */
const LINGER_MS = 2_000

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The problem code for a body over the limit. */
    tooLarge?: ProblemCode
  }
}

/** A detail in English, and the values that it is made of. */
export interface Said {
  readonly detail: string
  readonly values: Values
}

type ProblemSentence = keyof typeof sentences

/** Whether more of the message may follow, so that its sizes are the least that it has. */
const ARRIVING: Readonly<Record<string, string>> = { yes: 'at least ' }

/** Explains in English why a request is refused, by sentences that are filled with the facts. */
export function say(names: ProblemSentence | readonly ProblemSentence[], facts: Values = {}): Said {
  const values = { detail: [names].flat().map((name) => `problem.${name}`), ...facts }
  const filled = { ...values, arriving: ARRIVING[String(facts['arriving'])] ?? '' }
  const texts = [names].flat().map((name) => fillIn(sentences[name], filled))
  return { detail: texts.join(' '), values }
}

/** A fault of the input, whose code and values follow from its message. */
export type Fault = Pick<InputFault, 'path' | 'message'>

/** A failure that a client can act on. Anything else that is thrown is a bug, and is not described to the client. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly code: ProblemCode
  readonly status: number
  /** The facts in the detail, for a text in another language. */
  readonly values: Values
  readonly errors: readonly Fault[] | undefined

  /** A detail that says more than its code, to the person at the page, or with facts, is made by `say`. */
  constructor(code: ProblemCode, detail: string | Said, options: { status?: number; errors?: readonly Fault[] } = {}) {
    super(typeof detail === 'string' ? detail : detail.detail)
    this.code = code
    this.values = typeof detail === 'string' ? {} : detail.values
    this.status = options.status ?? PROBLEM_STATUS[code]
    this.errors = options.errors
  }
}

/**
 * Answers every failure with problem details (RFC 9457), or with a page when a browser was navigating. `outageOf` names
 * an outage of the database, and returns null for other errors.
 */
export const problems = fp<{ outageOf: (error: unknown) => Outage | null }>(
  async (app, { outageOf }) => {
    const refusals = createRefusalLog(app.log)
    app.addHook('onClose', async () => refusals.endWindow())
    app.server.on('request', ({ socket }, response) => {
      const responses = unanswered.get(socket) ?? new Set()
      unanswered.set(socket, responses.add(response))
      response.on('close', () => responses.delete(response))
    })
    app.setErrorHandler((error: FastifyError, request, reply) => {
      const outage = outageOf(error)
      const problem = toProblemError(error, outage, request.routeOptions)
      refusals.note(request, problem)
      if (hasLeft(request)) request.log.info('the client went away before its request had arrived')
      else if (problem.status >= 500 && (outage === null || refusals.allowsOutage(request, outage)))
        request.log.error({ err: error }, 'request failed')
      return sendProblem(request, reply, problem)
    })
  },
  { name: 'problems' },
)

/** Answers an address that is not well-formed, which Fastify refuses before routing. */
export function answerMalformedAddress(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  void sendProblem(request, reply, new ProblemError('not-found', 'There is nothing at this address.'))
}

/** The responses of a connection that have not been sent completely. */
const unanswered = new WeakMap<Socket, Set<ServerResponse>>()
const broken = new WeakSet<Socket>()

/**
 * Answers what Node refuses before there is a request, because it is not valid HTTP or does not arrive. Complete requests
 * that came before on the connection are answered first: the client would take this answer for theirs.
 */
export function answerBrokenConnection(error: Error & { code?: string; reason?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || (!socket.writable && !broken.has(socket))) {
    socket.destroy()
    return
  }
  if (broken.has(socket)) return // Node also reports everything that follows
  broken.add(socket)
  const before = [...(unanswered.get(socket) ?? [])].filter(({ req }) => req.complete)
  void answerAfter(before, socket, whatBroke(error))
}

async function answerAfter(before: readonly ServerResponse[], socket: Socket, error: ProblemError): Promise<void> {
  await Promise.all(before.map((response) => once(response, 'close')))
  if (socket.writable) answerOverSocket(socket, error)
}

/** Answers without a Fastify reply, and closes the connection. */
export function answerOverSocket(socket: Socket, error: ProblemError): void {
  const problem = describeProblem(error, randomUUID())
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
}

function whatBroke({ code, reason }: { code?: string; reason?: string }): ProblemError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new ProblemError('unavailable', 'The request did not arrive in the time it has. Send it again.')
    case 'HPE_HEADER_OVERFLOW':
      return new ProblemError('invalid-input', say('headers-too-large', { limitBytes: maxHeaderSize }))
    default:
      return new ProblemError('invalid-input', reason ? say('not-http', { reason }) : 'The request is not valid HTTP.')
  }
}

function sendProblem(request: FastifyRequest, reply: FastifyReply, error: ProblemError) {
  const { code, status, message } = error
  if (isNavigation(request)) {
    return sendPage(reply, status, {
      title: problemCodes[`${code}.title`],
      paragraphs: [message],
      note: plainText('request-id', { id: request.id }),
      link: { href: '/', text: 'Inforiver Mail' },
    })
  }
  // RFC 9110 sections 11.6.1 and 10.2.3
  if (status === 401 && request.routeOptions.config.serves?.scope) reply.header('www-authenticate', 'Bearer')
  const retryAfterSeconds = RETRY_AFTER_SECONDS[code]
  if (retryAfterSeconds !== undefined && !reply.hasHeader('retry-after')) reply.header('retry-after', retryAfterSeconds)
  return reply
    .code(status)
    .type('application/problem+json')
    .header('cache-control', 'no-store')
    .serializer(JSON.stringify)
    .send(describeProblem(error, request.id))
}

export function describeProblem({ code, status, message, values, errors }: ProblemError, requestId: string): Problem {
  return {
    type: `urn:inforiver-mail:problem:${code}`,
    title: problemCodes[`${code}.title`],
    status,
    detail: message,
    code,
    values,
    requestId,
    ...(errors && { errors: errors.map(toInputFault) }),
  }
}

function toInputFault({ path, message }: Fault): InputFault {
  return { path, ...readFault(message), message }
}

function hasLeft({ raw }: FastifyRequest): boolean {
  return raw.destroyed && !raw.complete
}

function isNavigation({ url, headers }: FastifyRequest): boolean {
  return !url.startsWith('/api/') && (headers.accept ?? '').includes('text/html')
}

function toProblemError(
  error: FastifyError,
  outage: Outage | null,
  { config: { serves, tooLarge = 'invalid-input' }, bodyLimit }: FastifyRequest['routeOptions'],
): ProblemError {
  if (error instanceof ProblemError) return error
  if (outage !== null) {
    if (error instanceof OutcomeUnknownError) return refuseToGuess(serves)
    return new ProblemError('unavailable', say([outage, 'nothing-changed']))
  }
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ProblemError(
        tooLarge,
        say(['request-too-large', ...(serves?.takesAttachments ? (['send-as-parts'] as const) : [])], {
          limitBytes: bodyLimit,
        }),
        { status: 413 },
      )
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return refuseMediaType(serves)
  }
  // The error of the rate limit has no code.
  if (error.statusCode === 429) {
    return new ProblemError('rate-limited', 'Too many requests. Wait a minute, then try again.')
  }
  if (error.statusCode === 400) return new ProblemError('invalid-input', 'The body did not arrive as announced.')
  // @fastify/static throws these.
  if (error.statusCode === 403 || error.statusCode === 404)
    return new ProblemError('not-found', 'There is nothing at this address.')
  if (error.statusCode === 412 || error.statusCode === 416)
    return new ProblemError('invalid-input', FILE_REFUSALS[error.statusCode], { status: error.statusCode })
  // No detail: an unexpected error may carry a token or a connection string.
  return new ProblemError('internal', 'The cause is in the log, under the request id.')
}

const FILE_REFUSALS = {
  412: 'The file is another one than the request asks for. Ask without If-Match and If-Unmodified-Since.',
  416: 'The file is shorter than the range asked for. Ask without Range.',
} as const

/** Does not claim that nothing was changed, because that is unknown. */
function refuseToGuess(serves: Endpoint | undefined): ProblemError {
  return new ProblemError('unavailable', say(serves?.headers ? 'message-in-doubt' : 'change-in-doubt'))
}

/** Refuses a body whose content type the endpoint does not accept. */
export function refuseMediaType(serves: Pick<Endpoint, 'takesAttachments'> | undefined): ProblemError {
  return new ProblemError(
    'invalid-input',
    serves?.takesAttachments
      ? 'Send the message as application/json; or as multipart/form-data, with a part message and a part attachment for each file.'
      : 'Send the body as application/json.',
  )
}
