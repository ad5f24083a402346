import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { refuseInput } from './input-faults.ts'
import { answerOverSocket, ProblemError } from './problem.ts'
import { fault } from '@inforiver-mail/contract/fault-text'

const HOST = 'host'

/**
 * Checks that apply to every address. Node would refuse some of these requests itself, with an empty answer or none. For
 * them to get here, the server must be created with `requireHostHeader: false`.
 */
export const requestChecks = fp(
  async (app) => {
    app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
    app.server.on('connect', (_request, socket: Socket) =>
      answerOverSocket(socket, new ProblemError('method-not-allowed', 'CONNECT is not served: this is not a proxy.')),
    )
    // Runs after the onRequest hooks, so that the refusal counts for the rate limit and carries the security headers.
    app.addHook('preParsing', (request, reply, _payload, done) => {
      if (!expectsOnlyContinue(request)) {
        void reply.header('connection', 'close') // the body may or may not follow
        throw new ProblemError('expectation-failed', 'Only Expect: 100-continue is supported. Leave the header out.')
      }
      if (request.raw.httpVersion === '1.1' && request.headers.host === undefined)
        throw new ProblemError('invalid-input', 'The Host header is missing, which HTTP/1.1 requires.')
      if (namesHostAgain(request.raw.rawHeaders))
        throw new ProblemError('invalid-input', 'There is more than one Host header.') // RFC 9112 section 3.2
      refuseNullCharacters(request.query as Record<string, string | string[]>)
      done()
    })
    // After a request with Upgrade, Node reads nothing more on the connection if it had to skip the body.
    app.addHook('onSend', ({ raw }, reply, _payload, done) => {
      if (raw.headers.upgrade !== undefined && !raw.complete) void reply.header('connection', 'close')
      done()
    })
  },
  { name: 'request-checks' },
)

/** In `rawHeaders` names have even indexes, and their values follow. */
function namesHostAgain(rawHeaders: readonly string[]): boolean {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) if (isHost(rawHeaders[at])) hosts++
  return hosts > 1
}

function isHost(name = ''): boolean {
  return name.length === HOST.length && name.toLowerCase() === HOST
}

function expectsOnlyContinue({ headers: { expect } }: FastifyRequest): boolean {
  return expect === undefined || expect.trim().toLowerCase() === '100-continue'
}

/** PostgreSQL cannot store this character in a text, so nothing that is searched for contains it. */
function refuseNullCharacters(query: Readonly<Record<string, string | string[]>>): void {
  const faulty = Object.entries(query).filter((parameter) => parameter.flat().some((text) => text.includes('\0')))
  if (faulty.length === 0) return
  throw refuseInput(faulty.map(([path]) => ({ path, message: fault('null-character') })))
}
