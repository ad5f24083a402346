import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createMicrosoftFetch, type MicrosoftFetchOptions } from './microsoft-fetch.ts'
import { reachHost, type Reach, type ReachedAnswer } from './reach.ts'
import { selfSignedCertificate } from './test-support/self-signed-certificate.ts'
import { freePort } from './test-support/free-port.ts'
import { serve, serveProxy, serveTls } from './test-support/servers.ts'

const NOW = new Date('2026-11-24T10:00:00.500Z')
/** No call takes this long, however busy the machine is. */
const LONG_MS = 600_000
const isExpected = ({ text }: ReachedAnswer) => text === 'of Microsoft'

function reach(url: string, options: MicrosoftFetchOptions = {}): Promise<Reach> {
  const fetch = createMicrosoftFetch({ timeoutMs: LONG_MS, ...options })
  return reachHost({ url, fetch, clock: () => NOW, signal: new AbortController().signal, isExpected })
}

it('tells how far the clock is ahead of the host’s', async () => {
  const url = await serve((_request, response) =>
    response.setHeader('date', new Date('2026-11-24T09:58:00Z').toUTCString()).end('of Microsoft'),
  )

  expect(await reach(url)).toEqual({ outcome: 'answers', aheadMs: 120_000 })
})

it('tells that the host says nothing about its time', async () => {
  const url = await serve((_request, response) => {
    response.sendDate = false
    response.end('of Microsoft')
  })

  expect(await reach(url)).toEqual({ outcome: 'answers', aheadMs: null })
})

it.each([
  [200, { outcome: 'impersonated', status: 200 }],
  [403, { outcome: 'impersonated', status: 403 }],
  [503, { outcome: 'unavailable', status: 503, aheadMs: null }],
])('does not take a page with HTTP %i for an answer of the host', async (status, expected) => {
  const url = await serve((_request, response) => response.writeHead(status).end('<h1>Sign in to the network</h1>'))

  expect(await reach(url)).toEqual(expected)
})

it('tells that the connection is refused', async () => {
  expect(await reach(`http://127.0.0.1:${await freePort()}`)).toEqual({
    outcome: 'host-refuses',
    reason: 'ECONNREFUSED',
  })
})

it('tells that the name is not known', async () => {
  expect(await reach('https://graph.invalid')).toMatchObject({ outcome: 'host-unknown' })
})

it('tells that nothing comes back in time', async () => {
  const url = await serve(() => {})

  expect(await reach(url, { timeoutMs: 100 })).toEqual({ outcome: 'host-silent', reason: 'TimeoutError' })
})

it('tells that the connection broke off', async () => {
  const url = await serve((request) => request.socket.destroy())

  expect(await reach(url)).toMatchObject({ outcome: 'host-broke-off' })
})

it('tells that the certificate is not trusted, and trusts it with the extra certificates', async () => {
  const certificate = selfSignedCertificate()
  const url = await serveTls(certificate, (_request, response) => response.end('of Microsoft'))

  expect(await reach(url)).toMatchObject({ outcome: 'certificate-refused' })
  expect(await reach(url, { extraCaCertificates: certificate.certificate })).toMatchObject({ outcome: 'answers' })
})

it.each([403, 407])('tells that the proxy refuses with HTTP %i', async (status) => {
  const { origin } = await serveProxy(status)

  expect(await reach('https://graph.microsoft.com', { httpsProxy: origin })).toEqual({
    outcome: 'proxy-refuses',
    status,
  })
})

it('tells that the proxy is out of reach, and not the host', async () => {
  const refusing = `http://127.0.0.1:${await freePort()}`

  expect(await reach('https://graph.microsoft.com', { httpsProxy: refusing })).toMatchObject({
    outcome: 'proxy-not-reached',
  })
  expect(await reach('https://graph.microsoft.com', { httpsProxy: 'http://proxy.invalid:8080' })).toMatchObject({
    outcome: 'proxy-not-reached',
  })
})

it('ends with the signal', async () => {
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void silent.close())
  const controller = new AbortController()
  const fetch = createMicrosoftFetch({})
  const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  const reaching = reachHost({ url, fetch, clock: () => NOW, signal: controller.signal })

  controller.abort(new Error('no longer wanted'))

  await expect(reaching).rejects.toThrow('no longer wanted')
})
