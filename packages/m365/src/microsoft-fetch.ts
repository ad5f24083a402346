import { X509Certificate } from 'node:crypto'
import { getCACertificates } from 'node:tls'
import { Agent, EnvHttpProxyAgent, request, type Dispatcher } from 'undici'

const CONNECT_TIMEOUT_MS = 10_000
const DEFAULT_TIMEOUT_MS = 60_000
const COMMON_HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'inforiver-mail' }

/**
 * The part of `fetch` that everything here uses.
 * Rejects when there is no answer, with the reason of the signal or the error of the connection.
 */
export type MicrosoftFetch = (url: string, init?: MicrosoftFetchInit) => Promise<MicrosoftResponse>

export interface MicrosoftFetchInit {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly signal?: AbortSignal
}

/** The part of a `Response` that everything here uses. Until its body is read, the connection serves nobody else. */
export interface MicrosoftResponse {
  readonly status: number
  readonly headers: Headers
  readonly body: AsyncIterable<Uint8Array> | null
  readonly text: () => Promise<string>
}

export interface MicrosoftFetchOptions {
  /** `http://user:password@proxy:8080`; https requests go through it. Unset: no proxy, whatever the environment says. */
  readonly httpsProxy?: string
  /** Hosts that are reached without the proxy, as in the `NO_PROXY` variable. */
  readonly noProxy?: string
  /** PEM text with certificates to trust besides Node's own, as in the file of `NODE_EXTRA_CA_CERTS`. */
  readonly extraCaCertificates?: string
  /** For a whole call: connecting, headers and body. */
  readonly timeoutMs?: number
}

/**
 * The one way to Microsoft. It follows no redirect (a token must not travel to another host), retries nothing
 * (a retried POST is a second mail), and gives up after `timeoutMs` even in the middle of a body.
 * Throws when `extraCaCertificates` or `httpsProxy` cannot be read, without quoting them.
 */
export function createMicrosoftFetch(options: MicrosoftFetchOptions): MicrosoftFetch {
  const dispatcher = createDispatcher(options)
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  return async (url, { method = 'GET', headers, body, signal } = {}) => {
    const deadline = startDeadline(timeoutMs, signal)
    try {
      // undici's `fetch` does the same at three times the cost, which is half the cost of sending a mail.
      const response = await request(url, {
        method,
        headers: { ...COMMON_HEADERS, ...headers },
        ...(body !== undefined && { body }),
        signal: deadline.signal,
        dispatcher,
      })
      response.body.once('close', deadline.clear)
      return {
        status: response.statusCode,
        headers: new Headers(response.headers as Record<string, string>),
        body: response.body,
        text: () => response.body.text(),
      }
    } catch (error) {
      deadline.clear()
      throw error
    }
  }
}

/**
 * Aborts when the time is up, or with `signal`. `AbortSignal.timeout` and `AbortSignal.any` would do the same, but
 * live on until the time is up: with many requests a second, memory grows by every one of them.
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
    // HTTP/1.1 keeps one request on one connection, so that a broken connection says which request it was.
    allowH2: false,
    // Idle connections are closed after undici's 4 s, or before the server's own time is up: one that the server
    // closes under a request leaves open whether the mail was sent.
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
