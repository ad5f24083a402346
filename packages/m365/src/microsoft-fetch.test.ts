import { getEventListeners } from 'node:events'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createMicrosoftFetch, NotSentError, type MicrosoftFetchOptions } from './microsoft-fetch.ts'
import { selfSignedCertificate } from './test-support/self-signed-certificate.ts'
import { serve, serveProxy, serveSocket, serveTls, type SocketListener } from './test-support/servers.ts'

const POST = { method: 'POST', body: 'a mail' }
/** No call takes this long, however busy the machine is. */
const LONG_MS = 20_000
const PLAIN_ANSWER = 'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'
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
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const response = await createMicrosoftFetch({ timeoutMs: LONG_MS })(origin)
    const text = response.text()
    vi.advanceTimersByTime(LONG_MS)
    await expect(text).rejects.toMatchObject({ name: 'TimeoutError' })
  })

  it('reads an answer that came while the process stood still, although its time is over', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { port } = await serveSocket((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n')
        // In the phase of the loop that precedes the next reading of sockets, as the timers of a process that goes on do.
        setImmediate(() => vi.advanceTimersByTime(LONG_MS))
      })
    })
    expect((await createMicrosoftFetch({ timeoutMs: LONG_MS })(`http://127.0.0.1:${port}`, POST)).status).toBe(202)
  })

  it('breaks off every call of a signal, and leaves no listener on it', async () => {
    const stop = new AbortController()
    const { signal } = stop
    let asked = 0
    const origin = await serve((request, response) => {
      if (request.url === '/answered') response.end()
      else if (++asked === 2) stop.abort(new Error('The caller goes.'))
    })
    const fetch = createMicrosoftFetch({})
    await (await fetch(`${origin}/answered`, { signal })).text()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)

    const calls = [fetch(`${origin}/first`, { signal }), fetch(`${origin}/last`, { signal })]
    const reason = 'The caller goes.'
    await Promise.all(calls.map((call) => expect(call).rejects.toThrow(reason)))
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('does not send a request that was aborted while it waited for a connection', async () => {
    const asked: (string | undefined)[] = []
    const origin = await serveTls(tls, (request, response) => {
      asked.push(request.url)
      response.end()
    })
    const fetch = createMicrosoftFetch({ extraCaCertificates: tls.certificate })
    const stop = new AbortController()
    const aborted = fetch(`${origin}/aborted`, { signal: stop.signal })
    stop.abort(new Error('The caller goes.'))

    await expect(aborted).rejects.toMatchObject({ name: 'NotSentError', cause: stop.signal.reason })
    await (await fetch(`${origin}/later`)).text()
    expect(asked).toEqual(['/later'])
  })

  it.each<[string, SocketListener]>([
    ['resets the TLS handshake', (socket) => void socket.once('data', () => socket.resetAndDestroy())],
    ['ends the TLS handshake', (socket) => void socket.once('data', () => socket.end())],
    ['answers the TLS handshake without TLS', (socket) => void socket.once('data', () => socket.end(PLAIN_ANSWER))],
  ])('says that nothing was sent when the host %s', async (_, listener) => {
    const { port } = await serveSocket(listener)
    await expect(post(`https://localhost:${port}`)).rejects.toThrow(NotSentError)
  })

  it('says that nothing was sent when the call times out in the TLS handshake', async () => {
    const { port } = await serveSocket(() => {})
    await expect(post(`https://localhost:${port}`, { timeoutMs: 50 })).rejects.toMatchObject({
      name: 'NotSentError',
      cause: { name: 'TimeoutError' },
    })
  })

  it.each<[string, SocketListener]>([
    ['resets the connection', (socket) => void socket.once('data', () => socket.resetAndDestroy())],
    ['closes the connection', (socket) => void socket.once('data', () => socket.end())],
    ['answers with something else than HTTP', (socket) => void socket.once('data', () => socket.end('220 smtp\r\n'))],
  ])('does not say that nothing was sent when the host has the request and %s', async (_, listener) => {
    const { port, received } = await serveSocket(listener)
    const sent = post(`http://127.0.0.1:${port}`).catch((error: unknown) => error)
    await expect(sent).resolves.toBeInstanceOf(Error)
    expect([received(), (await sent) instanceof NotSentError]).toEqual([expect.stringContaining('POST /'), false])
  })

  it('does not say that nothing was sent when the host has the request and the call times out', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { port, received } = await serveSocket((socket) => {
      socket.once('data', () => vi.advanceTimersByTime(LONG_MS))
    })
    const failure = await post(`http://127.0.0.1:${port}`).catch((error: unknown) => error)

    expect([received(), failure]).toEqual([expect.stringContaining('POST /'), expect.any(DOMException)])
  })

  it('does not say that nothing was sent when the host resets a connection that it has answered on before', async () => {
    const { port, received, connections } = await serveSocket((socket) => {
      socket.on('data', (chunk) => {
        if (chunk.toString().startsWith('POST')) socket.resetAndDestroy()
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK')
      })
    })
    const fetch = createMicrosoftFetch({})
    await (await fetch(`http://127.0.0.1:${port}`)).text()
    await new Promise((resolve) => setImmediate(resolve)) // undici uses a connection again after one turn of the loop
    const failure = await fetch(`http://127.0.0.1:${port}`, POST).catch((error: unknown) => error)

    expect([connections(), received(), failure]).toEqual([1, expect.stringContaining('POST /'), expect.any(Error)])
    expect(failure).not.toBeInstanceOf(NotSentError)
  })

  it('sends nothing for a caller that has gone already', async () => {
    const { port, connections } = await serveSocket(() => {})
    const signal = AbortSignal.abort(new Error('The caller is gone.'))
    await expect(createMicrosoftFetch({})(`http://127.0.0.1:${port}`, { signal })).rejects.toMatchObject({
      name: 'NotSentError',
      cause: signal.reason,
    })
    expect(connections()).toBe(0)
  })

  it('closes the connection of a body that is not read to its end', async () => {
    const closed = Promise.withResolvers<string>()
    const origin = await serve((request, response) => {
      request.socket.once('close', () => closed.resolve('closed'))
      response.writeHead(200).write('half')
    })
    const { body } = await createMicrosoftFetch({})(origin)
    for await (const chunk of body ?? []) if (chunk.length > 0) break

    await expect(closed.promise).resolves.toBe('closed')
  })

  it('does not trust a self-signed certificate', async () => {
    const origin = await serveTls(tls, (_request, response) => response.end())
    await expect(createMicrosoftFetch({})(origin)).rejects.toMatchObject({
      name: 'NotSentError',
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    })
  })

  it('trusts the extra certificates', async () => {
    const origin = await serveTls(tls, (_request, response) => response.end('trusted'))
    const extraCaCertificates = `# a comment\n${selfSignedCertificate('another').certificate}${tls.certificate}`
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

async function post(url: string, options: MicrosoftFetchOptions = {}): Promise<unknown> {
  return createMicrosoftFetch({ timeoutMs: LONG_MS, ...options })(url, POST)
}
