import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTcpLink } from '../test-support/tcp-link.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'

const TOKEN = 'the-token-of-the-monitoring'

let ground: TestGround
beforeAll(async () => {
  ground = await createTestGround()
})
afterAll(() => ground.close())

const start = (environment: Record<string, string> = {}) =>
  ground.startProduct({ environment: { ROLE: 'api', ...environment } })

async function statusOf({ url }: TestProduct, headers: Record<string, string> = {}): Promise<number> {
  return (await fetch(`${url}/metrics`, { headers })).status
}

it('shows metrics to this machine', async () => {
  expect(await statusOf(await start())).toBe(200)
})

it('shows what it counted also while the database is away', async () => {
  const url = new URL(ground.database.url)
  const link = await createTcpLink(Number(url.port))
  url.port = String(link.port)
  const product = await start({ DATABASE_URL: url.href })
  link.cut()

  const response = await fetch(`${product.url}/metrics`)
  link.mend()

  expect(response.status).toBe(200)
  expect(await response.text()).toContain('inforiver_mail_submitted_total 0')
  await product.close()
  await link.close()
})

it('shows no metrics to another machine behind a trusted proxy', async () => {
  const product = await start({ TRUST_PROXY: '127.0.0.1,::1' })

  expect(await statusOf(product, { 'x-forwarded-for': '192.0.2.7' })).toBe(404)
  expect(await statusOf(product)).toBe(200)
})

it('takes what comes through a proxy that it does not know for another machine', async () => {
  const product = await start()

  expect(await statusOf(product, { 'x-forwarded-for': '127.0.0.1' })).toBe(404)
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

it('does not tell a stranger that there are metrics', async () => {
  const product = await start({ METRICS_TOKEN: TOKEN })
  const answerAt = async (path: string) =>
    (await (await fetch(`${product.url}${path}`)).text()).replace(/"requestId":"[^"]*"/, '')

  expect(await answerAt('/metrics')).toBe(await answerAt('/nothing'))
})
