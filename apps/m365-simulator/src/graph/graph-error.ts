import type { FastifyReply, FastifyRequest } from 'fastify'

/** A refusal by Graph or by the upload host. */
export class GraphError extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

export function badRequest(message: string): GraphError {
  return new GraphError(400, 'BadRequest', message)
}

export function accessDenied(): GraphError {
  return new GraphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.')
}

/** Error handler of the routes that answer as Graph does. */
export function answerGraphError(error: unknown, { facts }: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(error instanceof GraphError)) throw error
  facts.details['error'] = error.code
  const { status, code, message } = error
  reply.code(status).type('application/json').headers(error.headers)
  if (error.headers['content-type'] === 'text/html') {
    // A gateway in front of Graph answers with a page, and without Graph's headers.
    for (const name of Object.keys(reply.getHeaders())) if (!(name in error.headers)) reply.removeHeader(name)
    return reply.send(message)
  }
  return reply.send({
    error: {
      code,
      message,
      innerError: {
        date: facts.startedAt.toISOString().slice(0, 19),
        'request-id': facts.requestId,
        'client-request-id': facts.clientRequestId ?? facts.requestId,
      },
    },
  })
}
