import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { rawRequest, type RawAnswer } from '../test-support/raw-request.ts'
import type { TestProduct } from '../test-support/test-product.ts'
import { createServiceClient } from '../test-support/test-service.ts'
import { useFixture } from '../test-support/use-fixture.ts'

const SIGN_INS_PER_MINUTE = 100

const fixture = useFixture()
// All requests of a test belong to one minute, however long they take.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

/** Starts another process for each test, because the counts are per process. */
async function start(environment: Record<string, string> = {}): Promise<TestProduct> {
  return fixture.startProduct({ environment: { ROLE: 'api', ...environment } })
}

async function signInAs(product: TestProduct, address: string): Promise<RawAnswer> {
  return rawRequest(`${product.url}/auth/sign-in`, { headers: { accept: 'text/html', 'x-forwarded-for': address } })
}

it('allows a person 1,200 requests a minute, and a service with a valid key 300,000', async () => {
  const product = await start()
  const service = await createServiceClient(product)
  const limitOf = async () => (await service.get('/api/v1/messages')).headers.get('x-ratelimit-limit')

  expect([await limitOf(), await limitOf()]).toEqual(['1200', '300000'])
})

it('allows 100 sign-ins a minute to each client behind a trusted proxy, and refuses more with a page', async () => {
  const product = await start({ TRUST_PROXY: '127.0.0.0/8' })
  const statuses: number[] = []
  for (let done = 0; done < SIGN_INS_PER_MINUTE; done++) statuses.push((await signInAs(product, '203.0.113.1')).status)
  const refused = await signInAs(product, '203.0.113.1')

  expect(new Set(statuses)).toEqual(new Set([302]))
  expect(refused.status).toBe(429)
  expect(refused.text).toContain('<h1>Too many requests</h1>')
  expect((await signInAs(product, '203.0.113.2')).status).toBe(302)
})

it('ignores invented addresses if no proxy is trusted', async () => {
  const product = await start()
  for (let client = 0; client < SIGN_INS_PER_MINUTE; client++) await signInAs(product, `203.0.113.${client}`)

  expect((await signInAs(product, '203.0.113.200')).status).toBe(429)
})
