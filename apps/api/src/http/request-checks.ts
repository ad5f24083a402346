import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { answerOverSocket, ProblemError, refuseInput } from './problem.ts'

/**
 * What holds for requests to any address. Node refuses some of them by itself, with an empty answer or none: for those
 * to come here, the server must not require the Host header.
 */
export const requestChecks = fp(
  async (app) => {
    app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
    app.server.on('connect', (_request, socket: Socket) =>
      answerOverSocket(socket, new ProblemError('method-not-allowed', 'CONNECT is not served: this is not a proxy.')),
    )
    // After the onRequest hooks, so that the refusal is counted by the rate limit and carries the security headers.
    app.addHook('preParsing', async (request, reply) => {
      if (!expectsOnlyContinue(request)) {
        void reply.header('connection', 'close') // whether the body follows is not known
        throw new ProblemError('expectation-failed', 'Only Expect: 100-continue is supported. Leave the header out.')
      }
      if (request.raw.httpVersion === '1.1' && request.headers.host === undefined)
        throw new ProblemError('invalid-input', 'The Host header is missing, which HTTP/1.1 requires.')
      if (request.raw.rawHeaders.filter(isHost).length > 1)
        throw new ProblemError('invalid-input', 'There is more than one Host header.') // RFC 9112 section 3.2
      refuseNullCharacters(request.query as Record<string, string | string[]>)
    })
    // Node reads nothing more after a body that it had to skip, if the request asked for another protocol.
    app.addHook('onSend', async ({ raw }, reply) => {
      if (raw.headers.upgrade !== undefined && !raw.complete) void reply.header('connection', 'close')
    })
  },
  { name: 'request-checks' },
)

/** Names stand before their values. */
function isHost(text: string, index: number): boolean {
  return index % 2 === 0 && text.toLowerCase() === 'host'
}

function expectsOnlyContinue({ headers: { expect } }: FastifyRequest): boolean {
  return expect === undefined || expect.trim().toLowerCase() === '100-continue'
}

/** PostgreSQL has no such character in a text, and nothing that is looked for contains one. */
function refuseNullCharacters(query: Readonly<Record<string, string | string[]>>): void {
  const faulty = Object.entries(query).filter((parameter) => parameter.flat().some((text) => text.includes('\0')))
  if (faulty.length === 0) return
  throw refuseInput(faulty.map(([path]) => ({ path, message: 'The character %00 is not allowed.' })))
}
