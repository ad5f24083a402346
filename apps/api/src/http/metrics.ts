import { timingSafeEqual } from 'node:crypto'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Registry } from 'prom-client'
import { isLoopback } from '../loopback.ts'
import { ProblemError } from './problem.ts'

const PROXY_HEADER = /^(?:forwarded|via|x-forwarded(?:-.+)?|x-real-ip)$/

/** `GET /metrics` for Prometheus: with a token for whoever sends it, without one for this machine only. */
export const metrics: FastifyPluginAsync<{ registry: Registry; token: string | null }> = async (
  app,
  { registry, token },
) => {
  app.get('/metrics', { config: { concealed: true } }, async (request, reply) => {
    const given = request.headers.authorization?.match(/^Bearer +(.+)$/i)?.[1]
    const allowed = token === null ? isFromHere(request) : given !== undefined && equal(given, token)
    // Without the token there is nothing to see here, not even that there is something.
    if (!allowed) throw new ProblemError('not-found', 'There is nothing at this address.')
    return reply
      .type(registry.contentType)
      .header('cache-control', 'no-store')
      .send(await registry.metrics())
  })
}

/** Only the address of the connection counts, since whoever sends a header may write anything into it. */
function isFromHere({ socket, headers, raw }: FastifyRequest): boolean {
  if (!raw.url?.startsWith('/')) return false // a whole URL is what proxies are asked with
  if (Object.keys(headers).some((name) => PROXY_HEADER.test(name))) return false
  return isLoopback(socket.remoteAddress ?? '') && namesThisMachine(headers.host)
}

/** A proxy on this machine that adds no header still passes on the name under which it was asked. */
function namesThisMachine(host = ''): boolean {
  const url = `http://${host}`
  return URL.canParse(url) && isLoopback(new URL(url).hostname)
}

function equal(given: string, token: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(token)]
  return one.length === other.length && timingSafeEqual(one, other)
}
