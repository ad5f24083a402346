import type { FastifyReply, FastifyRequest } from 'fastify'

const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost'])

/** Any other name that resolves to loopback is another site's page reaching in (DNS rebinding). */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK_NAMES.has(host.replace(/:\d+$/, '').toLowerCase())
}

/** `onRequest` hook of routes that other sites' pages must not call. */
export async function refuseForeignOrigin(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const { origin, host } = request.headers
  if (origin === undefined || origin === `http://${host}`) return undefined
  return reply.code(403).send({ error: 'Only the simulator’s own pages and programs on this machine may do this.' })
}
