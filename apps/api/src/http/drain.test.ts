import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { drain } from './drain.ts'

const GRACE_MS = 150

let app: FastifyInstance
let port: number
let reached: PromiseWithResolvers<void>
let released: PromiseWithResolvers<void>

beforeEach(async () => {
  reached = Promise.withResolvers()
  released = Promise.withResolvers()
})
afterEach(() => app.close())

async function listen(graceMs?: number): Promise<void> {
  app = Fastify({ return503OnClosing: false })
  await app.register(drain, { ...(graceMs !== undefined && { graceMs }) })
  app.post('/take', async () => 'taken')
  app.get('/quick', async () => 'quick')
  app.get('/held', async () => {
    reached.resolve()
    await released.promise
    return 'held'
  })
  app.get('/begun', (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-length': '9' })
    reply.raw.write('begun')
    void released.promise.then(() => reply.raw.end(' end'))
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  port = (app.server.address() as AddressInfo).port
}

async function open(text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

async function answerTo(path: string, agent: Agent): Promise<IncomingMessage> {
  const [answer] = (await once(get({ host: '127.0.0.1', port, path, agent }), 'response')) as [IncomingMessage]
  return answer
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of answer) text += String(chunk)
  return text
}

/** Waits until the server has read everything that was written before. */
async function untilRead(): Promise<void> {
  await fetch(`http://127.0.0.1:${port}/quick`).then((answer) => answer.text())
}

it.each([
  ['half a request header', 'GET /quick HTTP/1.1\r\nHost: localhost\r\n'],
  ['half a body', 'POST /take HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nhal'],
  [
    'half a body, after a request that was answered',
    'GET /quick HTTP/1.1\r\nHost: localhost\r\n\r\nPOST /take HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nhal',
  ],
])('cuts a connection with %s when the grace period ends', async (_name, text) => {
  await listen(GRACE_MS)
  const socket = await open(text)
  const closed = once(socket, 'close')
  await untilRead()

  await app.close()

  await expect(closed).resolves.toBeDefined()
})

it('finishes a request in flight, and tells its client that the connection closes', async () => {
  await listen()
  const agent = new Agent({ keepAlive: true })
  const answer = answerTo('/held', agent)
  await reached.promise
  const closed = app.close()
  await expect.poll(() => app.server.listening).toBe(false)
  released.resolve()

  const { headers } = await answer
  await closed

  expect(headers.connection).toBe('close')
})

it('closes a connection that becomes idle only after closing began', async () => {
  await listen()
  const agent = new Agent({ keepAlive: true })
  const answer = await answerTo('/begun', agent) // its headers were sent before, without Connection: close
  const closed = app.close()
  await expect.poll(() => app.server.listening).toBe(false)
  released.resolve()

  expect(await textOf(answer)).toBe('begun end')
  await closed
})
