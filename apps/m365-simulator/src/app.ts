import { fastify, type FastifyError, type FastifyInstance } from 'fastify'
import { controlRoutes } from './control/control-routes.ts'
import { adminConsentRoutes, authorizeRoutes } from './entra/authorize-routes.ts'
import { discoveryRoutes, tokenRoutes } from './entra/token-routes.ts'
import { UPLOAD_PREFIX, uploadRoutes } from './graph/attachments.ts'
import { graphRoutes } from './graph/graph-routes.ts'
import { takeRawBodies } from './http/body.ts'
import { isLoopbackHost, serveAssets } from './http/pages.ts'
import { applyHttpFaults } from './simulation/http-faults.ts'
import { collectFacts, type Simulation } from './simulation/simulation.ts'
import { viewerRoutes } from './viewer/viewer.ts'

/** Serves Entra ID, Graph, the control API and the viewer on one origin, and the upload host under another name. */
export async function buildApp(simulation: Simulation): Promise<FastifyInstance> {
  const app = fastify({
    routerOptions: { maxParamLength: 500 },
    forceCloseConnections: 'idle',
  })
  takeRawBodies(app)
  app.setErrorHandler<FastifyError>((error, _request, reply) => {
    // This is a bug of the simulator itself.
    if ((error.statusCode ?? 500) >= 500) process.stderr.write(`${error.stack ?? error.message}\n`)
    return reply.code(error.statusCode ?? 500).send({ error: error.message })
  })
  app.addHook('onRequest', async (_request, reply) => {
    void reply.header('date', simulation.clock().toUTCString())
  })
  collectFacts(app, simulation)
  app.addHook('onRequest', async (request, reply) => {
    if (isLoopbackHost(request.headers.host)) return undefined
    return reply.code(421).send({ error: 'The simulator answers on 127.0.0.1 and localhost only.' })
  })
  applyHttpFaults(app, simulation)

  serveAssets(app)
  viewerRoutes(app, simulation)
  await app.register(async (scope) => controlRoutes(scope, simulation), { prefix: '/control' })
  await app.register(async (scope) => graphRoutes(scope, simulation), { prefix: '/v1.0' })
  await app.register(async (scope) => uploadRoutes(scope, simulation), { prefix: UPLOAD_PREFIX })
  discoveryRoutes(app, simulation)
  authorizeRoutes(app, simulation)
  adminConsentRoutes(app, simulation)
  tokenRoutes(app, simulation)
  return app
}
