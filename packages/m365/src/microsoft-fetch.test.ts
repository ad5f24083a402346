import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createMicrosoftFetch } from './microsoft-fetch.ts'
import { selfSignedCertificate } from './test-support/self-signed-certificate.ts'
import { serve, serveProxy, serveTls } from './test-support/servers.ts'

const tls = selfSignedCertificate()

describe('a Microsoft fetch', () => {
  it('sends method, headers and body, and returns status, headers and body', async () => {
    const origin = await serve((request, response) => {
      response.writeHead(207, { 'x-seen': [request.method, request.headers['x-asked']].join(' ') })
      request.pipe(response)
    })
    const response = await createMicrosoftFetch({})(origin, {
      method: 'POST',
      headers: { 'x-asked': '1' },
      body: 'body',
    })
    expect([response.status, response.headers.get('x-seen'), await response.text()]).toEqual([207, 'POST 1', 'body'])
  })

  it('asks for an uncompressed body', async () => {
    const origin = await serve((request, response) => response.end(request.headers['accept-encoding']))
    expect(await (await createMicrosoftFetch({})(origin)).text()).toBe('identity')
  })

  it('does not follow a redirect', async () => {
    const asked: (string | undefined)[] = []
    const origin = await serve((request, response) => {
      asked.push(request.url)
      response.writeHead(302, { location: '/elsewhere' }).end()
    })
    expect((await createMicrosoftFetch({})(`${origin}/here`)).status).toBe(302)
    expect(asked).toEqual(['/here'])
  })

  it('gives up when no answer comes in time', async () => {
    const origin = await serve(() => {})
    await expect(createMicrosoftFetch({ timeoutMs: 50 })(origin)).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('gives up when the body does not end in time', async () => {
    const origin = await serve((_request, response) => response.writeHead(200).write('half'))
    const response = await createMicrosoftFetch({ timeoutMs: 1_000 })(origin)
    await expect(response.text()).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('aborts with the caller’s signal', async () => {
    const stop = new AbortController()
    const origin = await serve(() => stop.abort())
    await expect(createMicrosoftFetch({})(origin, { signal: stop.signal })).rejects.toMatchObject({
      name: 'AbortError',
    })
  })

  it('does not trust a self-signed certificate', async () => {
    const origin = await serveTls(tls, (_request, response) => response.end())
    await expect(createMicrosoftFetch({})(origin)).rejects.toMatchObject({
      code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    })
  })

  it('trusts the extra certificates', async () => {
    const origin = await serveTls(tls, (_request, response) => response.end('trusted'))
    const extraCaCertificates = `# a comment\n${selfSignedCertificate('another').certificate}${tls.certificate}`
    expect(await (await createMicrosoftFetch({ extraCaCertificates })(origin)).text()).toBe('trusted')
  })

  it('trusts Node’s own certificates besides the extra ones', async () => {
    const before = getCACertificates('default')
    onTestFinished(() => setDefaultCACertificates(before))
    setDefaultCACertificates([tls.certificate])
    const origin = await serveTls(tls, (_request, response) => response.end('trusted'))
    const extraCaCertificates = selfSignedCertificate('another').certificate
    expect(await (await createMicrosoftFetch({ extraCaCertificates })(origin)).text()).toBe('trusted')
  })

  it('reaches https through the proxy, and trusts the extra certificates there too', async () => {
    const origin = await serveTls(tls, (_request, response) => response.end('through the proxy'))
    const proxy = await serveProxy()
    const fetch = createMicrosoftFetch({ httpsProxy: proxy.origin, extraCaCertificates: tls.certificate })
    expect(await (await fetch(origin)).text()).toBe('through the proxy')
    expect(proxy.targets).toEqual([new URL(origin).host])
  })

  it('reaches exempt hosts without the proxy', async () => {
    const origin = await serveTls(tls, (_request, response) => response.end('direct'))
    const proxy = await serveProxy()
    const fetch = createMicrosoftFetch({
      httpsProxy: proxy.origin,
      noProxy: 'example.test, localhost',
      extraCaCertificates: tls.certificate,
    })
    expect(await (await fetch(origin)).text()).toBe('direct')
    expect(proxy.targets).toEqual([])
  })

  it('reaches plain http, which is only loopback, without the proxy', async () => {
    const origin = await serve((_request, response) => response.end('direct'))
    const proxy = await serveProxy()
    expect(await (await createMicrosoftFetch({ httpsProxy: proxy.origin })(origin)).text()).toBe('direct')
  })

  it.each(['not a pem file', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'refuses unreadable extra certificates: %s',
    (extraCaCertificates) => {
      expect(() => createMicrosoftFetch({ extraCaCertificates })).toThrow(/extra CA certificates/)
    },
  )

  it('does not quote the password of an invalid proxy URL', () => {
    const create = () => createMicrosoftFetch({ httpsProxy: 'http//user:hunter2@proxy' })
    expect(create).toThrow(/HTTPS_PROXY/)
    expect(create).not.toThrow(/hunter2/)
  })
})
