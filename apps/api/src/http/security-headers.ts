import { randomBytes } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyReply {
    /** Allows the style elements that Fluent UI inserts into the page, and returns the nonce that they carry. */
    allowInsertedStyles(): string
  }
}

const POLICY = 'content-security-policy'

const HEADERS = {
  'cross-origin-opener-policy': 'same-origin-allow-popups', // Microsoft's page opens in a popup, and returns to our origin
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'DENY', // for browsers without frame-ancestors
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0', // the filter of old browsers could be turned against a page
} as const

/** Allows no inline script, no foreign host and no framing, and styles only with the nonce of this response. */
export const securityHeaders = fp<{ publicUrl: string }>(
  async (app, { publicUrl }) => {
    const headers = {
      ...HEADERS,
      [POLICY]: policyWith([]),
      ...(publicUrl.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000' }), // a year
    }
    app.addHook('onRequest', (_request, reply, done) => {
      reply.headers(headers)
      done()
    })
    app.decorateReply('allowInsertedStyles', function (this: FastifyReply) {
      const nonce = randomBytes(16).toString('base64')
      this.header(POLICY, policyWith([`'nonce-${nonce}'`]))
      return nonce
    })
  },
  { name: 'security-headers' },
)

function policyWith(styles: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    ["style-src 'self'", ...styles].join(' '),
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join(';')
}
