import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { UPLOAD_HOST } from './attachments.ts'
import { answerGraphError, GraphError } from './graph-error.ts'
import { authenticate } from './mailbox-access.ts'
import { messageRoutes } from './message-routes.ts'
import { readSelection, requireOptions } from './query-options.ts'
import { requireTraceAccess, traceRoutes } from './trace.ts'
import type { Simulation } from '../simulation/simulation.ts'
import type { Person } from '../tenant/directory.ts'

/** Returned by `/me` only when selected. */
const NOT_BY_DEFAULT = new Set(['proxyAddresses', 'userType'])

/** `/v1.0`: what a client of Microsoft Graph sees. */
export async function graphRoutes(app: FastifyInstance, simulation: Simulation): Promise<void> {
  const { scenarios, url } = simulation
  app.decorateRequest('caller')
  app.decorateRequest('target')
  app.setErrorHandler(answerGraphError)

  app.addHook('onRequest', async (request, reply) => {
    const { facts } = request
    reply.headers({
      'request-id': facts.requestId,
      'client-request-id': facts.clientRequestId ?? facts.requestId,
      'cache-control': 'private',
    })
    if (request.hostname.toLowerCase() === UPLOAD_HOST) throw new GraphError('ResourceNotFound')
    const caller = await authenticate(request, simulation)
    request.caller = caller
    facts.details['account'] = caller.kind === 'person' ? caller.person.userPrincipalName : 'the application'
    if (caller.kind === 'application' && /^\/v1\.0\/me(?:\/|\?|$)/i.test(request.url)) {
      throw new GraphError('BadRequest', '/me request is only valid with delegated authentication flow.')
    }
    if (/^\/v1\.0\/admin\/exchange\/tracing\//i.test(request.url)) requireTraceAccess(request, simulation)
  })

  app.get('/me', { config: { endpoint: 'me' } }, async ({ caller, url: path }) => {
    if (caller.kind !== 'person' || !caller.scopes.has('User.Read')) {
      throw new GraphError('Authorization_RequestDenied')
    }
    const user = readMe(caller.person, new URL(path, url()).searchParams)
    return scenarios.take('me') === null ? user : { ...user, id: randomUUID() }
  })

  messageRoutes(app, simulation)
  traceRoutes(app, simulation)

  app.all('/*', { config: { endpoint: 'graph-other' } }, async ({ url: path }) => {
    const segment = path.split('?')[0]?.split('/').at(-1) ?? ''
    throw new GraphError('BadRequest', `Resource not found for the segment '${segment}'.`)
  })
}

function readMe(person: Person, query: URLSearchParams): Record<string, unknown> {
  requireOptions(query, ['$select'])
  const { oid, displayName, mail, userPrincipalName, aliases, hasMailbox, membership } = person
  const properties: Record<string, unknown> = {
    id: oid,
    displayName,
    mail,
    userPrincipalName,
    // `SMTP:` marks the primary address.
    proxyAddresses: hasMailbox ? [`SMTP:${mail}`, ...aliases.map((alias) => `smtp:${alias}`)] : [],
    userType: membership === 'guest' ? 'Guest' : 'Member',
  }
  const select = readSelection(query, 'user', (name) => Object.hasOwn(properties, name))
  const defaults = Object.keys(properties).filter((name) => !NOT_BY_DEFAULT.has(name))
  return Object.fromEntries((select ?? defaults).map((name) => [name, properties[name]]))
}
