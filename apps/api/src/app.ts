import cookie from '@fastify/cookie'
import rateLimit from '@fastify/rate-limit'
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyRequest,
} from 'fastify'
import { serializerCompiler } from 'fastify-type-provider-zod'
import { microsoftCallback, type ReturnHandler } from './http/microsoft-callback.ts'
import { openapi } from './http/openapi.ts'
import { page } from './http/page.ts'
import { answerMalformedAddress, problems } from './http/problem.ts'
import { validateWithContract } from './http/route.ts'
import { securityHeaders } from './http/security-headers.ts'
import { hashOpaqueValue, sessions, type SignedIn } from './http/session.ts'

const BODY_LIMIT_BYTES = 1024 * 1024
const REQUESTS_PER_MINUTE = 1_200
const SERVICE_REQUESTS_PER_MINUTE = 300_000
const REQUEST_TIMEOUT_MS = 120_000 // a slow client does not hold a connection forever
const SETTINGS_PATH = '/settings/office365-smtp'

export interface AppParts {
  readonly logger: FastifyBaseLogger
  readonly publicUrl: string
  readonly trustedProxies: readonly string[]
  readonly webDirectory: string
  readonly demoUrl: string | null
  readonly findSession: (idHash: string) => Promise<SignedIn | null>
  readonly isUnavailable: (error: unknown) => boolean
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
  await app.register(rateLimit, {
    timeWindow: '1 minute',
    // Services have limits of their own: many of them may share an address.
    keyGenerator: (request) => (isServiceCall(request) ? hashOpaqueValue(request.headers.authorization) : request.ip),
    max: (request) => (isServiceCall(request) ? SERVICE_REQUESTS_PER_MINUTE : REQUESTS_PER_MINUTE),
  })
  await app.register(sessions, { publicUrl, findSession: parts.findSession })
  await app.register(openapi, { publicUrl })
  for (const feature of parts.features) await app.register(feature)
  await app.register(microsoftCallback, { handlers: parts.returnHandlers, settingsUrl: `${publicUrl}${SETTINGS_PATH}` })
  await app.register(page, { directory: parts.webDirectory, publicUrl, demoUrl: parts.demoUrl })
  return app
}

function isServiceCall(request: FastifyRequest): request is FastifyRequest & { headers: { authorization: string } } {
  return request.headers.authorization !== undefined && request.url.startsWith('/api/')
}

/** For a process that only delivers: whether it lives, is ready, and how it does. */
export async function buildOperationsApp(
  parts: Pick<AppParts, 'logger' | 'isUnavailable' | 'features'>,
): Promise<FastifyInstance> {
  const app = await createServer({ ...parts, trustedProxies: [] })
  for (const feature of parts.features) await app.register(feature)
  return app
}

async function createServer(
  parts: Pick<AppParts, 'logger' | 'isUnavailable' | 'trustedProxies'>,
): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: parts.logger,
    // The callback's query holds a code: URLs are not logged.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    trustProxy: parts.trustedProxies.length > 0 ? [...parts.trustedProxies] : false,
    requestIdHeader: false,
    frameworkErrors: answerMalformedAddress,
    genReqId: () => crypto.randomUUID(),
    return503OnClosing: false, // requests in flight and on open connections finish
    forceCloseConnections: 'idle',
  })
  app.setValidatorCompiler(validateWithContract)
  app.setSerializerCompiler(serializerCompiler)
  await app.register(problems, { isUnavailable: parts.isUnavailable })
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions } = request
    request.log.debug(
      { method, route: routeOptions.url, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
      'request',
    )
  })
  return app
}
