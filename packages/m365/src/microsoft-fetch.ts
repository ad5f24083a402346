import { X509Certificate } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { getCACertificates } from 'node:tls'
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici'
import { ReceivedHeaders, type AnswerHeaders } from './answer-headers.ts'

const CONNECT_TIMEOUT_MS = 10_000
const DEFAULT_TIMEOUT_MS = 60_000
const COMMON_HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'inforiver-mail' }

/**
 * The subset of `fetch` that this package uses. Rejects when there is no answer, with the reason of the signal or the
 * error of the connection, which is the cause of a `NotSentError` where nothing of the request left this machine.
 */
export type MicrosoftFetch = (url: string, init?: MicrosoftFetchInit) => Promise<MicrosoftResponse>

/**
 * Nothing of the request left this machine, so that it was certainly not carried out; `cause` says why.
 *
 * undici 8.13.1 calls `onRequestStart` when it has the connection: through the tunnel of a proxy, and with the TLS handshake
 * over. `writeH1` in its lib/dispatcher/client-h1.js, which alone writes requests of HTTP/1.1, calls it first, and every
 * `socket.write` of headers or body follows it in that function; a request that was aborted meanwhile is not written. A
 * request that undici moves to another connection starts twice, and counts as started from the first time. So what has
 * not started was not written, while what has started may have been.
 */
export class NotSentError extends Error {
  override readonly name = 'NotSentError'

  constructor(cause: Error) {
    super('Nothing of the request was sent.', { cause })
  }
}

export interface MicrosoftFetchInit {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: string | Uint8Array
  readonly signal?: AbortSignal | undefined
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
      if (signal?.aborted) throw new NotSentError(signal.reason as Error)
      const { origin, pathname, search } = new URL(url)
      const call = new Call(timeoutMs, signal, resolve, reject)
      dispatcher.dispatch(
        { origin, path: pathname + search, method, headers: { ...COMMON_HEADERS, ...headers }, body },
        call,
      )
    })
}

/**
 * Handles one request. undici’s own `request` makes a stream of every answer and listens to a signal of its own, which takes
 * a tenth of the CPU of sending a mail; its `fetch` takes half of it.
 */
class Call implements Dispatcher.DispatchHandler {
  private readonly signal: AbortSignal | undefined
  private readonly onAnswer: (answer: MicrosoftResponse) => void
  private readonly onFailure: (error: unknown) => void
  private readonly timer: NodeJS.Timeout
  /** Null until just before the first byte is written; see `NotSentError`. */
  private started: Dispatcher.DispatchController | null = null
  private brokenOff: Error | null = null
  private ended = false
  private body: Readable | null = null

  constructor(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    onAnswer: (answer: MicrosoftResponse) => void,
    onFailure: (error: unknown) => void,
  ) {
    this.signal = signal
    this.onAnswer = onAnswer
    this.onFailure = onFailure
    this.timer = setTimeout(timeOut, timeoutMs, this)
    signal?.addEventListener('abort', this.onAbort)
  }

  private readonly onAbort = (): void => this.breakOff(this.signal?.reason as Error)

  timeOut(): void {
    if (!this.ended) this.breakOff(new DOMException('The operation was aborted due to timeout', 'TimeoutError'))
  }

  /** Until it has a connection, a request cannot be taken back; it is not sent when it gets one. */
  breakOff(reason: Error): void {
    this.brokenOff = reason
    if (this.started) this.started.abort(reason)
    else this.fail(new NotSentError(reason))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.started = controller
    if (this.brokenOff) controller.abort(this.brokenOff)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, received: IncomingHttpHeaders): void {
    if (status < 200) return
    const headers = new ReceivedHeaders(received)
    const body = headers.get('content-length') === '0' ? null : createBody(controller)
    this.body = body
    this.onAnswer({ status, headers, body, text: async () => (body === null ? '' : text(body)) })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.body?.push(chunk) === false) controller.pause()
  }

  onResponseEnd(): void {
    this.end()
    this.body?.push(null)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(this.started ? error : new NotSentError(error))
  }

  private fail(error: Error): void {
    this.end()
    this.onFailure(error)
    this.body?.destroy(error)
  }

  private end(): void {
    this.ended = true
    clearTimeout(this.timer)
    // Node keeps a signal with a timeout in memory for as long as it has a listener.
    this.signal?.removeEventListener('abort', this.onAbort)
  }
}

/**
 * After the process or the machine stood still, timers run before the sockets are read, in which an answer may lie: given
 * up, a mail that Microsoft has confirmed would be sent again.
 */
function timeOut(call: Call): void {
  setImmediate(() => call.timeOut())
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
