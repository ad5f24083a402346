import cookie from '@fastify/cookie'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyPluginAsync } from 'fastify'
import { serializerCompiler } from 'fastify-type-provider-zod'
import { drain } from './http/drain.ts'
import { jsonBodies } from './http/json-body.ts'
import { microsoftCallback, type ReturnHandler } from './http/microsoft-callback.ts'
import { notFound } from './http/not-found.ts'
import { openapi } from './http/openapi.ts'
import { page } from './http/page.ts'
import { answerBrokenConnection, answerMalformedAddress, problems } from './http/problem.ts'
import { rateLimits } from './http/rate-limits.ts'
import { requestBodies } from './http/request-bodies.ts'
import { requestChecks } from './http/request-checks.ts'
import { validateWithContract } from './http/route.ts'
import { securityHeaders } from './http/security-headers.ts'
import { sessions, type SignedIn } from './http/session.ts'
import { createBodyBudget } from './memory/memory-use.ts'

const BODY_LIMIT_BYTES = 1024 * 1024
/** Node's own limit, for the longest upload; those of `request-bodies.ts` are shorter. */
const LONGEST_REQUEST_MS = 60 * 60_000
const SETTINGS_PATH = '/settings/office365-smtp'

export interface AppParts {
  readonly logger: FastifyBaseLogger
  readonly publicUrl: string
  readonly trustedProxies: readonly string[]
  readonly webDirectory: string
  readonly demoUrl: string | null
  readonly graphAuth: 'delegated' | 'application'
  readonly findSession: (idHash: string) => Promise<SignedIn | null>
  readonly outageOf: (error: unknown) => string | null
  readonly returnHandlers: readonly ReturnHandler[]
  /** The features' routes, each with what it needs bound to it. */
  readonly features: readonly FastifyPluginAsync[]
}

/** The HTTP application, not yet listening. */
export async function buildApp(parts: AppParts): Promise<FastifyInstance> {
  const { publicUrl } = parts
  const app = await createServer(parts)
  await app.register(securityHeaders, { publicUrl })
  await app.register(cookie)
  await app.register(rateLimits)
  await app.register(sessions, { publicUrl, findSession: parts.findSession })
  await app.register(openapi, { publicUrl })
  for (const feature of parts.features) await app.register(feature)
  await app.register(microsoftCallback, { handlers: parts.returnHandlers, settingsUrl: `${publicUrl}${SETTINGS_PATH}` })
  await app.register(page, {
    directory: parts.webDirectory,
    publicUrl,
    demoUrl: parts.demoUrl,
    graphAuth: parts.graphAuth,
  })
  return app
}

/** For a process that only delivers: whether it lives, is ready, and how it does. */
export async function buildOperationsApp(
  parts: Pick<AppParts, 'logger' | 'outageOf' | 'features'>,
): Promise<FastifyInstance> {
  const app = await createServer({ ...parts, trustedProxies: [] })
  for (const feature of parts.features) await app.register(feature)
  return app
}

async function createServer(parts: Pick<AppParts, 'logger' | 'outageOf' | 'trustedProxies'>): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: parts.logger,
    // The callback's query holds a code: URLs are not logged.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: LONGEST_REQUEST_MS,
    http: { requireHostHeader: false }, // requestChecks looks at it, and answers with problem details
    trustProxy: parts.trustedProxies.length > 0 ? [...parts.trustedProxies] : false,
    requestIdHeader: false,
    frameworkErrors: answerMalformedAddress,
    clientErrorHandler: answerBrokenConnection,
    genReqId: () => crypto.randomUUID(),
    return503OnClosing: false, // requests in flight and on open connections finish
  })
  app.setValidatorCompiler(validateWithContract)
  app.setSerializerCompiler(serializerCompiler)
  await app.register(drain)
  await app.register(requestBodies, { budget: createBodyBudget() })
  await app.register(jsonBodies)
  await app.register(problems, { outageOf: parts.outageOf })
  await app.register(notFound)
  await app.register(requestChecks)
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    request.log.debug(
      { method, route: routeOptions.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'request',
    )
  })
  return app
}
