import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { Registry } from 'prom-client'
import { beforeAll, describe, expect, it } from 'vitest'
import type { TestProduct } from '../test-support/test-product.ts'
import { measureEventLoop } from './metrics.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const TOKEN = 'the-token-of-the-monitoring'

const fixture = useFixture()

const start = (environment: Record<string, string> = {}) =>
  fixture.startProduct({ environment: { ROLE: 'api', ...environment } })

async function statusOf({ url }: TestProduct, headers: Record<string, string> = {}): Promise<number> {
  return (await fetch(`${url}/metrics`, { headers })).status
}

/** `fetch` sets the Host header itself. */
async function statusAs({ url }: TestProduct, host: string): Promise<number | undefined> {
  const request = get(`${url}/metrics`, { headers: { host } })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}

it('shows for how long the process has computed, at each scrape anew', async () => {
  const registry = new Registry()
  let busyMs = 1_500
  measureEventLoop(registry, () => busyMs)

  expect(await registry.metrics()).toContain('event_loop_busy_seconds_total 1.5\n')
  busyMs = 2_250
  expect(await registry.metrics()).toContain('event_loop_busy_seconds_total 2.25\n')
})

it('shows what it counted even while the database is unavailable', async () => {
  const link = await fixture.database.link()
  const product = await start({ DATABASE_URL: link.url })
  link.cut()

  const response = await fetch(`${product.url}/metrics`)
  link.mend()

  expect(response.status).toBe(200)
  expect(await response.text()).toContain('inforiver_mail_submitted_total 0')
  await product.close()
})

it('shows no metrics to another machine behind a trusted proxy', async () => {
  const product = await start({ TRUST_PROXY: '127.0.0.1,::1' })

  expect(await statusOf(product, { 'x-forwarded-for': '192.0.2.7' })).toBe(404)
  expect(await statusOf(product)).toBe(200)
})

describe('without a token', () => {
  let product: TestProduct
  beforeAll(async () => {
    product = await start()
  })

  it.each(['forwarded', 'via', 'x-forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'])(
    'refuses a request through a proxy with the header %s, even with a loopback address in it',
    async (header) => {
      expect(await statusOf(product, { [header]: '127.0.0.1' })).toBe(404)
    },
  )

  it.each(['localhost', 'localhost:3000', '127.0.0.1:3000', '[::1]:3000'])('answers as %s', async (host) => {
    expect(await statusAs(product, host)).toBe(200)
  })

  it.each(['mail.contoso.com', 'mail.contoso.com:3000', 'localhost.contoso.com', '127.contoso.com', 'a host'])(
    'refuses a request for the host "%s"',
    async (host) => {
      expect(await statusAs(product, host)).toBe(404)
    },
  )

  it('refuses a request in absolute form, as to a proxy, whatever its Host header', async () => {
    const options = {
      port: product.config.port,
      path: 'http://mail.contoso.com/metrics',
      headers: { host: 'localhost' },
    }
    const [answer] = (await once(get(options), 'response')) as [IncomingMessage]
    answer.resume()

    expect(answer.statusCode).toBe(404)
  })
})

it('shows metrics to whoever has the token, and to nobody else', async () => {
  const product = await start({ METRICS_TOKEN: TOKEN, TRUST_PROXY: '127.0.0.1,::1' })
  const elsewhere = { 'x-forwarded-for': '192.0.2.7' }

  expect(await statusOf(product, { ...elsewhere, authorization: `Bearer ${TOKEN}` })).toBe(200)
  expect(await statusOf(product, { ...elsewhere, authorization: `Bearer ${TOKEN}x` })).toBe(404)
  expect(await statusOf(product, { ...elsewhere, authorization: 'Bearer the-other-of-the-monitoring' })).toBe(404)
  expect(await statusOf(product, elsewhere)).toBe(404)
  expect(await statusOf(product)).toBe(404)
})

it('hides from a stranger that there are metrics', async () => {
  const product = await start({ METRICS_TOKEN: TOKEN })
  const answerAt = async (path: string) =>
    (await (await fetch(`${product.url}${path}`)).text()).replace(/"requestId":"[^"]*"/, '')

  expect(await answerAt('/metrics')).toBe(await answerAt('/nothing'))
})
