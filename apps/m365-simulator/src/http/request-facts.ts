import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Endpoint } from '../faults/endpoints.ts'
import type { HttpEffect } from '../faults/scenario.ts'
import type { Simulation } from '../simulation.ts'
import type { AcceptedMessage } from './traffic.ts'

export interface RequestFacts {
  readonly requestId: string
  readonly clientRequestId: string | undefined
  readonly startedAt: Date
  readonly endpoint: Endpoint | null
  /** Lower case; Graph requests only. */
  mailbox: string | null
  grantType: string | null
  readonly scenarios: string[]
  readonly details: Record<string, string>
  /** Set when a message was taken for delivery. */
  accepted: AcceptedMessage | null
  /** What a scenario does once the request has been processed. */
  after: HttpEffect['do'] | null
  readonly addHeaders: Record<string, string>
  /** Header of a successful answer that chance gave one. */
  retryAfterIfAccepted: string | null
}

declare module 'fastify' {
  interface FastifyContextConfig {
    endpoint?: Endpoint
  }
  interface FastifyRequest {
    facts: RequestFacts
  }
}

/** Gives every request its facts and writes them to the log when its connection or answer ends. */
export function collectFacts(app: FastifyInstance, simulation: Simulation): void {
  app.decorateRequest('facts')
  app.addHook('onRequest', (request, reply, done) => {
    request.facts = {
      requestId: randomUUID(),
      clientRequestId: clientRequestIdOf(request),
      startedAt: simulation.clock(),
      endpoint: request.routeOptions.config.endpoint ?? null,
      mailbox: null,
      grantType: null,
      scenarios: [],
      details: {},
      accepted: null,
      after: null,
      addHeaders: {},
      retryAfterIfAccepted: null,
    }
    reply.raw.once('close', () => record(simulation, request, reply))
    done()
  })
}

function clientRequestIdOf(request: FastifyRequest): string | undefined {
  const header = request.headers['client-request-id']
  if (typeof header === 'string') return header
  // MSAL puts it into the query of its token requests.
  const parameter = (request.query as Record<string, unknown> | null)?.['client-request-id']
  return typeof parameter === 'string' ? parameter : undefined
}

function record(simulation: Simulation, request: FastifyRequest, reply: FastifyReply): void {
  const { facts } = request
  simulation.traffic.record({
    at: facts.startedAt.toISOString(),
    method: request.method,
    path: request.url.split('?')[0] ?? '',
    endpoint: facts.endpoint,
    status: reply.raw.headersSent ? reply.raw.statusCode : null,
    durationMs: simulation.clock().getTime() - facts.startedAt.getTime(),
    requestId: facts.requestId,
    clientRequestId: facts.clientRequestId ?? null,
    scenarios: facts.scenarios,
    details: { ...facts.details, ...(facts.mailbox === null ? {} : { mailbox: facts.mailbox }) },
    accepted: facts.accepted,
  })
}
