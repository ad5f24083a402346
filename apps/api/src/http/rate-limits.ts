import rateLimit from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { hashOpaqueValue } from './session.ts'

const REQUESTS_PER_MINUTE = 1_200
const SERVICE_REQUESTS_PER_MINUTE = 300_000
const MAX_PROVED_KEYS = 10_000

/**
 * Limits requests by client address. A service key has a limit of its own, since many services may share an address,
 * but only once it has been accepted: a made-up key counts for the address it comes from.
 */
export const rateLimits = fp(
  async (app) => {
    const proved = new Set<string>()
    const provedKey = (request: FastifyRequest): string | null => {
      const key = keyHash(request)
      return key !== null && proved.has(key) ? key : null
    }
    app.addHook('onResponse', async (request, { statusCode }) => {
      const key = keyHash(request)
      if (key === null) return
      if (statusCode === 401) proved.delete(key) // revoked
      else if (statusCode >= 200 && statusCode < 300) {
        if (proved.size >= MAX_PROVED_KEYS) proved.clear()
        proved.add(key)
      }
    })
    await app.register(rateLimit, {
      timeWindow: '1 minute',
      keyGenerator: (request) => provedKey(request) ?? request.ip,
      max: (request) => (provedKey(request) === null ? REQUESTS_PER_MINUTE : SERVICE_REQUESTS_PER_MINUTE),
    })
  },
  { name: 'rate-limits' },
)

/** Of a request to the API, where every success with a key means that the key is valid. */
function keyHash({ headers, url }: FastifyRequest): string | null {
  return headers.authorization !== undefined && url.startsWith('/api/') ? hashOpaqueValue(headers.authorization) : null
}
