import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createTcpLink } from './tcp-link.ts'

/** A link to a server that answers whatever it is sent with "done". */
async function openLink() {
  const received: string[] = []
  const server = createServer((socket) =>
    socket
      .on('error', () => {})
      .on('data', (bytes) => {
        received.push(bytes.toString())
        socket.write('done')
      }),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const link = await createTcpLink((server.address() as AddressInfo).port)
  const client = connect(link.port, '127.0.0.1').on('error', () => {})
  await once(client, 'connect')
  onTestFinished(async () => {
    client.destroy()
    await link.close()
    server.close()
  })
  const ask = async (request: string) => {
    client.write(request)
    const [bytes] = await Promise.race([once(client, 'data'), once(client, 'close').then(() => [null])])
    return bytes === null ? null : String(bytes)
  }
  return { link, received, ask }
}

it('breaks the connection of a request, and lets others through', async () => {
  const { link, received, ask } = await openLink()
  link.loseRequest(/COMMIT/)
  expect([await ask('SELECT 1'), await ask('COMMIT')]).toEqual(['done', null])
  expect(received).toEqual(['SELECT 1'])
})

it('breaks the connection instead of the answer', async () => {
  const { link, received, ask } = await openLink()
  link.loseAnswerTo(/COMMIT/)
  expect([await ask('SELECT 1'), await ask('COMMIT')]).toEqual(['done', null])
  expect(received).toEqual(['SELECT 1', 'COMMIT'])
})
