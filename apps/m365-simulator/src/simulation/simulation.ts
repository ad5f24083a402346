import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { JWK } from 'jose'
import { z } from 'zod'
import { createScenarios, type Endpoint, type HttpEffect } from '../faults/scenario.ts'
import { createSettings } from '../faults/settings.ts'
import { createTraceLog } from './trace-log.ts'
import { type AcceptedMessage, createArrivals, createQuotas, createTraffic } from './traffic.ts'
import { createUploadSessions } from './upload-sessions.ts'
import { createDirectory } from '../tenant/directory.ts'
import type { Store } from '../tenant/store.ts'
import { createTokenService } from '../tenant/token-service.ts'

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
export type Simulation = Awaited<ReturnType<typeof createSimulation>>

/** @param url the origin of the running server, both authority host and Graph host; empty until it listens */
export async function createSimulation(
  registration: Registration,
  generatedPeople: number,
  store: Store,
  newKey: () => Promise<JWK>,
  clock: () => Date,
  url: () => string,
) {
  const settings = createSettings()
  return {
    registration,
    index: createDirectory(generatedPeople),
    store,
    tokens: await createTokenService(store, registration, clock, newKey),
    scenarios: createScenarios(),
    settings,
    arrivals: createArrivals(),
    uploads: createUploadSessions(),
    traces: createTraceLog(store, settings, clock),
    /** Tokens of change tracking that are of another generation have ended. */
    delta: { generation: randomUUID() as string },
    quotas: createQuotas(settings, clock),
    traffic: createTraffic(clock),
    clock,
    url,
  }
}

/** What is known of a request when it begins. */
function newFacts(request: FastifyRequest, startedAt: Date) {
  return {
    requestId: randomUUID() as string,
    clientRequestId: clientRequestIdOf(request),
    startedAt,
    endpoint: request.routeOptions.config.endpoint ?? null,
    /** In lower case; set for requests to Graph and to the upload host. */
    mailbox: null as string | null,
    details: {} as Record<string, string>,
    /** Set when the request submitted a message for delivery. */
    accepted: null as AcceptedMessage | null,
    /** What a scenario does once the request has been processed. */
    after: null as HttpEffect['do'] | null,
  }
}

declare module 'fastify' {
  interface FastifyContextConfig {
    endpoint?: Endpoint
  }
  interface FastifyRequest {
    facts: ReturnType<typeof newFacts>
  }
}

/** Gives every request its facts, and logs them when its response or connection ends. */
export function collectFacts(app: FastifyInstance, simulation: Simulation): void {
  app.decorateRequest('facts')
  app.addHook('onRequest', (request, reply, done) => {
    request.facts = newFacts(request, simulation.clock())
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
