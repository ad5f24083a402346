import type { FastifyReply, FastifyRequest } from 'fastify'

export interface GraphError {
  readonly status: number
  readonly code: string
  readonly message: string
  /** What a gateway before Graph answers instead: HTML. */
  readonly page?: string
}

export function graphError(status: number, code: string, message: string): GraphError {
  return { status, code, message }
}

export const ACCESS_DENIED = graphError(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.')

export function sendGraphError(request: FastifyRequest, reply: FastifyReply, error: GraphError): FastifyReply {
  const { facts } = request
  facts.details['error'] = error.code
  if (error.page !== undefined) return reply.code(error.status).type('text/html').send(error.page)
  return reply
    .code(error.status)
    .type('application/json')
    .send({
      error: {
        code: error.code,
        message: error.message,
        innerError: {
          date: facts.startedAt.toISOString().slice(0, 19),
          'request-id': facts.requestId,
          'client-request-id': facts.clientRequestId ?? facts.requestId,
        },
      },
    })
}
