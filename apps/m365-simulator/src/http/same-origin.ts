import type { FastifyReply, FastifyRequest } from 'fastify'

const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost'])

/** A name that only resolves to loopback is somebody else's page reaching in (DNS rebinding). */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK_NAMES.has(host.replace(/:\d+$/, '').toLowerCase())
}

/** For what a person or a test does here, and a page from elsewhere must not: `onRequest` of such routes. */
export async function refuseForeignOrigin(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const { origin, host } = request.headers
  if (origin === undefined || origin === `http://${host}`) return undefined
  return reply.code(403).send({ error: 'Only the simulator’s own pages and programs on this machine may do that.' })
}
