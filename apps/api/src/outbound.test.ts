import { writeFileSync } from 'node:fs'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer, type Server } from 'node:tls'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { selfSignedCertificate } from '../../../packages/m365/src/test-support/self-signed-certificate.ts'
import { serveProxy } from '../../../packages/m365/src/test-support/servers.ts'
import { useFixture } from './test-support/use-fixture.ts'
import { useFolder } from './test-support/use-created.ts'

const { certificate, privateKey } = selfSignedCertificate()

const fixture = useFixture()
let standIn: Server
let authorityHost: string
const directory = useFolder()
let certificateFile: string

// Microsoft behind https, with a certificate that only the extra file makes trusted.
beforeAll(async () => {
  const simulatorPort = Number(new URL(fixture.microsoft.url).port)
  standIn = createServer({ cert: certificate, key: privateKey }, (near) => {
    const far = connect(simulatorPort, '127.0.0.1')
    for (const socket of [near, far]) socket.on('error', () => [near, far].map((each) => each.destroy()))
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => standIn.listen(0, '127.0.0.1', resolve))
  authorityHost = `https://localhost:${(standIn.address() as AddressInfo).port}`
  certificateFile = join(directory, 'ca.pem')
  writeFileSync(certificateFile, certificate)
})
afterAll(() => void standIn.close())

beforeEach(() => fixture.clear())

/** Completes a sign-in, for which the product requests tokens. Returns how often Microsoft was asked. */
async function tokenRequests(environment: Record<string, string>): Promise<number> {
  const product = await fixture.startProduct({
    environment: { ROLE: 'api', AZURE_AUTHORITY_HOST: authorityHost, ...environment },
  })
  const browser = product.newBrowser()
  const { headers } = await browser.visit('/auth/sign-in')
  const state = new URL(headers.get('location') ?? '').searchParams.get('state') ?? ''
  await browser.open(`/auth/microsoft/callback?${new URLSearchParams({ state, code: 'a-code' }).toString()}`)
  const { endpoints } = await fixture.microsoft.control('GET', '/counters')
  return endpoints.token?.requests ?? 0
}

it('trusts the certificates of NODE_EXTRA_CA_CERTS for Microsoft', async () => {
  expect(await tokenRequests({ NODE_EXTRA_CA_CERTS: certificateFile })).toBe(1)
})

it('sends nothing to Microsoft if its certificate is not trusted', async () => {
  expect(await tokenRequests({})).toBe(0)
})

it('reaches Microsoft through HTTPS_PROXY', async () => {
  const proxy = await serveProxy()

  expect(await tokenRequests({ NODE_EXTRA_CA_CERTS: certificateFile, HTTPS_PROXY: proxy.origin })).toBe(1)
  expect(proxy.targets).toEqual([new URL(authorityHost).host])
})

it('bypasses the proxy for the hosts of NO_PROXY', async () => {
  const proxy = await serveProxy()
  const environment = { NODE_EXTRA_CA_CERTS: certificateFile, HTTPS_PROXY: proxy.origin, NO_PROXY: 'localhost' }

  expect(await tokenRequests(environment)).toBe(1)
  expect(proxy.targets).toEqual([])
})
