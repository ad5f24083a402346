import { afterAll, beforeAll, expect, it } from 'vitest'
import { rawRequest, type RawAnswer } from '../test-support/raw-request.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { createServiceClient } from '../test-support/test-service.ts'

const SIGN_INS_PER_MINUTE = 100
const REQUESTS_PER_MINUTE = 1_200

let ground: TestGround

beforeAll(async () => {
  ground = await createTestGround()
})
afterAll(() => ground.close())

/** Starts another process for each test, because the counts are per process. */
async function start(environment: Record<string, string> = {}): Promise<TestProduct> {
  return ground.startProduct({ environment: { ROLE: 'api', ...environment } })
}

async function repeat(times: number, request: () => Promise<RawAnswer>): Promise<number[]> {
  const statuses: number[] = []
  for (let done = 0; done < times; done += 20) {
    const batch = Array.from({ length: Math.min(20, times - done) }, request)
    statuses.push(...(await Promise.all(batch)).map(({ status }) => status))
  }
  return statuses
}

it('answers more requests than a person makes with 429 and Retry-After', async () => {
  const { url } = await start()
  const request = () => rawRequest(`${url}/api/v1/session`)

  const statuses = await repeat(REQUESTS_PER_MINUTE, request)
  const refused = await request()

  expect(new Set(statuses)).toEqual(new Set([401]))
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(JSON.parse(refused.text)).toMatchObject({
    type: 'urn:inforiver-mail:problem:rate-limited',
    status: 429,
    code: 'rate-limited',
  })
})

it('allows fewer sign-ins, and refuses more with a page', async () => {
  const { url } = await start()
  const request = () => rawRequest(`${url}/auth/sign-in`, { headers: { accept: 'text/html' } })

  const statuses = await repeat(SIGN_INS_PER_MINUTE, request)
  const refused = await request()

  expect(new Set(statuses)).toEqual(new Set([302]))
  expect(refused.status).toBe(429)
  expect(refused.text).toContain('<h1>Too many requests</h1>')
})

it('counts clients separately behind a trusted proxy', async () => {
  const { url } = await start({ TRUST_PROXY: '127.0.0.0/8' })
  const from = (address: string) => () => rawRequest(`${url}/auth/sign-in`, { headers: { 'x-forwarded-for': address } })

  await repeat(SIGN_INS_PER_MINUTE, from('203.0.113.1'))

  expect((await from('203.0.113.1')()).status).toBe(429)
  expect((await from('203.0.113.2')()).status).toBe(302)
})

it('ignores invented addresses if no proxy is trusted', async () => {
  const { url } = await start()
  let client = 0
  const request = () =>
    rawRequest(`${url}/auth/sign-in`, { headers: { 'x-forwarded-for': `203.0.113.${client++ % 250}` } })

  await repeat(SIGN_INS_PER_MINUTE, request)

  expect((await request()).status).toBe(429)
})

it('counts requests with made-up service keys for their address', async () => {
  const { url } = await start()
  let guess = 0
  const request = () =>
    rawRequest(`${url}/api/v1/messages`, { headers: { authorization: `Bearer imk_guess-${guess++}` } })

  const statuses = await repeat(REQUESTS_PER_MINUTE, request)

  expect(new Set(statuses)).toEqual(new Set([401]))
  expect((await request()).status).toBe(429)
})

it('allows a service with a valid key more requests than a person makes', async () => {
  const product = await start()
  const { key } = await createServiceClient(product)
  const request = () => rawRequest(`${product.url}/api/v1/messages`, { headers: { authorization: `Bearer ${key}` } })
  await request()

  const statuses = await repeat(REQUESTS_PER_MINUTE + 100, request)

  expect(new Set(statuses)).toEqual(new Set([200]))
})
