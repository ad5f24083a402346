import { X509Certificate } from 'node:crypto'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { getCACertificates } from 'node:tls'
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici'
import { createAnswerHeaders, type AnswerHeaders } from './answer-headers.ts'

const CONNECT_TIMEOUT_MS = 10_000
const DEFAULT_TIMEOUT_MS = 60_000
const COMMON_HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'inforiver-mail' }

/**
 * The subset of `fetch` that this package uses. Rejects when there is no answer, with the reason of the signal or the
 * error of the connection.
 */
export type MicrosoftFetch = (url: string, init?: MicrosoftFetchInit) => Promise<MicrosoftResponse>

export interface MicrosoftFetchInit {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly signal?: AbortSignal
}

/** The subset of `Response` that this package uses. The connection stays occupied until the body was read. */
export interface MicrosoftResponse {
  readonly status: number
  readonly headers: AnswerHeaders
  /** Null where the answer says that it has none. */
  readonly body: AsyncIterable<Uint8Array> | null
  readonly text: () => Promise<string>
}

export interface MicrosoftFetchOptions {
  /** The proxy for https requests, such as `http://user:password@proxy:8080`. The environment is ignored. */
  readonly httpsProxy?: string
  /** Hosts to reach without the proxy, in the format of `NO_PROXY`. */
  readonly noProxy?: string
  /** PEM text of certificates to trust besides Node's own, as with `NODE_EXTRA_CA_CERTS`. */
  readonly extraCaCertificates?: string
  /** Covers the whole call: connecting, headers and body. */
  readonly timeoutMs?: number
}

/**
 * Makes every request to Microsoft. It follows no redirect (a token must stay with its host), retries nothing (a second
 * POST is a second mail), and gives up after `timeoutMs` even in the middle of a body. Throws when
 * `extraCaCertificates` or `httpsProxy` cannot be read, without quoting them.
 */
export function createMicrosoftFetch(options: MicrosoftFetchOptions): MicrosoftFetch {
  const dispatcher = createDispatcher(options)
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  return (url, { method = 'GET', headers, body = null, signal } = {}) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const { origin, pathname, search } = new URL(url)
      const request = { origin, path: pathname + search, method, headers: { ...COMMON_HEADERS, ...headers }, body }
      const call = startCall({ timeoutMs, signal, onAnswer: resolve, onFailure: reject })
      dispatcher.dispatch(request, call)
    })
}

/**
 * Handles one request. undici’s own `request` makes a stream of every answer and listens to a signal of its own, which takes
 * a tenth of the CPU of sending a mail; its `fetch` takes half of it.
 */
function startCall({
  timeoutMs,
  signal,
  onAnswer,
  onFailure,
}: {
  timeoutMs: number
  signal: AbortSignal | undefined
  onAnswer: (answer: MicrosoftResponse) => void
  onFailure: (error: unknown) => void
}): Dispatcher.DispatchHandler {
  let started: Dispatcher.DispatchController | null = null
  let brokenOff: Error | null = null
  let body: Readable | null = null
  const timer = setTimeout(
    () => breakOff(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
    timeoutMs,
  )
  const onAbort = () => breakOff(signal?.reason as Error)
  signal?.addEventListener('abort', onAbort, { once: true })

  function end(): void {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }

  /** Until it has a connection, a request cannot be taken back; it is not sent when it gets one. */
  function breakOff(reason: Error): void {
    brokenOff = reason
    if (started) started.abort(reason)
    else fail(reason)
  }

  function fail(error: Error): void {
    end()
    onFailure(error)
    body?.destroy(error)
  }

  return {
    onRequestStart(controller) {
      started = controller
      if (brokenOff) controller.abort(brokenOff)
    },
    onResponseStart(controller, status, received) {
      if (status < 200) return
      const headers = createAnswerHeaders(received)
      const whole = headers.get('content-length') === '0' ? null : createBody(controller)
      body = whole
      onAnswer({ status, headers, body: whole, text: async () => (whole === null ? '' : text(whole)) })
    },
    onResponseData(controller, chunk) {
      if (body?.push(chunk) === false) controller.pause()
    },
    onResponseEnd() {
      end()
      body?.push(null)
    },
    onResponseError: (_controller, error) => fail(error),
  }
}

/** A body that is not read to its end closes the connection. */
function createBody(controller: Dispatcher.DispatchController): Readable {
  const body = new Readable({
    read: () => controller.resume(),
    destroy(error, done) {
      if (!body.readableEnded) controller.abort(error ?? new Error('The rest of the answer is not read.'))
      done(error)
    },
  })
  body.on('error', () => {}) // whoever reads it learns of it; without a listener the process would end
  return body
}

function createDispatcher({ httpsProxy, noProxy, extraCaCertificates }: MicrosoftFetchOptions): Dispatcher {
  const tls = extraCaCertificates
    ? { ca: [...getCACertificates('default'), ...readCertificates(extraCaCertificates)] }
    : {}
  const common = {
    connect: { timeout: CONNECT_TIMEOUT_MS, ...tls },
    // HTTP/1.1 carries one request at a time, so a broken connection identifies the request it affects.
    allowH2: false,
    // undici closes idle connections after 4 s, or earlier if the server announces a shorter timeout: a connection that
    // the server closes during a request leaves open whether the mail was sent.
  }
  if (!httpsProxy) return new Agent(common)
  if (!URL.canParse(httpsProxy)) throw new Error('HTTPS_PROXY is not a URL, such as http://proxy.contoso.com:8080.')
  return new EnvHttpProxyAgent({
    ...common,
    httpsProxy,
    httpProxy: '', // plain http reaches loopback hosts only
    noProxy: noProxy ?? '',
    connectTimeout: CONNECT_TIMEOUT_MS,
    ...(extraCaCertificates && { requestTls: tls, proxyTls: tls }),
  })
}

function readCertificates(pem: string): string[] {
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  if (certificates.length === 0) throw new Error('The extra CA certificates contain no PEM certificate.')
  certificates.forEach((certificate, index) => {
    try {
      void new X509Certificate(certificate)
    } catch (cause) {
      throw new Error(`Certificate ${index + 1} of the extra CA certificates cannot be read.`, { cause })
    }
  })
  return certificates
}
