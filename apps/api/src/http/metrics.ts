import { timingSafeEqual } from 'node:crypto'
import type { FastifyPluginAsync } from 'fastify'
import type { Registry } from 'prom-client'
import { ProblemError } from './problem.ts'

/** `GET /metrics` for Prometheus: with a token for whoever sends it, without one for this machine only. */
export const metrics: FastifyPluginAsync<{ registry: Registry; token: string | null }> = async (
  app,
  { registry, token },
) => {
  app.get('/metrics', { config: { concealed: true } }, async (request, reply) => {
    const given = request.headers.authorization?.match(/^Bearer +(.+)$/i)?.[1]
    const allowed =
      token === null
        ? isLoopback(request.ip) && request.headers['x-forwarded-for'] === undefined
        : given !== undefined && equal(given, token)
    // Without the token there is nothing to see here, not even that there is something.
    if (!allowed) throw new ProblemError('not-found', 'There is nothing at this address.')
    return reply
      .type(registry.contentType)
      .header('cache-control', 'no-store')
      .send(await registry.metrics())
  })
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}

function equal(given: string, token: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(token)]
  return one.length === other.length && timingSafeEqual(one, other)
}
