import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Simulation } from '../simulation.ts'
import { authenticate } from './caller.ts'
import { graphError, sendGraphError } from './graph-error.ts'
import { readMe } from './me.ts'
import { messageRoutes } from './message-routes.ts'
import { sendMailRoutes } from './send-mail-routes.ts'

/** Which server answered; every answer of Graph says so. */
const AGS_DIAGNOSTIC =
  '{"ServerInfo":{"DataCenter":"Simulator","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"SIM"}}'

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
    if (!(await authenticate(request, reply, simulation))) return reply
    request.facts.details['account'] = request.caller.person.userPrincipalName
    return undefined
  })

  app.get('/me', { config: { endpoint: 'me' } }, async (request, reply) => {
    const { caller } = request
    if (!caller.scopes.has('User.Read')) {
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
