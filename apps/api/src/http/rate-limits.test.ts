import Fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { problems } from './problem.ts'
import { rateLimits } from './rate-limits.ts'

const PER_MINUTE = 5
const PER_MINUTE_OF_A_SERVICE = 20

let app: FastifyInstance
let validKeys: string[]

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] }) // so that all requests belong to one minute, however long they take
  validKeys = ['imk_reports', 'imk_alerts']
  app = Fastify()
  await app.register(problems, { outageOf: () => null })
  await app.register(rateLimits, { requestsPerMinute: PER_MINUTE, serviceRequestsPerMinute: PER_MINUTE_OF_A_SERVICE })
  app.get('/api/messages', async ({ headers }, reply) => {
    const isValid = validKeys.some((key) => headers.authorization === `Bearer ${key}`)
    return reply.code(isValid ? 200 : 401).send('')
  })
})
afterEach(() => {
  vi.useRealTimers()
  return app.close()
})

const request = (key?: string, remoteAddress = '203.0.113.1'): Promise<LightMyRequestResponse> =>
  app.inject({
    url: '/api/messages',
    remoteAddress,
    ...(key !== undefined && { headers: { authorization: `Bearer ${key}` } }),
  })

async function statuses(count: number, send: (index: number) => Promise<LightMyRequestResponse>): Promise<number[]> {
  const found: number[] = []
  for (let index = 0; index < count; index++) found.push((await send(index)).statusCode)
  return found
}

const times = (count: number, status: number): number[] => Array<number>(count).fill(status)

it('answers more requests than a person makes with 429 and Retry-After', async () => {
  expect(await statuses(PER_MINUTE, () => request())).toEqual(times(PER_MINUTE, 401))
  const refused = await request()

  expect(refused.statusCode).toBe(429)
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  expect(refused.json()).toMatchObject({
    type: 'urn:inforiver-mail:problem:rate-limited',
    status: 429,
    code: 'rate-limited',
  })
})

it('counts requests with made-up service keys for their address', async () => {
  await statuses(PER_MINUTE, (index) => request(`imk_guess-${index}`))

  expect((await request('imk_another-guess')).statusCode).toBe(429)
})

it('allows a service with a valid key more requests than a person makes, for each key', async () => {
  await request('imk_reports')
  const { length } = await statuses(PER_MINUTE_OF_A_SERVICE, () => request('imk_reports'))

  expect(length).toBeGreaterThan(PER_MINUTE)
  expect((await request('imk_reports')).statusCode).toBe(429)
  expect((await request('imk_alerts')).statusCode).toBe(200)
})

it('counts a key that was revoked as a made-up one', async () => {
  await request('imk_reports')
  validKeys = []
  const sent = await statuses(1 + PER_MINUTE, () => request('imk_reports'))

  expect(sent).toEqual([...times(PER_MINUTE, 401), 429])
})
