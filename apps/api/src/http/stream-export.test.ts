import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import Fastify, { type FastifyRequest } from 'fastify'
import { expect, it, onTestFinished } from 'vitest'
import { createBodyBudget } from '../memory/body-budget.ts'
import { ProblemError, problems } from './problem.ts'
import { requestBodies } from './request-bodies.ts'
import { createExportPlaces, streamExport } from './stream-export.ts'

async function* endless(): AsyncGenerator<string> {
  for (;;) yield 'line\r\n'.repeat(50_000)
}

async function* failing(): AsyncGenerator<string> {
  yield 'heading\r\n'
  throw new ProblemError('unavailable', 'The database is away.')
}

/** An application with exports that never end, and one that cannot begin. */
async function listen() {
  const app = Fastify()
  const places = createExportPlaces()
  await app.register(requestBodies, { budget: createBodyBudget() })
  await app.register(problems, { outageOf: () => null })
  app.addHook('preHandler', async (request) => {
    request.holder = `service ${String(request.headers['x-service'])}`
  })
  app.get('/endless', (request) => streamExport(places, request, async () => endless()))
  app.get('/failing', (request) => streamExport(places, request, async () => failing()))
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => app.close())
  return async (service: string, path = '/endless'): Promise<IncomingMessage> => {
    const request = get(`${url}${path}`, { agent: false, headers: { 'x-service': service } })
    onTestFinished(() => void request.destroy())
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    return answer.on('error', () => {})
  }
}

it('gives one service six of eight exports that nobody reads, refuses it more, and serves others', async () => {
  const ask = await listen()
  const first = await ask('a')
  for (let count = 2; count <= 6; count++) expect((await ask('a')).statusCode).toBe(200)
  const refused = await ask('a')
  const [text] = (await once(refused.setEncoding('utf8'), 'data')) as [string]
  expect(refused).toMatchObject({ statusCode: 429, headers: { 'retry-after': '5' } })
  expect(JSON.parse(text).detail).toMatch(/^6 of the 8 exports .* The share of a service/)
  for (const service of ['b', 'c']) expect((await ask(service)).statusCode).toBe(200)
  expect((await ask('d')).statusCode).toBe(429)

  first.destroy()
  await expect.poll(async () => (await ask('d')).statusCode).toBe(200)
})

it('refuses an export whose first rows cannot be read, and gives its place back', async () => {
  const ask = await listen()
  for (let count = 1; count <= 10; count++) expect((await ask('a', '/failing')).statusCode).toBe(503)
})

it('ends an export that is closed before it was read', async () => {
  let isEnded = false
  async function* rows(): AsyncGenerator<string> {
    try {
      yield* endless()
    } finally {
      isEnded = true
    }
  }
  const stream = await streamExport(createExportPlaces(), { holder: 'sessions' } as FastifyRequest, async () => rows())
  stream.destroy()

  await expect.poll(() => isEnded).toBe(true)
})
