import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { startFromTheShell, type StartedProduct } from './test-support/started-product.ts'
import { useFixture } from './test-support/use-fixture.ts'

const START = ['node', 'scripts/start.mjs'] as const

const fixture = useFixture()

/** With an external database, so that it starts quickly. */
function external(role: 'api' | 'worker'): Record<string, string> {
  return {
    ROLE: role,
    DATABASE_URL: fixture.database.url,
    VAULT_KEYS: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    AZURE_TENANT_ID: '11111111-2222-4333-8444-555555555555',
    AZURE_CLIENT_ID: '66666666-7777-4888-9999-aaaaaaaaaaaa',
    AZURE_CLIENT_SECRET: 'the-secret-of-the-test-registration',
    AZURE_AUTHORITY_HOST: fixture.microsoft.authorityHost,
    GRAPH_BASE_URL: fixture.microsoft.graphBaseUrl,
  }
}

const BY_REQUEST = [
  { code: 0, signal: null },
  { code: null, signal: 'SIGTERM' },
]

describe('asked to stop', () => {
  it.each<[string, (product: StartedProduct) => Promise<void>]>([
    ['before the product listens for signals', (product) => product.untilProcess('scripts/launch.ts')],
    // By the folder that it makes, which the server names too where nobody looked in time.
    ['while the database is being created', (product) => product.untilProcess('demo/postgres')],
    ['while the database starts', (product) => product.untilFile('demo/postgres/postmaster.pid')],
    ['as soon as it is ready', (product) => product.untilReady()],
  ])('%s, it exits as asked and leaves no process', async (_when, reached) => {
    const product = await startFromTheShell(START)
    await reached(product)

    product.signal('SIGTERM')

    expect(await product.ended).toBeOneOf(BY_REQUEST)
    expect(await product.processes()).toEqual([])
  })

  it('more than once, as a worker, it exits with 0 and leaves no process', async () => {
    const product = await startFromTheShell(START, external('worker'))
    await product.untilReady()

    product.signal('SIGTERM')
    await expect.poll(() => fetch(`http://127.0.0.1:${product.port}/healthz`).catch(() => null)).toBeNull()
    product.signal('SIGTERM')
    product.signal('SIGINT')

    expect(await product.ended).toEqual({ code: 0, signal: null })
    expect(await product.processes()).toEqual([])
  })

  it('because its terminal is closed, while clients hold connections open and its log cannot be written, it exits with 0 and leaves no process', async () => {
    const fullDisk = process.platform === 'linux' ? openSync('/dev/full', 'w') : 'ignore'
    const product = await startFromTheShell(START, { ...external('api'), LOG_LEVEL: 'info' }, { output: fullDisk })
    if (fullDisk !== 'ignore') closeSync(fullDisk)
    await product.untilReady()
    const sockets = [
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\n',
      'POST /api/v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    ].map((text) => {
      const socket = connect(product.port, '127.0.0.1')
      socket.on('error', () => {}).resume()
      socket.write(text)
      return socket
    })
    const closed = Promise.all(sockets.map((socket) => once(socket, 'close')))
    expect((await fetch(`http://127.0.0.1:${product.port}/healthz`)).status).toBe(200)

    product.signal('SIGHUP')

    expect(await product.ended).toEqual({ code: 0, signal: null })
    await closed
    expect(await product.processes()).toEqual([])
  })
})

describe('when it is killed, everything ends', () => {
  it('with npm', async () => {
    const product = await startFromTheShell(['npm', 'start'], external('api'))
    await product.untilReady()

    product.signal('SIGKILL')

    await expect.poll(() => product.processes()).toEqual([])
  })

  it('with the process that started it, before the product watches for that', async () => {
    const product = await startFromTheShell(START, external('api'))
    await product.untilProcess('scripts/launch.ts')

    product.signal('SIGKILL')

    await expect.poll(() => product.processes()).toEqual([])
  })
})
