import { randomBytes } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import helmet, { type HelmetOptions } from 'helmet'

declare module 'fastify' {
  interface FastifyReply {
    /** Allows the style elements that Fluent UI inserts into the page, and returns the nonce that they carry. */
    allowInsertedStyles(): string
  }
}

const HSTS_SECONDS = 31_536_000
const POLICY = 'content-security-policy'
const PLACE_OF_NONCE = 'NONCE'

/** Allows no inline script, no foreign host and no framing, and styles only with the nonce of this response. */
export const securityHeaders = fp<{ publicUrl: string }>(
  async (app, { publicUrl }) => {
    // They are the same for every response: working them out takes longer than checking a service key.
    const headers = headersOf(optionsFor(publicUrl))
    const policyOfPage = headersOf(optionsFor(publicUrl, [`'nonce-${PLACE_OF_NONCE}'`]))[POLICY] ?? ''
    app.addHook('onRequest', (_request, reply, done) => {
      reply.headers(headers)
      done()
    })
    app.decorateReply('allowInsertedStyles', function (this: FastifyReply) {
      const nonce = randomBytes(16).toString('base64')
      this.header(POLICY, policyOfPage.replace(PLACE_OF_NONCE, nonce))
      return nonce
    })
  },
  { name: 'security-headers' },
)

function optionsFor(publicUrl: string, styles: readonly string[] = []): HelmetOptions {
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", ...styles],
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
  }
}

/** Returns the headers that helmet sets, by their names in lower case. */
function headersOf(options: HelmetOptions): Record<string, string> {
  const request = new IncomingMessage(new Socket())
  const response = new ServerResponse(request)
  helmet(options)(request, response, () => {})
  return Object.fromEntries(Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]))
}
