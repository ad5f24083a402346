import type { FastifyRequest } from 'fastify'

/**
 * Whether an open page asks by itself, and not a person: it says so with `X-Inforiver-Polling: 1`. Such a request does not
 * keep a session alive. Only what changes nothing can be asked for that way.
 */
export function isPolling({ headers, method }: Pick<FastifyRequest, 'headers' | 'method'>): boolean {
  return headers['x-inforiver-polling'] === '1' && (method === 'GET' || method === 'HEAD')
}
