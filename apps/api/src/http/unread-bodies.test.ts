import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import Fastify from 'fastify'
import { afterEach, expect, it, vi } from 'vitest'
import type { Holder } from '../memory/shares.ts'
import { unreadBodies } from './unread-bodies.ts'

const MIB = 1024 * 1024

let closing: (() => unknown)[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const close of closing.toReversed()) await close()
  closing = []
})

/** Starts an application that takes bodies of one byte, and refuses with 401 who sends no key. */
async function listen(limits: Parameters<typeof unreadBodies>[1] = {}): Promise<number> {
  const app = Fastify({ bodyLimit: 1 })
  app.decorateRequest('holder', 'strangers' satisfies Holder)
  await app.register(unreadBodies, limits)
  app.post('/', {
    onRequest: async ({ headers }, reply) => {
      if (headers.authorization === undefined) return reply.code(401).send('Who are you?')
    },
    handler: async () => 'taken',
  })
  const url = await app.listen({ host: 'localhost', port: 0 })
  closing.push(() => app.close())
  return Number(new URL(url).port)
}

interface Client {
  readonly socket: Socket
  readonly answer: () => string
  /** Sends more of the body, and resolves once the server has taken it. */
  readonly send: (bytes: number) => Promise<void>
  /** Settles when the server has closed the connection: `close`, or the code of an error. */
  readonly closed: Promise<string>
}

/** Begins a request of 100 MiB and waits for the answer. */
async function refused(port: number, headers = 'authorization: key', length = 100 * MIB): Promise<Client> {
  const socket = connect(port, 'localhost')
  closing.push(() => socket.destroy())
  const closed = new Promise<string>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
    socket.once('close', () => resolve('close'))
  })
  let answer = ''
  socket.on('data', (data: Buffer) => (answer += data.toString('latin1')))
  await once(socket, 'connect')
  socket.write(
    `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${headers}\r\ncontent-length: ${length}\r\n\r\n`,
  )
  await expect.poll(() => answer).toContain('\r\n\r\n')
  return {
    socket,
    answer: () => answer,
    closed,
    send: (bytes) => new Promise((resolve) => void socket.write(Buffer.alloc(bytes), () => resolve())),
  }
}

it.each([
  ['that is too long', 'authorization: key', 413],
  ['of somebody unknown', 'x-none: 1', 401],
])(
  'answers before a body %s has arrived, takes the rest of it, and then the next request',
  async (_what, key, status) => {
    const { answer, send, socket } = await refused(await listen(), key, 20 * MIB)
    for (let sent = 0; sent < 20; sent++) await send(MIB)
    socket.write(`POST / HTTP/1.1\r\nhost: localhost\r\nauthorization: key\r\ncontent-length: 0\r\n\r\n`)

    await expect.poll(answer).toContain('taken')
    expect(answer()).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  },
)

it('closes the connection after the body of a client that asks for it', async () => {
  const client = await refused(await listen(), 'authorization: key\r\nconnection: close', 20 * MIB)
  for (let sent = 0; sent < 20; sent++) await client.send(MIB)

  expect(await client.closed).toBe('close')
})

it('closes the connection of who sends more than that after a refusal', async () => {
  const client = await refused(await listen({ bytes: MIB }))
  void client.send(8 * MIB)

  expect(await client.closed).toBeOneOf(['ECONNRESET', 'EPIPE', 'close'])
})

it('keeps connections open within the share of a caller', async () => {
  const port = await listen({ atOnce: 4 })
  const clients = []
  for (let begun = 0; begun < 4; begun++) clients.push(await refused(port))

  expect(clients.map(({ answer }) => answer().includes('connection: close'))).toEqual([false, false, false, true])
})
