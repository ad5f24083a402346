import { X509Certificate } from 'node:crypto'
import { getCACertificates } from 'node:tls'
import { Agent, EnvHttpProxyAgent, request, type Dispatcher } from 'undici'
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
  return async (url, { method = 'GET', headers: own, body, signal } = {}) => {
    const deadline = startDeadline(timeoutMs, signal)
    try {
      // undici's `fetch` takes three times the CPU, which would be half of what sending a mail takes.
      const response = await request(url, {
        method,
        headers: { ...COMMON_HEADERS, ...own },
        ...(body !== undefined && { body }),
        signal: deadline.signal,
        dispatcher,
      })
      response.body.once('close', deadline.clear)
      const headers = createAnswerHeaders(response.headers)
      const isEmpty = headers.get('content-length') === '0'
      if (isEmpty) response.body.resume() // frees the connection
      return {
        status: response.statusCode,
        headers,
        body: isEmpty ? null : response.body,
        text: () => (isEmpty ? Promise.resolve('') : response.body.text()),
      }
    } catch (error) {
      deadline.clear()
      throw error
    }
  }
}

/**
 * Aborts after the timeout, or with `signal`. `AbortSignal.timeout` and `AbortSignal.any` would do the same, but keep
 * their memory until the timeout: it would grow with every request.
 */
function startDeadline(timeoutMs: number, signal: AbortSignal | undefined): { signal: AbortSignal; clear: () => void } {
  const controller = new AbortController()
  const timer = setTimeout(
    () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')),
    timeoutMs,
  )
  const onAbort = () => controller.abort(signal?.reason)
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    },
  }
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
