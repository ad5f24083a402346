import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Endpoint, HttpEffect } from '../faults/scenario.ts'
import type { Simulation } from './simulation.ts'
import type { AcceptedMessage } from './traffic.ts'

export interface RequestFacts {
  readonly requestId: string
  readonly clientRequestId: string | undefined
  readonly startedAt: Date
  readonly endpoint: Endpoint | null
  /** In lower case; set for requests to Graph and to the upload host. */
  mailbox: string | null
  grantType: string | null
  readonly details: Record<string, string>
  /** Set when the request submitted a message for delivery. */
  accepted: AcceptedMessage | null
  /** What a scenario does once the request has been processed. */
  after: HttpEffect['do'] | null
}

declare module 'fastify' {
  interface FastifyContextConfig {
    endpoint?: Endpoint
  }
  interface FastifyRequest {
    facts: RequestFacts
  }
}

/** Gives every request its facts, and logs them when its response or connection ends. */
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
      details: {},
      accepted: null,
      after: null,
    }
    reply.raw.once('close', () => record(simulation, request, reply))
    done()
  })
}

function clientRequestIdOf({ headers, query }: FastifyRequest): string | undefined {
  const header = headers['client-request-id']
  if (typeof header === 'string') return header
  // MSAL sends it in the query of its token requests.
  const parameter = (query as Record<string, unknown> | null)?.['client-request-id']
  return typeof parameter === 'string' ? parameter : undefined
}

function record({ traffic, clock }: Simulation, { facts }: FastifyRequest, reply: FastifyReply): void {
  traffic.record({
    at: facts.startedAt.toISOString(),
    endpoint: facts.endpoint,
    status: reply.raw.headersSent ? reply.raw.statusCode : null,
    durationMs: clock().getTime() - facts.startedAt.getTime(),
    details: { ...facts.details, ...(facts.mailbox !== null && { mailbox: facts.mailbox }) },
    accepted: facts.accepted,
  })
}
