import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import Fastify, { type FastifyInstance } from 'fastify'
import { submitMessage } from '@inforiver-mail/contract/message-input'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createBodyBudget, type BodyBudget } from '../memory/body-budget.ts'
import { jsonBodies } from './json-body.ts'
import { notFound } from './not-found.ts'
import { ProblemError, problems } from './problem.ts'
import { requestBodies } from './request-bodies.ts'

const KIB = 1024
const MIB = 1024 * KIB
/** Longer than any test takes. */
const LONG_MS = 60_000
const PATH = '/messages'
const MULTIPART = 'multipart/form-data; boundary=x'

let closing: (() => unknown)[] = []
let budget: BodyBudget

// The times of the product pass when a test says so, however slow the machine is.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(async () => {
  vi.useRealTimers()
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
    preParsing: async (request, _reply, payload) => {
      const { authorization } = request.headers
      if (authorization === undefined) throw new ProblemError('invalid-service-key', 'Send a key.')
      request.holder = `service ${authorization}`
      return payload
    },
    handler: async ({ body, headers, arrival }) => {
      let sizeBytes = 0
      if (headers['content-type'] === MULTIPART)
        for await (const data of body as Readable) {
          sizeBytes += (data as Buffer).length
          if (headers['x-part'] === 'message') arrival.holdLargeJson(MIB)
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

/** Waits until more than this is held: a body is being read. */
async function untilHeld(bytes = 0): Promise<void> {
  await expect.poll(() => budget.usedBytes, { interval: 5 }).toBeGreaterThan(bytes)
}

/** Starts as many bodies as one service may have of large JSON. */
async function fillShare(port: number): Promise<Client[]> {
  const clients = []
  for (let count = 1; count <= 3; count++) {
    clients.push(await begun(port, 'application/json'))
    await expect.poll(() => budget.usedBytes, { interval: 5 }).toBe(count * 24 * MIB)
  }
  return clients
}

/** Has others take all that services get, of the part for small bodies too. */
function fillMemory(): void {
  for (let other = 1; other <= 10; other++) while (budget.takeSmall(`service ${other}`, KIB) !== null) continue
}

it('ends the bodies of requests to unknown paths, which were answered at once, whatever their content type', async () => {
  const port = await listen({ requestMs: 500 })
  const clients = await Promise.all(
    Array.from({ length: 300 }, (_, index) =>
      begun(port, index % 3 === 0 ? 'application/json' : MULTIPART, { path: '/unknown' }),
    ),
  )

  for (const client of clients) expect(await statusOf(client)).toBe(404)
  vi.advanceTimersByTime(500)
  await Promise.all(clients.map(({ closed }) => closed))
  expect(budget.usedBytes).toBe(0)
})

it('ends the upload of a stranger, and holds no memory for it', async () => {
  const port = await listen({ requestMs: 500 })
  const client = await begun(port, MULTIPART, { key: 'x-none: 1' })

  expect(await statusOf(client)).toBe(401)
  expect(budget.usedBytes).toBe(0)
  vi.advanceTimersByTime(500)
  await client.closed
})

it('answers JSON that arrives too slowly with a problem, and closes the connection', async () => {
  const client = await begun(await listen({ requestMs: 200 }), 'application/json')
  await untilHeld()
  vi.advanceTimersByTime(200)
  await expect.poll(client.answer).toContain('\r\n\r\n')
  vi.advanceTimersByTime(5_000) // in which it may read the answer
  await client.closed

  expect(client.answer()).toMatch(/^HTTP\/1.1 503 /)
  expect(client.answer()).toContain('application/problem+json')
  expect(client.answer()).toContain('The request did not arrive within 0.2 seconds. Nothing was stored; send it again.')
  await expect.poll(() => budget.usedBytes).toBe(0)
})

it('lets the upload of an authenticated caller take longer than other requests', async () => {
  const port = await listen({ requestMs: 200 })
  const upload = await begun(port, MULTIPART)
  await untilHeld()
  const before = budget.usedBytes
  const other = await begun(port, 'application/json')
  await untilHeld(before)
  vi.advanceTimersByTime(200)
  expect(await statusOf(other)).toBe(503)
  upload.send(100 * KIB)
  upload.end()

  expect(await statusOf(upload)).toBe(200)
})

it('ends an upload that is slower than its pace, with a problem if it was not answered yet', async () => {
  const upload = await begin(await listen({ uploadPace: { bytes: 64 * KIB, ms: 200 } }), MULTIPART)
  upload.send(10)
  await untilHeld()
  vi.advanceTimersByTime(150)
  upload.send(10)
  vi.advanceTimersByTime(50)
  await statusOf(upload)

  expect(upload.answer()).toMatch(/^HTTP\/1.1 503 /)
  expect(upload.answer()).toContain('Less than 65536 bytes of the request arrived within 0.2 seconds.')
})

it('ends an upload whose part message stalls while it holds memory for large JSON', async () => {
  const port = await listen({ largeJsonPace: { bytes: 1, ms: 200 } })
  const upload = await begin(port, MULTIPART, { key: 'authorization: Bearer key\r\nx-part: message' })
  upload.send(100)
  await untilHeld(3 * MIB)
  vi.advanceTimersByTime(200)
  await statusOf(upload)

  expect(upload.answer()).toMatch(/^HTTP\/1.1 503 /)
  await expect.poll(() => budget.usedBytes).toBe(0)
})

it('refuses at once what exceeds the share of a service, and takes its small bodies and those of others', async () => {
  const port = await listen()
  const clients = await fillShare(port)
  const large = await begun(port, 'application/json')
  expect(await statusOf(large)).toBe(503)
  expect(large.answer()).toMatch(new RegExp(`occupies \\d+ of ${124 * MIB} bytes of memory`))
  expect(large.answer()).toContain('The share of a service, with all its keys, is three times what it leaves free')

  const others = [
    await begin(port, 'application/json'),
    await begin(port, 'application/json', { key: 'authorization: Bearer other' }),
    await begun(port, 'application/json', { key: 'authorization: Bearer other' }),
  ]
  for (const other of others) other.end()
  for (const other of others) expect(await statusOf(other)).toBe(200)

  clients[0]?.socket.destroy()
  await expect.poll(() => budget.usedBytes).toBe(48 * MIB)
  const next = await begun(port, 'application/json')
  next.end()
  expect(await statusOf(next)).toBe(200)
})

it('refuses small bodies of services where there is no memory at all, and keeps some for an admin', async () => {
  const port = await listen()
  fillMemory()
  const small = await begin(port, 'application/json')
  small.end()
  expect(await statusOf(small)).toBe(503)

  expect(budget.takeSmall('sessions', 512 * KIB)).not.toBeNull()
})

it('releases the memory of a body when its client leaves, or when it is too large', async () => {
  const port = await listen()
  const clients = await fillShare(port)
  for (const { socket } of clients) socket.destroy()
  await expect.poll(() => budget.usedBytes).toBe(0)

  const tooLarge = await begin(port, 'application/json')
  tooLarge.send(7 * MIB)
  expect(await statusOf(tooLarge)).toBe(413)
  await expect.poll(() => budget.usedBytes).toBe(0)
})
