import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDatabaseLink, type DatabaseLink } from './database-link.ts'

/** Answers whatever it is sent with "done", and remembers it. */
let server: Server
let received: string[]
let link: DatabaseLink
let client: Socket

beforeEach(async () => {
  received = []
  server = createServer((socket) =>
    socket
      .on('error', () => {})
      .on('data', (bytes) => {
        received.push(bytes.toString())
        socket.write('done')
      }),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  link = await createDatabaseLink((server.address() as AddressInfo).port)
  client = connect(link.port, '127.0.0.1').on('error', () => {})
  await once(client, 'connect')
})
afterEach(async () => {
  client.destroy()
  await link.close()
  server.close()
})

async function ask(statement: string): Promise<string | null> {
  client.write(statement)
  const [bytes] = await Promise.race([once(client, 'data'), once(client, 'close').then(() => [null])])
  return bytes === null ? null : String(bytes)
}

describe('the link to the database', () => {
  it('cuts before a statement that writes, and lets others through', async () => {
    link.cutAtNextWrite('before')
    expect(await ask('SELECT 1')).toBe('done')
    expect(await ask('COMMIT')).toBeNull()
    expect(received).toEqual(['SELECT 1'])
  })

  it('cuts after a statement that writes has been answered', async () => {
    link.cutAtNextWrite('after')
    expect(await ask('COMMIT')).toBeNull()
    expect(received).toEqual(['COMMIT'])
  })

  it('holds what comes until it is mended', async () => {
    expect(await ask('SELECT 1')).toBe('done')
    link.hold()
    const answer = ask('SELECT 2')
    const other = connect(link.port, '127.0.0.1')
    await once(other, 'connect')
    other.destroy()
    expect(received).toEqual(['SELECT 1'])
    link.restore()
    expect(await answer).toBe('done')
  })

  it('refuses connections while it is cut', async () => {
    link.cut()
    await once(client, 'close')
    const refused = connect(link.port, '127.0.0.1').on('error', () => {})
    await once(refused, 'close')
    link.restore()
    client = connect(link.port, '127.0.0.1')
    expect(await ask('SELECT 1')).toBe('done')
  })
})
