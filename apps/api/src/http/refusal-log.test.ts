import Fastify, { LogController } from 'fastify'
import { expect, it } from 'vitest'
import { createLogger } from '../runtime/logger.ts'
import { ProblemError } from './problem.ts'
import { createRefusalLog } from './refusal-log.ts'

const CODES = ['invalid-service-key', 'cross-origin', 'not-found'] as const

async function createApp() {
  const lines: Record<string, unknown>[] = []
  const logger = createLogger('info', { write: (line: string) => void lines.push(JSON.parse(line)) })
  const refusals = createRefusalLog(logger)
  const app = Fastify({
    loggerInstance: logger,
    trustProxy: true,
    logController: new LogController({ disableRequestLogging: true }),
  })
  for (const code of CODES) {
    app.get(`/${code}/:id`, async (request) => refusals.note(request, new ProblemError(code, 'No.')))
  }
  const refuse = async (code: (typeof CODES)[number], client: string, times = 1) => {
    for (let time = 0; time < times; time++) {
      await app.inject({
        url: `/${code}/secret?secret`,
        remoteAddress: client,
        headers: { authorization: 'Bearer secret' },
      })
    }
  }
  return { lines, refuse, refusals }
}

it('logs which client was refused what and why, without URL or key', async () => {
  const { lines, refuse } = await createApp()
  await refuse('invalid-service-key', '203.0.113.7')

  expect(lines).toEqual([
    expect.objectContaining({
      level: 'warn',
      msg: 'request refused',
      code: 'invalid-service-key',
      method: 'GET',
      route: '/invalid-service-key/:id',
      client: '203.0.113.7',
      reqId: expect.any(String),
    }),
  ])
  expect(JSON.stringify(lines)).not.toContain('secret')
})

it('logs a few lines for a client that floods, and one that counts the rest', async () => {
  const { lines, refuse, refusals } = await createApp()
  await refuse('invalid-service-key', '203.0.113.7', 50)
  await refuse('invalid-service-key', '203.0.113.8')
  await refuse('cross-origin', '203.0.113.7')
  refusals.endWindow()

  expect(lines.map(({ msg, code, client }) => [msg, code, client])).toEqual([
    ...Array.from({ length: 5 }, () => ['request refused', 'invalid-service-key', '203.0.113.7']),
    ['request refused', 'invalid-service-key', '203.0.113.8'],
    ['request refused', 'cross-origin', '203.0.113.7'],
    ['more requests were refused', 'invalid-service-key', undefined],
  ])
  expect(lines.at(-1)).toMatchObject({ requests: 45 })
})

it('limits the lines of all clients together, and leaves room for other refusals', async () => {
  const { lines, refuse, refusals } = await createApp()
  for (let client = 0; client < 150; client++) await refuse('invalid-service-key', `203.0.113.${client}`)
  await refuse('cross-origin', '203.0.113.7')
  refusals.endWindow()

  expect(lines).toHaveLength(100 + 1 + 1)
  expect(lines.at(-2)).toMatchObject({ code: 'cross-origin' })
})
