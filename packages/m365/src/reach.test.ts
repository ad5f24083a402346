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

it.each([
  [200, { outcome: 'impersonated', status: 200 }],
  [403, { outcome: 'impersonated', status: 403 }],
  [503, { outcome: 'unavailable', status: 503, aheadMs: null }],
])('does not take a page with HTTP %i for an answer of the host', async (status, expected) => {
  const url = await serve((_request, response) => response.writeHead(status).end('<h1>Sign in to the network</h1>'))

  expect(await reach(url)).toEqual(expected)
})

const listening = () =>
  serve((_request, response) => {
    response.sendDate = false
    response.end('of Microsoft')
  })

it.each<[string, () => Promise<string>, MicrosoftFetchOptions, Partial<Reach>]>([
  ['the host says nothing about its time', listening, {}, { outcome: 'answers', aheadMs: null }],
  [
    'the connection is refused',
    async () => `http://127.0.0.1:${await freePort()}`,
    {},
    { outcome: 'host-refuses', reason: 'ECONNREFUSED' },
  ],
  ['the name is not known', async () => 'https://graph.invalid', {}, { outcome: 'host-unknown' }],
  ['nothing comes back in time', () => serve(() => {}), { timeoutMs: 100 }, { outcome: 'host-silent' }],
  ['the connection broke off', () => serve(({ socket }) => socket.destroy()), {}, { outcome: 'host-broke-off' }],
])('tells that %s', async (_what, host, options, expected) => {
  expect(await reach(await host(), options)).toMatchObject(expected)
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
