import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import helmet from '@fastify/helmet'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** The nonce for the style elements that Fluent UI inserts into the page. */
    readonly styleNonce: string
  }
}

const HSTS_SECONDS = 31_536_000

/** Allows no inline script, no foreign host and no framing, and styles only with the nonce of this response. */
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
      // Microsoft's page opens in a popup, which later returns to our origin.
      crossOriginOpenerPolicy: { policy: 'same-origin-allow-popups' },
      frameguard: { action: 'deny' }, // for browsers without frame-ancestors
      referrerPolicy: { policy: 'no-referrer' },
      strictTransportSecurity: publicUrl.startsWith('https:') && { maxAge: HSTS_SECONDS, includeSubDomains: false },
    })
  },
  { name: 'security-headers' },
)
