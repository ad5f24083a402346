import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { freePort } from '../test-support/database-server.ts'
import { checkPort } from './port-check.ts'

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
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
