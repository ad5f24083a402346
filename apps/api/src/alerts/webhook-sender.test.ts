import type { IncomingHttpHeaders, RequestListener } from 'node:http'
import type { LookupFunction } from 'node:net'
import pino from 'pino'
import { Webhook } from 'standardwebhooks'
import { expect, it } from 'vitest'
import { selfSignedCertificate } from '../../../../packages/m365/src/test-support/self-signed-certificate.ts'
import { freePort } from '../../../../packages/m365/src/test-support/free-port.ts'
import { serveTls } from '../../../../packages/m365/src/test-support/servers.ts'
import { systemClock, systemTimers } from '../runtime/clock.ts'
import { newKey, vaultOf } from '../test-support/sealed-rows.ts'
import { createAddressRule, type AddressRule } from './webhook-address.ts'
import { createWebhookSender, webhookSecretOwner } from './webhook-sender.ts'

const NEVER_MS = 600_000
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const vault = vaultOf(newKey('test'))
const WEBHOOK = {
  id: 'whk_1',
  tenantId: 'ten_1',
  secretSealed: await vault.seal(SECRET, webhookSecretOwner('ten_1', 'whk_1')),
}
const BODY = '{"type":"webhook.test"}'
const TEST = { id: `alt_${'0'.repeat(32)}`, type: 'webhook.test', body: BODY } as const
const SENDER = { vault, clock: systemClock, timers: systemTimers, logger: pino({ level: 'silent' }) }
const everywhere: AddressRule = () => true
const certificate = selfSignedCertificate()

interface Received {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Starts a receiver at the name `localhost`. */
async function receive(answer: RequestListener): Promise<{ origin: string; received: Received[] }> {
  const received: Received[] = []
  const origin = await serveTls(certificate, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() })
      answer(request, response)
    })
  })
  return { origin, received }
}

function status(code: number, headers: Record<string, string> = {}): RequestListener {
  return (_request, response) => void response.writeHead(code, headers).end('the answer')
}

async function post(
  url: string,
  options: { allowAddress?: AddressRule; trusted?: boolean; timeoutMs?: number; lookup?: LookupFunction } = {},
  signal?: AbortSignal,
) {
  const { allowAddress = everywhere, trusted = true, ...rest } = options
  const send = createWebhookSender({
    allowAddress,
    extraCaCertificates: trusted ? certificate.certificate : null,
    ...SENDER,
    timeoutMs: NEVER_MS, // longer than a test, so that it cannot be what ends a connection
    ...rest,
  })
  const { outcome, status } = await send({ ...WEBHOOK, url }, TEST, signal)
  return { outcome, status }
}

function resolvesTo(...answers: readonly (readonly string[])[]): { lookup: LookupFunction; asked: string[] } {
  const asked: string[] = []
  const lookup: LookupFunction = (hostname, _options, callback) => {
    const addresses = answers[asked.length] ?? []
    asked.push(hostname)
    callback(
      null,
      addresses.map((address) => ({ address, family: 4 })),
    )
  }
  return { lookup, asked }
}

// What is sent

it('sends a body that the Standard Webhooks library accepts with the secret, and not the secret', async () => {
  const { origin, received } = await receive(status(204))

  expect(await post(`${origin}/hook?team=7`)).toEqual({ outcome: 'delivered', status: 204 })

  const [{ url, headers, body } = { url: '', headers: {}, body: '' }] = received
  expect(url).toBe('/hook?team=7')
  expect(headers).toMatchObject({ 'webhook-id': `alt_${'0'.repeat(32)}`, 'content-type': 'application/json' })
  expect(JSON.stringify(received)).not.toContain(SECRET.slice('whsec_'.length))
  expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toEqual(JSON.parse(BODY))
})

// What comes back

it.each([
  [200, 'delivered'],
  [299, 'delivered'],
  [301, 'redirected'],
  [302, 'redirected'],
  [303, 'redirected'],
  [307, 'redirected'],
  [308, 'redirected'],
  [400, 'refused'],
  [410, 'refused'],
  [503, 'refused'],
])('takes the status %s for %s, and follows no redirect', async (code, outcome) => {
  const { origin, received } = await receive(status(code, { location: '/elsewhere' }))

  expect(await post(origin)).toEqual({ outcome, status: code })
  expect(received).toHaveLength(1)
})

it('does not read the answer, however long it is', async () => {
  const closed = Promise.withResolvers<void>()
  const { origin } = await receive((_request, response) => {
    response.on('close', closed.resolve)
    response.writeHead(200)
    const write = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    }
    response.on('drain', write)
    write()
  })

  expect(await post(origin)).toEqual({ outcome: 'delivered', status: 200 })
  await closed.promise
})

it('gives up when no answer comes in time', async () => {
  const { origin } = await receive(() => {})

  expect(await post(origin, { timeoutMs: 200 })).toEqual({ outcome: 'timed-out', status: null })
})

it('reports a refused connection', async () => {
  const result = await post(`https://localhost:${await freePort()}`)

  expect(result).toEqual({ outcome: 'connection-failed', status: null })
})

it('says that a name leads nowhere', async () => {
  const lookup: LookupFunction = (_hostname, _options, callback) =>
    callback(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), [])

  expect(await post('https://nowhere.test', { lookup })).toEqual({ outcome: 'name-not-found', status: null })
})

it.each([
  ['of an unknown issuer', 'localhost', false],
  ['of another name', 'other.test', true],
])('refuses a certificate %s', async (_what, host, trusted) => {
  const { origin, received } = await receive(status(204))
  const { lookup } = resolvesTo(['127.0.0.1'])

  const result = await post(origin.replace('localhost', host), { lookup, trusted })

  expect(result).toEqual({ outcome: 'certificate-refused', status: null })
  expect(received).toEqual([])
})

it('rejects when its signal is aborted', async () => {
  const { origin } = await receive(() => {})

  await expect(post(origin, {}, AbortSignal.timeout(100))).rejects.toThrow('aborted')
})

// Where it goes

it.each([
  ['a name', 'localhost'],
  ['an address', '127.0.0.1'],
  ['an address in hex', '0x7f000001'],
  ['an address as one number', '2130706433'],
  ['a mapped address', '[::ffff:127.0.0.1]'],
])('does not even connect to this machine by %s', async (_what, host) => {
  const { origin, received } = await receive(status(204))
  const url = origin.replace('localhost', host)

  const result = await post(url, { allowAddress: createAddressRule({ allowPrivate: true }) })

  expect(result).toEqual({ outcome: 'address-refused', status: null })
  expect(received).toEqual([])
})

it('checks the very address that it connects to, whatever the name resolved to before', async () => {
  const { origin, received } = await receive(status(204))
  const { lookup, asked } = resolvesTo(['127.0.0.1'], ['127.0.0.2'])
  const sender = createWebhookSender({
    allowAddress: (address) => address === '127.0.0.1',
    extraCaCertificates: certificate.certificate,
    ...SENDER,
    timeoutMs: NEVER_MS,
    lookup,
  })
  const send = () => sender({ ...WEBHOOK, url: origin }, TEST)

  expect(await send()).toMatchObject({ outcome: 'delivered', status: 204 })
  expect(await send()).toMatchObject({ outcome: 'address-refused', status: null })
  expect(asked).toEqual(['localhost', 'localhost'])
  expect(received).toHaveLength(1)
})

it('connects only to the allowed ones of several addresses', async () => {
  const { origin, received } = await receive(status(204))
  const { lookup } = resolvesTo(['127.0.0.2', '127.0.0.1'])
  const checked: string[] = []
  const allowAddress = (address: string) => {
    checked.push(address)
    return address === '127.0.0.1'
  }

  expect(await post(origin, { lookup, allowAddress })).toEqual({ outcome: 'delivered', status: 204 })
  expect(checked).toEqual(['127.0.0.2', '127.0.0.1'])
  expect(received).toHaveLength(1)
})
