import { readFileSync } from 'node:fs'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { type Html, html } from './html.ts'

const ASSETS = [
  { name: 'simulator.css', type: 'text/css; charset=utf-8' },
  { name: 'refresh.js', type: 'text/javascript; charset=utf-8' },
]

export function serveAssets(app: FastifyInstance): void {
  // Browsers request it on every page, and would log a 404 as an error.
  app.get('/favicon.ico', (_request, reply) => reply.code(204).send())
  for (const { name, type } of ASSETS) {
    const content = readFileSync(new URL(`../assets/${name}`, import.meta.url))
    app.get(`/assets/${name}`, (_request, reply) => {
      reply.headers({ 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' }).type(type)
      return reply.send(content)
    })
  }
}

/** @param isLive the element marked with `data-live` refreshes itself */
export function page(title: string, body: Html, { isLive = false } = {}): Html {
  return html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>${title} - Microsoft 365 simulator</title>
      <link rel="stylesheet" href="/assets/simulator.css" />
      ${isLive && html`<script src="/assets/refresh.js" defer></script>`}
    </head>
    ${body}
  </html>`
}

/** @param formTargets origins besides our own to which a form of the page may lead */
export function sendPage(
  reply: FastifyReply,
  status: number,
  page: Html,
  formTargets: readonly string[] = [],
): FastifyReply {
  return isolated(reply)
    .code(status)
    .headers({
      'content-security-policy': [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        // Chromium applies this to the redirect that follows a form as well.
        `form-action ${["'self'", ...formTargets].join(' ')}`,
        "frame-ancestors 'none'",
        "base-uri 'none'",
      ].join('; '),
      'x-content-type-options': 'nosniff',
    })
    .type('text/html; charset=utf-8')
    .send(`<!doctype html>\n${page.markup}\n`)
}

export function sendRedirect(reply: FastifyReply, url: string): FastifyReply {
  return isolated(reply).redirect(url, 302)
}

/** Cuts a popup off from the window that opened it, as Microsoft's pages do. */
function isolated(reply: FastifyReply): FastifyReply {
  return reply.headers({
    'cache-control': 'no-store',
    'cross-origin-opener-policy': 'same-origin',
    'referrer-policy': 'strict-origin-when-cross-origin',
  })
}
