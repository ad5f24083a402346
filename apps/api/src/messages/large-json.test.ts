import { connect } from 'node:net'
import Fastify from 'fastify'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { jsonBodies } from '../http/json-body.ts'
import { problems } from '../http/problem.ts'
import { createTestGround, type TestGround, type TestProduct } from '../test-support/test-product.ts'
import { createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { createLargeJsonGate } from './large-json.ts'

const KIB = 1024
const MAIL = JSON.stringify({ to: ['max@contoso.com'], subject: 'Q3', text: 'Numbers.' })

let ground: TestGround
let product: TestProduct
let service: ServiceClient
let unfinished: { end(): void }[] = []

beforeAll(async () => {
  ground = await createTestGround()
  product = await ground.startProduct({ environment: { ROLE: 'api' } })
  service = await createServiceClient(product)
})
afterAll(() => ground.close())
afterEach(() => {
  for (const client of unfinished) client.end()
  unfinished = []
})

/** A client that begins a chunked body and then sends a byte now and again. */
async function trickle(port: number, sizeBytes: number): Promise<void> {
  const socket = connect(port, 'localhost')
  socket.on('error', () => {})
  const lines = [
    'POST /api/v1/messages HTTP/1.1',
    'host: localhost',
    `authorization: Bearer ${service.key}`,
    'content-type: application/json',
    'transfer-encoding: chunked',
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n${sizeBytes.toString(16)}\r\n${' '.repeat(sizeBytes)}\r\n`)
  const timer = setInterval(() => socket.write('1\r\n \r\n'), 50)
  unfinished.push({
    end() {
      clearInterval(timer)
      socket.destroy()
    },
  })
  await new Promise((resolve) => setTimeout(resolve, 100)) // it has come as far as it does
}

/** Without saying how long it is, as .NET and many others send JSON. */
async function postChunked(url: string, body: string) {
  const response = await fetch(`${url}/api/v1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${service.key}`, 'content-type': 'application/json' },
    body: new Blob([body]).stream(),
    duplex: 'half',
    signal: AbortSignal.timeout(60_000),
  })
  return { status: response.status, json: await response.json() }
}

it.each([
  ['one byte', 1],
  ['more than a small message has', 100 * KIB],
])('takes small messages of unknown length beside clients that have sent %s and go on slowly', async (_what, bytes) => {
  for (let client = 0; client < 6; client++) await trickle(product.config.port, bytes)

  expect(await postChunked(product.publicUrl, MAIL)).toMatchObject({ status: 202, json: { status: 'held' } })
})

it('asks for no memory for requests without a body', async () => {
  for (let client = 0; client < 6; client++) await trickle(product.config.port, 100 * KIB)

  expect((await service.post('/api/v1/messages')).status).toBe(400)
})

it.each([64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 300 * KIB])(
  'takes %d bytes of unknown length whole',
  async (sizeBytes) => {
    const body = MAIL.replace('Numbers.', 'x'.repeat(sizeBytes - MAIL.length + 'Numbers.'.length))
    const { json } = await postChunked(product.publicUrl, body)

    expect(await service.read((json as { id: string }).id)).toMatchObject({ subject: 'Q3', status: 'held' })
  },
)

it('survives the end of a body that was refused as too large before it had arrived', async () => {
  const app = Fastify({ bodyLimit: 100 * KIB })
  await app.register(jsonBodies)
  await app.register(problems, { isUnavailable: () => false })
  app.post('/api/v1/messages', { preParsing: createLargeJsonGate() }, async () => ({ taken: true }))
  const ended = new Promise<void>((resolve) => {
    // As the time limit of a request does later on.
    app.addHook('onResponse', async ({ raw }) => void raw.destroy().once('close', resolve))
  })
  const url = await app.listen({ host: 'localhost', port: 0 })
  await trickle(Number(new URL(url).port), 200 * KIB)
  await ended
  await new Promise((resolve) => setTimeout(resolve, 100)) // an error that nobody handles would have ended the process

  expect(await postChunked(url, JSON.stringify('x'))).toMatchObject({ status: 200 })
  await app.close()
})

it('refuses a large message with 503 when others keep the memory for too long', async () => {
  const app = Fastify()
  await app.register(jsonBodies)
  await app.register(problems, { isUnavailable: () => false })
  const passLargeJson = createLargeJsonGate({ longestWaitMs: 200 })
  app.post('/api/v1/messages', { preParsing: passLargeJson }, async () => ({ taken: true }))
  const url = await app.listen({ host: 'localhost', port: 0 })
  for (let client = 0; client < 4; client++) await trickle(Number(new URL(url).port), 100 * KIB)

  const large = await postChunked(url, JSON.stringify('x'.repeat(200 * KIB)))
  expect(large).toMatchObject({
    status: 503,
    json: { code: 'unavailable', detail: expect.stringContaining('Nothing was stored; try again in a moment') },
  })
  expect(await postChunked(url, JSON.stringify('x'.repeat(1 * KIB)))).toEqual({ status: 200, json: { taken: true } })

  for (const client of unfinished) client.end()
  expect(await postChunked(url, JSON.stringify('x'.repeat(200 * KIB)))).toEqual({ status: 200, json: { taken: true } })
  await app.close()
})

it('answers the next request on the connection of a large message that was refused', async () => {
  const app = Fastify()
  await app.register(jsonBodies)
  await app.register(problems, { isUnavailable: () => false })
  const passLargeJson = createLargeJsonGate({ longestWaitMs: 200 })
  app.post('/api/v1/messages', { preParsing: passLargeJson }, async () => ({ taken: true }))
  const port = Number(new URL(await app.listen({ host: 'localhost', port: 0 })).port)
  for (let client = 0; client < 4; client++) await trickle(port, 100 * KIB)
  const socket = connect(port, 'localhost')
  let answers = ''
  socket.on('data', (chunk: Buffer) => (answers += chunk.toString('latin1')))
  const post = (body: string) => {
    const lines = ['POST /api/v1/messages HTTP/1.1', 'host: localhost', 'content-type: application/json']
    socket.write(`${lines.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  }
  post(JSON.stringify('x'.repeat(900 * KIB)))
  await expect.poll(() => answers).toContain('HTTP/1.1 503')
  post('"x"')

  await expect.poll(() => answers).toContain('HTTP/1.1 200')
  for (const client of [...unfinished, socket]) client.end()
  await app.close()
})

it.each([
  ['of a type that is not taken', 'content-type: */*', 'HTTP/1.1 202'],
  // Node would keep such a connection, and never answer on it again.
  ['of a request that asks for another protocol', 'content-type: */*\r\nconnection: upgrade\r\nupgrade: h2c', 'closed'],
])('goes on after a large body %s: by the next answer, or by closing', async (_what, headers, next) => {
  const socket = connect(product.config.port, 'localhost')
  let seen = ''
  socket.on('data', (chunk: Buffer) => (seen += chunk.toString('latin1')))
  socket.on('error', () => {})
  socket.once('close', () => (seen += 'closed'))
  const post = (described: string, body: string) => {
    const lines = [
      'POST /api/v1/messages HTTP/1.1',
      'host: localhost',
      `authorization: Bearer ${service.key}`,
      described,
    ]
    socket.write(`${lines.join('\r\n')}\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  }
  post(headers, 'x'.repeat(900 * KIB))
  await expect.poll(() => seen).toContain('HTTP/1.1 400')
  post('content-type: application/json', MAIL)

  await expect.poll(() => seen).toContain(next)
  socket.destroy()
})
