import rateLimit from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { LRUCache } from 'lru-cache'
import { atMost } from '../runtime/cache-bound.ts'
import { hashOpaqueValue } from './session.ts'

const MAX_PROVED_KEYS = 10_000

declare module 'fastify' {
  interface FastifyRequest {
    /** The hash of the key of an API request, once it was counted; null without a key. */
    keyHash: string | null
  }
}

interface Options {
  readonly requestsPerMinute?: number
  readonly serviceRequestsPerMinute?: number
}

/**
 * Limits requests by client address. A service key has a limit of its own, since many services may share an address. It
 * has so once it was accepted: requests with a made-up key count for the address they come from.
 */
export const rateLimits = fp<Options>(
  async (app, { requestsPerMinute = 1_200, serviceRequestsPerMinute = 300_000 }) => {
    const proved = new LRUCache<string, true>(atMost(MAX_PROVED_KEYS))
    app.decorateRequest('keyHash', null)
    app.addHook('onResponse', ({ keyHash: key }, { statusCode }, done) => {
      if (key !== null && statusCode === 401) proved.delete(key) // revoked
      if (key !== null && statusCode >= 200 && statusCode < 300) proved.set(key, true)
      done()
    })
    await app.register(rateLimit, {
      timeWindow: '1 minute',
      keyGenerator: (request) => {
        const key = hashKey(request)
        request.keyHash = key
        return key !== null && proved.has(key) ? key : request.ip
      },
      max: (_request, key) => (proved.has(key) ? serviceRequestsPerMinute : requestsPerMinute),
    })
  },
  { name: 'rate-limits' },
)

/** Returns the hash of the key of an API request. Any success there means that the key is valid. */
function hashKey({ headers, url }: FastifyRequest): string | null {
  return headers.authorization !== undefined && url.startsWith('/api/') ? hashOpaqueValue(headers.authorization) : null
}
