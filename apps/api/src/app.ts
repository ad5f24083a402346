import cookie from '@fastify/cookie'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyPluginAsync } from 'fastify'
import type { Outage } from './domain/outage.ts'
import { documents } from './http/openapi/documents.ts'
import { drain } from './http/drain.ts'
import { jsonBodies } from './http/json-body.ts'
import { microsoftCallback, type ReturnHandler } from './http/microsoft-callback.ts'
import { notFound } from './http/not-found.ts'
import { openapi } from './http/openapi/openapi.ts'
import { page, plainPageStyle } from './http/page.ts'
import { answerBrokenConnection, answerMalformedAddress, problems } from './http/problem.ts'
import { rateLimits } from './http/rate-limits.ts'
import { requestBodies } from './http/request-bodies.ts'
import { requestChecks } from './http/request-checks.ts'
import { serializeWithContract, validateWithContract } from './http/route.ts'
import { securityHeaders } from './http/security-headers.ts'
import { sessions, type FindSession } from './http/session.ts'
import { unreadBodies } from './http/unread-bodies.ts'
import { unreadResponses } from './http/unread-responses.ts'
import type { BodyBudget } from './memory/body-budget.ts'

const BODY_LIMIT_BYTES = 1024 * 1024
/** Bounds the longest upload in Node itself. The limits in `request-bodies.ts` are shorter. */
const LONGEST_REQUEST_MS = 60 * 60_000
const SETTINGS_PATH = '/settings/office365-smtp'

export interface AppDeps {
  readonly logger: FastifyBaseLogger
  readonly publicUrl: string
  readonly trustedProxies: readonly string[]
  /** The built page; null when another process serves the page. */
  readonly webDirectory: string | null
  readonly demoUrl: string | null
  readonly graphAuth: 'delegated' | 'application'
  readonly findSession: FindSession
  readonly outageOf: (error: unknown) => Outage | null
  /** The memory that everything arriving in this process shares. */
  readonly bodyBudget: BodyBudget
  readonly returnHandlers: readonly ReturnHandler[]
  /** The features have bound their dependencies already. */
  readonly features: readonly FastifyPluginAsync[]
}

/** Builds the HTTP application, not yet listening. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { publicUrl } = deps
  const app = await createServer(deps)
  await app.register(securityHeaders, { publicUrl })
  await app.register(cookie)
  await app.register(rateLimits)
  await app.register(sessions, { publicUrl, findSession: deps.findSession })
  await app.register(openapi, { publicUrl })
  await app.register(documents)
  for (const feature of deps.features) await app.register(feature)
  await app.register(microsoftCallback, { handlers: deps.returnHandlers, settingsUrl: `${publicUrl}${SETTINGS_PATH}` })
  await app.register(plainPageStyle)
  const { webDirectory: directory, demoUrl, graphAuth } = deps
  if (directory !== null) await app.register(page, { directory, publicUrl, demoUrl, graphAuth })
  return app
}

/** Builds an application with health and metrics only, for a process that only delivers. */
export async function buildOperationsApp(
  deps: Pick<AppDeps, 'logger' | 'outageOf' | 'bodyBudget' | 'features'>,
): Promise<FastifyInstance> {
  const app = await createServer({ ...deps, trustedProxies: [] })
  for (const feature of deps.features) await app.register(feature)
  return app
}

async function createServer(
  deps: Pick<AppDeps, 'logger' | 'outageOf' | 'bodyBudget' | 'trustedProxies'>,
): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: deps.logger,
    // URLs are not logged, because the query of the callback contains an authorization code.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: LONGEST_REQUEST_MS,
    http: { requireHostHeader: false }, // requestChecks answers with problem details instead
    trustProxy: deps.trustedProxies.length > 0 ? [...deps.trustedProxies] : false,
    requestIdHeader: false,
    frameworkErrors: answerMalformedAddress,
    clientErrorHandler: answerBrokenConnection,
    genReqId: () => crypto.randomUUID(),
    return503OnClosing: false, // requests on open connections are still answered
  })
  app.setValidatorCompiler(validateWithContract)
  app.setSerializerCompiler(serializeWithContract)
  await app.register(drain)
  await app.register(unreadResponses)
  await app.register(unreadBodies)
  await app.register(requestBodies, { budget: deps.bodyBudget })
  await app.register(jsonBodies)
  await app.register(problems, { outageOf: deps.outageOf })
  await app.register(notFound)
  await app.register(requestChecks)
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions } = request
    request.log.debug(
      { method, route: routeOptions.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'request',
    )
    done()
  })
  return app
}
