import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { freePort } from '../test-support/database-server.ts'
import { checkPort, checkSmtp } from './port-checks.ts'

async function serve(listener: RequestListener): Promise<number> {
  const server = createHttpServer(listener)
  onTestFinished(() => server.closeAllConnections())
  return listen(server)
}

const check = (port: number, isDataFolderTaken: boolean | null = null, host = '127.0.0.1') =>
  checkPort({ host, port, isDataFolderTaken, signal: new AbortController().signal })
const product: RequestListener = (request, response) =>
  response.writeHead(503).end(request.url === '/readyz' ? JSON.stringify({ checks: { vaultKeys: 'ok' } }) : '')

it('finds a port that is free, and leaves it free', async () => {
  const port = await freePort()

  expect(await check(port)).toMatchObject({ code: 'port-free' })
  expect(await check(port)).toMatchObject({ code: 'port-free' })
})

it('tells our own running product, ready or not, from another program', async () => {
  const port = await serve(product)

  expect(await check(port)).toMatchObject({ code: 'port-own' })
  expect(await check(port, true)).toMatchObject({ code: 'port-own' })
  expect(await check(await serve((_request, response) => response.end('{"status":"ok"}')))).toMatchObject({
    code: 'port-taken',
  })
})

it('tells another installation from our own by the data folder, which nobody uses', async () => {
  expect(await check(await serve(product), false)).toMatchObject({ code: 'port-taken' })
})

it('reports an address that this machine does not have', async () => {
  expect(await check(0, null, '192.0.2.1')).toMatchObject({ code: 'port-not-local' })
})

const NOW = new Date('2026-11-27T00:00:00Z')
const valid = (from: string, to: string) => ({ validFrom: new Date(from), validTo: new Date(to) })
const GOOD = valid('2026-01-01', '2027-06-01')

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

const checkDoor = async (changes: Partial<Parameters<typeof checkSmtp>[0]> = {}) =>
  checkSmtp({
    host: '127.0.0.1',
    ports: [await freePort()],
    certificate: GOOD,
    product: { host: '127.0.0.1', port: await freePort() },
    isDataFolderTaken: null,
    now: NOW,
    signal: new AbortController().signal,
    ...changes,
  })

it.each([
  ['smtp-ready', GOOD],
  ['smtp-without-tls', null],
  ['smtp-certificate-expires-soon', valid('2026-01-01', '2026-12-10')],
  ['smtp-certificate-expired', valid('2026-01-01', '2026-11-26')],
  ['smtp-certificate-not-yet-valid', valid('2026-12-01', '2027-12-01')],
])('finds %s', async (code, certificate) => {
  expect(await checkDoor({ certificate })).toMatchObject({ code })
})

it('tells the ports of our own running product from those that another program has', async () => {
  const taken = await listen(createServer())
  const readiness = createHttpServer((_request, response) => response.end('{"checks":{"vaultKeys":"ok","smtp":"ok"}}'))
  const product = { host: '127.0.0.1', port: await listen(readiness) }

  expect(await checkDoor({ ports: [taken], product })).toMatchObject({ code: 'smtp-own' })
  expect(await checkDoor({ ports: [taken], product, isDataFolderTaken: false })).toMatchObject({
    code: 'smtp-port-taken',
  })
  expect(await checkDoor({ ports: [await freePort(), taken] })).toMatchObject({
    code: 'smtp-port-taken',
    values: { port: taken },
  })
})

it('reports an address that this machine does not have', async () => {
  expect(await checkDoor({ host: '192.0.2.1' })).toMatchObject({ code: 'smtp-not-local' })
})
