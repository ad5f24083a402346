import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import helmet from '@fastify/helmet'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** For the style elements that Fluent writes into the page. */
    readonly styleNonce: string
  }
}

const HSTS_SECONDS = 31_536_000

/** No inline script, no foreign host, no framing; styles only with this answer's nonce. */
export const securityHeaders = fp<{ publicUrl: string }>(
  async (app, { publicUrl }) => {
    const nonces = new WeakMap<IncomingMessage, string>()
    app.decorateRequest('styleNonce', {
      getter(this: FastifyRequest) {
        return nonces.get(this.raw) ?? ''
      },
    })
    app.addHook('onRequest', async (request) => {
      nonces.set(request.raw, randomBytes(16).toString('base64'))
    })
    await app.register(helmet, {
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'", (request) => `'nonce-${nonces.get(request) ?? ''}'`],
          imgSrc: ["'self'", 'data:'],
          fontSrc: ["'self'"],
          connectSrc: ["'self'"],
          baseUri: ["'none'"],
          formAction: ["'self'"],
          frameAncestors: ["'none'"],
        },
      },
      // Microsoft's page opens in a popup of ours, and comes back in it.
      crossOriginOpenerPolicy: { policy: 'same-origin-allow-popups' },
      frameguard: { action: 'deny' }, // for browsers that do not know frame-ancestors
      referrerPolicy: { policy: 'no-referrer' },
      strictTransportSecurity: publicUrl.startsWith('https:') && { maxAge: HSTS_SECONDS, includeSubDomains: false },
    })
  },
  { name: 'security-headers' },
)
