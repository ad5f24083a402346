import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import Fastify, { type FastifyInstance } from 'fastify'
import { submitMessage } from '@inforiver-mail/contract/message-input'
import { afterEach, expect, it } from 'vitest'
import type { ByteBudget } from '../memory/byte-budget.ts'
import { createBodyBudget } from '../memory/memory-use.ts'
import { jsonBodies } from './json-body.ts'
import { notFound } from './not-found.ts'
import { ProblemError, problems } from './problem.ts'
import { requestBodies } from './request-bodies.ts'

const KIB = 1024
const MIB = 1024 * KIB
const WHOLE = 1024 * MIB
/** Longer than any test takes. */
const LONG_MS = 60_000
const PATH = '/messages'
const MULTIPART = 'multipart/form-data; boundary=x'

let closing: (() => unknown)[] = []
let budget: ByteBudget

afterEach(async () => {
  for (const close of closing.toReversed()) await close()
  closing = []
})

type Changes = Omit<Parameters<typeof requestBodies>[1], 'budget'>

/** Starts an application with one route, which takes JSON and uploads from authenticated callers. */
async function listen(changes: Changes = {}): Promise<number> {
  budget = createBodyBudget()
  const app: FastifyInstance = Fastify({ bodyLimit: 6 * MIB })
  const pace = { bytes: 1, ms: LONG_MS }
  await app.register(requestBodies, { budget, requestMs: LONG_MS, uploadPace: pace, largeJsonPace: pace, ...changes })
  await app.register(jsonBodies)
  await app.register(problems, { outageOf: () => null })
  await app.register(notFound)
  app.addContentTypeParser('multipart/form-data', async (_request: unknown, body: unknown) => body)
  app.route({
    method: 'POST',
    url: PATH,
    config: { serves: submitMessage },
    preParsing: async ({ headers }, _reply, payload) => {
      if (headers.authorization === undefined) throw new ProblemError('invalid-service-key', 'Send a key.')
      return payload
    },
    handler: async ({ body, headers, arrival }) => {
      let sizeBytes = 0
      if (headers['content-type'] === MULTIPART)
        for await (const data of body as Readable) {
          sizeBytes += (data as Buffer).length
          if (headers['x-part'] === 'message') await arrival.holdLargeJson(MIB)
        }
      return { sizeBytes, heldBytes: budget.usedBytes }
    },
  })
  const url = await app.listen({ host: 'localhost', port: 0 })
  closing.push(() => app.close())
  return Number(new URL(url).port)
}

interface Client {
  readonly socket: Socket
  readonly answer: () => string
  /** Settles when the server has closed the connection. */
  readonly closed: Promise<unknown>
  readonly send: (bytes: number) => void
  readonly end: () => void
}

/** Begins a request whose body the test sends bit by bit. */
async function begin(
  port: number,
  contentType: string,
  { path = PATH, key = 'authorization: Bearer key' }: { path?: string; key?: string } = {},
): Promise<Client> {
  const socket = connect(port, 'localhost')
  const closed = once(socket, 'close')
  socket.on('error', () => {})
  closing.push(() => socket.destroy())
  let answer = ''
  socket.on('data', (data: Buffer) => (answer += data.toString('latin1')))
  const lines = [`POST ${path} HTTP/1.1`, 'host: localhost', key, `content-type: ${contentType}`]
  socket.write(`${lines.join('\r\n')}\r\ntransfer-encoding: chunked\r\n\r\n`)
  await once(socket, 'connect')
  return {
    socket,
    answer: () => answer,
    closed,
    send: (bytes) => void socket.write(`${bytes.toString(16)}\r\n${' '.repeat(bytes)}\r\n`),
    end: () => void socket.write('4\r\n"x" \r\n0\r\n\r\n'),
  }
}

async function begun(...[port, contentType, options]: Parameters<typeof begin>): Promise<Client> {
  const client = await begin(port, contentType, options)
  client.send(100 * KIB)
  return client
}

/** Waits for the first answer, and returns its status. */
async function statusOf({ answer, socket }: Client): Promise<number> {
  while (!answer().includes('\r\n')) await once(socket, 'data')
  return Number(answer().split(' ')[1])
}

/** Waits until a body waits for memory. */
async function untilWaiting(): Promise<void> {
  await expect.poll(() => budget.takeAtOnce(0), { interval: 5 }).toBeNull()
}

/** Starts as many bodies as there is memory for large JSON. */
async function fillLargeJson(port: number): Promise<Client[]> {
  const clients = []
  for (let count = 1; count <= 4; count++) {
    clients.push(await begun(port, 'application/json'))
    await expect.poll(() => budget.usedBytes, { interval: 5 }).toBe(count * 24 * MIB)
  }
  return clients
}

it('ends the bodies of requests to unknown paths, which were answered at once, whatever their content type', async () => {
  const port = await listen({ requestMs: 500 })
  const clients = await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      begun(port, index % 3 === 0 ? 'application/json' : MULTIPART, { path: '/unknown' }),
    ),
  )

  for (const client of clients) expect(await statusOf(client)).toBe(404)
  await Promise.all(clients.map(({ closed }) => closed))
  expect(budget.usedBytes).toBe(0)
})

it('ends the upload of a stranger, and holds no memory for it', async () => {
  const port = await listen({ requestMs: 500 })
  const client = await begun(port, MULTIPART, { key: 'x-none: 1' })

  expect(await statusOf(client)).toBe(401)
  expect(budget.usedBytes).toBe(0)
  await client.closed
})

it('answers JSON that arrives too slowly with a problem, and closes the connection', async () => {
  const client = await begun(await listen({ requestMs: 200 }), 'application/json')
  await client.closed

  expect(client.answer()).toMatch(/^HTTP\/1.1 503 /)
  expect(client.answer()).toContain('application/problem+json')
  expect(client.answer()).toContain('The request did not arrive within 0.2 seconds. Nothing was stored; send it again.')
  await expect.poll(() => budget.usedBytes).toBe(0)
})

it('lets the upload of an authenticated caller take longer than other requests', async () => {
  const port = await listen({ requestMs: 200 })
  const upload = await begun(port, MULTIPART)
  const other = await begun(port, 'application/json')
  await other.closed // by now the upload has taken longer, too
  upload.send(100 * KIB)
  upload.end()

  expect(await statusOf(upload)).toBe(200)
})

it('ends an upload that is slower than its pace, with a problem if it was not answered yet', async () => {
  const upload = await begin(await listen({ uploadPace: { bytes: 64 * KIB, ms: 200 } }), MULTIPART)
  const timer = setInterval(() => upload.send(10), 20)
  closing.push(() => clearInterval(timer))
  await upload.closed

  expect(upload.answer()).toMatch(/^HTTP\/1.1 503 /)
  expect(upload.answer()).toContain('Less than 65536 bytes of the request arrived within 0.2 seconds.')
})

it('reports that nothing arrived of an upload that stalls', async () => {
  const upload = await begin(await listen({ uploadPace: { bytes: 1, ms: 200 } }), MULTIPART)
  await upload.closed

  expect(upload.answer()).toContain('Nothing of the request arrived for 0.2 seconds.')
})

it('does not end an upload that waits for memory', async () => {
  const port = await listen({ uploadPace: { bytes: 64 * KIB, ms: 100 } })
  const giveBack = await budget.take(WHOLE)
  const upload = await begin(port, MULTIPART)
  upload.send(10)
  await untilWaiting()
  await new Promise((resolve) => setTimeout(resolve, 200)) // twice its time
  expect(upload.answer()).toBe('')
  giveBack()
  upload.end()

  expect(await statusOf(upload)).toBe(200)
})

it('ends large JSON that stalls while others wait for its memory', async () => {
  const port = await listen({ largeJsonPace: { bytes: 1, ms: 200 } })
  const clients = await fillLargeJson(port)
  const next = await begun(port, 'application/json')
  next.end()

  expect(await statusOf(next)).toBe(200)
  for (const client of clients) {
    await client.closed
    expect(client.answer()).toContain('Nothing of the request arrived for 0.2 seconds.')
  }
})

it('ends an upload whose part message stalls while it holds memory for large JSON', async () => {
  const port = await listen({ largeJsonPace: { bytes: 1, ms: 200 } })
  const upload = await begin(port, MULTIPART, { key: 'authorization: Bearer key\r\nx-part: message' })
  upload.send(100)
  await upload.closed

  expect(upload.answer()).toMatch(/^HTTP\/1.1 503 /)
  expect(budget.usedBytes).toBe(0)
})

it('refuses large JSON with 503 when others hold the memory for too long, and accepts small bodies meanwhile', async () => {
  const port = await listen({ longestWaitMs: 200 })
  const clients = await fillLargeJson(port)
  const small = await begin(port, 'application/json')
  small.end()
  expect(await statusOf(small)).toBe(200)
  const large = await begun(port, 'application/json')
  expect(await statusOf(large)).toBe(503)
  expect(large.answer()).toContain('Nothing was stored; try again in a moment')

  for (const { socket } of clients) socket.destroy()
  const next = await begun(port, 'application/json')
  next.end()
  expect(await statusOf(next)).toBe(200)
})

it('answers the next request on the connection of a large message that was refused', async () => {
  const port = await listen({ longestWaitMs: 200 })
  await fillLargeJson(port)
  const { socket, answer, send } = await begun(port, 'application/json')
  await expect.poll(answer).toContain('HTTP/1.1 503')
  send(500 * KIB)
  socket.write(`0\r\n\r\nPOST ${PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer key\r\n`)
  socket.write('content-type: application/json\r\ncontent-length: 3\r\n\r\n"x"')

  await expect.poll(answer).toContain('HTTP/1.1 200')
})

it('counts small bodies too: one waits while there is no memory at all', async () => {
  const port = await listen()
  const giveBack = await budget.take(WHOLE)
  const small = await begin(port, 'application/json')
  small.end()
  await untilWaiting()
  expect(small.answer()).toBe('')
  giveBack()

  expect(await statusOf(small)).toBe(200)
})

it('holds memory for a small body that arrived together with its request, and waits where there is none', async () => {
  const port = await listen()
  const [answered, waiting] = [await begin(port, 'application/json'), await begin(port, 'application/json')]
  const body = JSON.stringify('x'.repeat(10 * KIB))
  const request = `POST ${PATH} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer key\r\ncontent-type: application/json\r\n`
  const whole = `${request}content-length: ${body.length}\r\n\r\n${body}`
  answered.end()
  await statusOf(answered)
  answered.socket.write(whole)
  await expect.poll(answered.answer).toContain(`"heldBytes":${4 * body.length}`)
  await expect.poll(() => budget.usedBytes).toBe(0)

  waiting.end()
  await statusOf(waiting)
  const giveBack = await budget.take(WHOLE)
  waiting.socket.write(whole)
  await untilWaiting()
  giveBack()
  await expect.poll(waiting.answer).toContain(`"heldBytes":${4 * body.length}`)
})

it('releases the memory of a body when its client leaves, or when it is too large', async () => {
  const port = await listen()
  const clients = await fillLargeJson(port)
  for (const { socket } of clients) socket.destroy()
  await expect.poll(() => budget.usedBytes).toBe(0)

  const tooLarge = await begin(port, 'application/json')
  tooLarge.send(7 * MIB)
  expect(await statusOf(tooLarge)).toBe(413)
  await expect.poll(() => budget.usedBytes).toBe(0)
})
