import { fileURLToPath } from 'node:url'
import Fastify from 'fastify'
import { beforeAll, expect, it } from 'vitest'
import { rawRequest, type RawAnswer } from '../test-support/raw-request.ts'
import { HTTPS_PUBLIC_URL, type TestProduct } from '../test-support/test-product.ts'
import { VERSION } from '../runtime/version.ts'
import { page } from './page.ts'
import { securityHeaders } from './security-headers.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const WEB = fileURLToPath(new URL('../../../web/dist', import.meta.url))

let product: TestProduct
let secured: TestProduct

const fixture = useFixture()
beforeAll(async () => {
  product = await fixture.startProduct({ environment: { ROLE: 'api' } })
  secured = await fixture.startProduct({ environment: { ROLE: 'api', PUBLIC_URL: HTTPS_PUBLIC_URL } })
})

async function open(path: string, headers: Record<string, string> = {}, { url } = product): Promise<RawAnswer> {
  return rawRequest(`${url}${path}`, { headers: { accept: 'text/html,*/*;q=0.8', ...headers } })
}

function policyOf({ headers }: RawAnswer): Record<string, string> {
  const directives = (headers.get('content-security-policy') ?? '').split(';').map((text) => text.trim())
  return Object.fromEntries(directives.map((text) => [text.split(' ')[0], text.split(' ').slice(1).join(' ')]))
}

function nonceOf(answer: RawAnswer): string {
  return policyOf(answer)['style-src']?.match(/'nonce-([^']+)'/)?.[1] ?? ''
}

it.each(['/', '/settings/office365-smtp', '/anything/at/all?with=a#query'])('serves the page at %s', async (path) => {
  const answer = await open(path)

  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(answer.text).toContain('<div id="root">')
  expect(answer.headers.get('cache-control')).toBe('no-store')
})

it('allows its own scripts only, styles with a nonce, and no framing', async () => {
  const answer = await open('/')

  expect(policyOf(answer)).toEqual({
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': `'self' 'nonce-${nonceOf(answer)}'`,
    'img-src': "'self' data:",
    'font-src': "'self'",
    'connect-src': "'self'",
    'base-uri': "'none'",
    'form-action': "'self'",
    'frame-ancestors': "'none'",
  })
})

it('puts the nonce of the header into the page, another one in every answer', async () => {
  const [answer, other] = [await open('/'), await open('/')]

  expect(nonceOf(answer)).toMatch(/^[A-Za-z0-9+/]{22}==$/)
  expect(answer.text).toContain(`<meta name="csp-nonce" content="${nonceOf(answer)}"`)
  expect(nonceOf(other)).not.toBe(nonceOf(answer))
})

it.each(['/', '/api/v1/session', '/auth/microsoft/callback', '/healthz', '/nothing.js'])(
  'sends the security headers with %s',
  async (path) => {
    const { headers } = await open(path)

    expect(Object.fromEntries(headers)).toMatchObject({
      'cross-origin-opener-policy': 'same-origin-allow-popups',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    })
    expect(headers.has('x-powered-by')).toBe(false)
  },
)

it('sends HSTS for a year if PUBLIC_URL is https, and not otherwise', async () => {
  const { host } = new URL(HTTPS_PUBLIC_URL)

  expect((await open('/', { host }, secured)).headers.get('strict-transport-security')).toBe('max-age=31536000')
  expect((await open('/')).headers.has('strict-transport-security')).toBe(false)
})

it('names the configured host when the page was opened under another', async () => {
  const answer = await open('/settings/office365-smtp', { host: 'evil.example' })

  expect(answer.status).toBe(421)
  expect(answer.text).toContain(`<a href="${product.publicUrl}">${product.publicUrl}</a>`)
  expect(answer.text).not.toContain('evil.example')
})

it('builds no redirect from the Host header', async () => {
  const answer = await open('/auth/sign-in', { host: 'evil.example' })

  const location = new URL(answer.headers.get('location') ?? '')
  expect(location.searchParams.get('redirect_uri')).toBe(`${product.publicUrl}/auth/microsoft/callback`)
})

it('accepts X-Forwarded-Host of a trusted proxy only', async () => {
  const trusting = await fixture.startProduct({
    environment: { ROLE: 'api', PUBLIC_URL: HTTPS_PUBLIC_URL, TRUST_PROXY: '127.0.0.1, ::1' },
  })
  const forwarded = { 'x-forwarded-host': new URL(HTTPS_PUBLIC_URL).host }

  expect((await open('/', forwarded, trusting)).status).toBe(200)
  expect((await open('/', forwarded, secured)).status).toBe(421)
})

it('sends assets compressed, and lets browsers cache them, since their names change with their content', async () => {
  const script = (await open('/')).text.match(/src="(\/assets\/first-load[^"]+)"/)?.[1] ?? ''

  const { status, headers } = await open(script, { 'accept-encoding': 'br' })
  expect(status).toBe(200)
  expect(headers.get('content-encoding')).toBe('br')
  expect(headers.get('content-type')).toMatch(/javascript/)
  expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
})

it.each(['/../package.json', '/assets/../../package.json', '/assets/%2e%2e/%2e%2e/package.json', '/..%2fpackage.json'])(
  'serves nothing outside the folder of the page: %s',
  async (path) => {
    const answer = await rawRequest(`${product.url}${path}`, { headers: { accept: '*/*' } })

    expect(answer.text).not.toContain('"dependencies"')
  },
)

it('gives the page the address of the simulator, in the demo only, and says whose access is used', async () => {
  const app = Fastify()
  await app.register(securityHeaders, { publicUrl: 'http://localhost' })
  const graphAuth = 'application'
  await app.register(page, {
    directory: WEB,
    publicUrl: 'http://localhost',
    demoUrl: 'http://127.0.0.1:3001',
    graphAuth,
  })
  const demo = await app.inject({ url: '/', headers: { host: 'localhost', accept: 'text/html' } })
  await app.close()

  expect(demo.body).toContain('<meta name="demo" content="http://127.0.0.1:3001"')
  expect(demo.body).toContain('<meta name="graph-auth" content="application"')
  const product = (await open('/')).text
  expect(product).toContain('<meta name="demo" content=""')
  expect(product).toContain('<meta name="graph-auth" content="delegated"')
})

it('is alive and ready', async () => {
  expect(JSON.parse((await open('/healthz')).text)).toEqual({ status: 'ok', version: VERSION })
  const ready = await open('/readyz')
  expect(ready.status).toBe(200)
  expect(JSON.parse(ready.text)).toEqual({
    status: 'ready',
    checks: { database: 'ok', migrations: 'ok', vaultKeys: 'ok' },
  })
})

it('is not ready while a migration is missing, and names it', async () => {
  const [last] = await fixture.database.query<{ migration_name: string }>(
    'SELECT migration_name FROM _prisma_migrations ORDER BY migration_name DESC LIMIT 1',
  )
  await fixture.database.query('DELETE FROM _prisma_migrations WHERE migration_name = $1', [last?.migration_name])

  const ready = await open('/readyz')

  expect(ready.status).toBe(503)
  expect(JSON.parse(ready.text).checks.migrations).toContain(last?.migration_name)
})
