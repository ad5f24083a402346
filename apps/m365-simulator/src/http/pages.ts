import { readFileSync } from 'node:fs'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Markup whose text is already escaped. */
export interface Html {
  readonly markup: string
}

type Value = Html | string | number | null | false | readonly Value[]

/** Escapes every value that is not markup already. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return { markup: String.raw({ raw: strings }, ...values.map((value) => render(value))) }
}

function render(value: Value): string {
  if (value === null || value === false) return ''
  if (typeof value === 'string' || typeof value === 'number') return escape(String(value))
  return 'markup' in value ? value.markup : value.map((inner) => render(inner)).join('')
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
}

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

const OWN =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; frame-src 'self'"

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
      // Chromium applies form-action to the redirect that follows a form as well.
      'content-security-policy': `${OWN}; form-action 'self' ${formTargets.join(' ')}; frame-ancestors 'none'; base-uri 'none'`,
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

const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost'])

/** Any other name that resolves to loopback is another site's page reaching in (DNS rebinding). */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK_NAMES.has(host.replace(/:\d+$/, '').toLowerCase())
}

/** `onRequest` hook of routes that other sites' pages must not call. */
export async function refuseForeignOrigin(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const { origin, host } = request.headers
  if (origin === undefined || origin === `http://${host}`) return undefined
  return reply.code(403).send({ error: 'Only the simulator’s own pages and programs on this machine may do this.' })
}
