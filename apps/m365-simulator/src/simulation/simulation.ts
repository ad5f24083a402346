import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Endpoint, HttpEffect, Scenarios } from '../faults/scenario.ts'
import type { SettingsHolder } from '../faults/settings.ts'
import type { TraceLog } from './trace-log.ts'
import type { AcceptedMessage, Arrivals, Quotas, Traffic } from './traffic.ts'
import type { UploadSessions } from './upload-sessions.ts'
import type { DirectoryIndex } from '../tenant/directory.ts'
import type { Store } from '../tenant/store.ts'
import type { TokenService } from '../tenant/token-service.ts'

const FederatedCredential = z.strictObject({
  issuer: z.url(),
  subject: z.string().min(1),
  /** What Entra would fetch from the issuer (RFC 7517). */
  keys: z.array(z.record(z.string(), z.unknown()).readonly()).min(1).readonly(),
})
export type FederatedCredential = z.infer<typeof FederatedCredential>

/** The one app registration of the simulated tenant: platform *Web*, single tenant. */
export const Registration = z.strictObject({
  tenantId: z.guid(),
  clientId: z.guid(),
  clientSecret: z.string().min(1),
  /** In PEM. Their private keys sign client assertions; without one, the secret is the only credential. */
  certificates: z.array(z.string().min(1)).max(10).readonly().exactOptional(),
  /** Tokens of this issuer about this subject stand for the app. */
  federatedCredential: FederatedCredential.exactOptional(),
  redirectUris: z.array(z.string()).min(1).readonly(),
  displayName: z.string().min(1),
})
export type Registration = z.infer<typeof Registration>

/** What the routes receive. */
export interface Simulation {
  readonly registration: Registration
  readonly index: DirectoryIndex
  readonly store: Store
  readonly tokens: TokenService
  readonly scenarios: Scenarios
  readonly settings: SettingsHolder
  readonly traffic: Traffic
  readonly arrivals: Arrivals
  readonly uploads: UploadSessions
  readonly traces: TraceLog
  /** Tokens of change tracking that are of another generation have ended. */
  readonly delta: { generation: string }
  readonly quotas: Quotas
  readonly clock: () => Date
  /** Origin of the running server, which is both authority host and Graph host; empty until it listens. */
  readonly url: () => string
}

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
