import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Simulation } from '../simulation.ts'
import { UPLOAD_HOST } from '../uploads/upload-answers.ts'
import { authenticate } from './caller.ts'
import { graphError, sendGraphError } from './graph-error.ts'
import { readMe } from './me.ts'
import { messageRoutes } from './message-routes.ts'
import { sendMailRoutes } from './send-mail-routes.ts'

/** Which server answered; every answer of Graph says so. */
const AGS_DIAGNOSTIC =
  '{"ServerInfo":{"DataCenter":"Simulator","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"SIM"}}'

const ME_WITHOUT_USER = graphError(400, 'BadRequest', '/me request is only valid with delegated authentication flow.')

const WRONG_HOST = graphError(
  404,
  'ResourceNotFound',
  `${UPLOAD_HOST} is the simulator's upload host. Graph is at 127.0.0.1.`,
)

/** `/v1.0`: what a client of Microsoft Graph sees. */
export async function graphRoutes(app: FastifyInstance, simulation: Simulation): Promise<void> {
  const { scenarios, url } = simulation
  app.decorateRequest('caller')

  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'request-id': request.facts.requestId,
      'client-request-id': request.facts.clientRequestId ?? request.facts.requestId,
      'cache-control': 'private',
      'x-ms-ags-diagnostic': AGS_DIAGNOSTIC,
    })
    if (request.hostname.toLowerCase() === UPLOAD_HOST) return sendGraphError(request, reply, WRONG_HOST)
    if (!(await authenticate(request, reply, simulation))) return reply
    const { caller } = request
    request.facts.details['account'] = caller.kind === 'person' ? caller.person.userPrincipalName : 'the application'
    const isAboutMe = /^\/v1\.0\/me(?:\/|\?|$)/i.test(request.url)
    if (caller.kind === 'application' && isAboutMe) return sendGraphError(request, reply, ME_WITHOUT_USER)
    return undefined
  })

  app.get('/me', { config: { endpoint: 'me' } }, async (request, reply) => {
    const { caller } = request
    if (caller.kind !== 'person' || !caller.scopes.has('User.Read')) {
      const error = graphError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')
      return sendGraphError(request, reply, error)
    }
    const answer = readMe(caller.person, new URL(request.url, url()).searchParams, url())
    if (answer.kind === 'refused') return sendGraphError(request, reply, answer.error)
    const effect = scenarios.take((effect) => effect.kind === 'me')
    return effect === null ? answer.user : { ...answer.user, id: randomUUID() }
  })

  sendMailRoutes(app, simulation)
  messageRoutes(app, simulation)

  app.all('/*', { config: { endpoint: 'graph-other' } }, async (request, reply) => {
    const segment = request.url.split('?')[0]?.split('/').at(-1) ?? ''
    return sendGraphError(
      request,
      reply,
      graphError(400, 'BadRequest', `Resource not found for the segment '${segment}'.`),
    )
  })
}
