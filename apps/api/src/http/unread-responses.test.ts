import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import Fastify from 'fastify'
import { expect, it, onTestFinished } from 'vitest'
import { createReaderWatch, PIECE_BYTES, unreadResponses } from './unread-responses.ts'

const BODY = 'größe '.repeat(5_000_000)

async function listen(options: { patienceMs?: number; lookEveryMs?: number } = {}) {
  const app = Fastify({ exposeHeadRoutes: true })
  await app.register(unreadResponses, options)
  app.get('/', async (_request, reply) => reply.type('text/plain; charset=utf-8').send(BODY))
  onTestFinished(() => app.close())
  return { app, url: await app.listen({ host: '127.0.0.1', port: 0 }) }
}

it('sends a large response whole, with its length, and to HEAD the length alone', async () => {
  const { url } = await listen()
  const [whole, head] = [await fetch(url), await fetch(url, { method: 'HEAD' })]

  expect((await whole.text()) === BODY).toBe(true)
  for (const { headers } of [whole, head]) expect(headers.get('content-length')).toBe(String(Buffer.byteLength(BODY)))
})

it('ends the connection of a client that does not read', async () => {
  const { app, url } = await listen({ patienceMs: 100, lookEveryMs: 10 })
  const client = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void client.destroy())
  const [connection] = (await once(app.server, 'connection')) as [Socket]
  client.pause()
  client.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')

  await new Promise((resolve) => connection.once('close', resolve))
  expect(connection.destroyed).toBe(true)
})

it.each([
  ['reads nothing', true, 10, [0, 0, 0]],
  ['reads a piece between some looks', false, 10, [0, 0, 1, 0, 0, 1, 0]],
  ['has nothing to read', false, 0, [0, 0, 0, 0]],
])('where a client %s, ends its connection after three looks: %s', (_what, isEnded, waiting, taken) => {
  const watch = createReaderWatch(3)
  let ended = false
  const socket = { bytesWritten: 500, writableLength: 0, destroy: () => (ended = true) as never }
  watch.add(socket)
  watch.look()
  socket.bytesWritten += waiting * PIECE_BYTES
  socket.writableLength = waiting * PIECE_BYTES
  for (const pieces of taken) {
    socket.writableLength -= pieces * PIECE_BYTES
    watch.look()
  }

  expect(ended).toBe(isEnded)
})
