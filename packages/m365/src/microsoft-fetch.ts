import { X509Certificate } from 'node:crypto'
import { getCACertificates } from 'node:tls'
import { Agent, EnvHttpProxyAgent, fetch as undiciFetch, type Dispatcher, type RequestInit as UndiciInit } from 'undici'

const CONNECT_TIMEOUT_MS = 10_000
const DEFAULT_TIMEOUT_MS = 60_000

/** The part of `fetch` that everything here uses. */
export type MicrosoftFetch = (url: string, init?: MicrosoftFetchInit) => Promise<Response>

export interface MicrosoftFetchInit {
  readonly method?: string
  readonly headers?: Headers | Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly signal?: AbortSignal
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
  return async (url, { signal, ...init } = {}) => {
    const deadline = AbortSignal.timeout(timeoutMs)
    const request: UndiciInit = {
      ...(init as UndiciInit),
      dispatcher,
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    }
    return await undiciFetch(url, request)
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
