import type { AnswerHeaders } from './answer-headers.ts'
import { boundedText } from './bounded-text.ts'
import { causesOf, codedCause } from './error-causes.ts'
import type { MicrosoftFetch } from './microsoft-fetch.ts'

/** Whether a host of Microsoft answers, or what stands in the way. */
export type Reach =
  | {
      readonly outcome: 'answers'
      /** How far the clock of this machine is ahead of the host's; null when it did not say. */
      readonly aheadMs: number | null
    }
  /** Microsoft itself answered that it cannot serve now. */
  | { readonly outcome: 'unavailable'; readonly status: number; readonly aheadMs: number | null }
  /** Something else answered, such as the page of a proxy. */
  | { readonly outcome: 'impersonated'; readonly status: number }
  | { readonly outcome: 'proxy-refuses'; readonly status: number }
  | {
      readonly outcome:
        | 'proxy-not-reached'
        | 'host-unknown'
        | 'host-refuses'
        | 'host-silent'
        | 'certificate-refused'
        | 'host-broke-off'
      /** Node's code of the error, such as `ENOTFOUND`. */
      readonly reason: string
    }

export interface ReachRequest {
  readonly url: string
  readonly fetch: MicrosoftFetch
  readonly clock: () => Date
  readonly signal: AbortSignal
  /** Recognises an answer of the host. Without it any answer counts: the certificate proves the host. */
  readonly isExpected?: (answer: ReachedAnswer) => boolean
}

export interface ReachedAnswer {
  readonly status: number
  readonly headers: AnswerHeaders
  readonly text: string
}

/**
 * Asks a host for one page without signing in, by the connections that mail takes too.
 *
 * @throws the reason of `signal` when that was aborted
 */
export async function reachHost({ url, fetch, clock, signal, isExpected }: ReachRequest): Promise<Reach> {
  const askedAt = clock().getTime()
  try {
    const response = await fetch(url, { signal })
    const answeredAt = clock().getTime()
    const text = await boundedText(response)
    const { status, headers } = response
    const isOfHost = isExpected?.({ status, headers, text }) ?? true
    const aheadMs = isOfHost ? aheadOf(headers.get('date'), (askedAt + answeredAt) / 2) : null
    if (status === 429 || status >= 500) return { outcome: 'unavailable', status, aheadMs }
    return isOfHost ? { outcome: 'answers', aheadMs } : { outcome: 'impersonated', status }
  } catch (error) {
    signal.throwIfAborted()
    return classifyUnreached(error, new URL(url))
  }
}

/** The header has whole seconds, so that the host's clock was half a second further on average. */
function aheadOf(date: string | null, at: number): number | null {
  const host = Date.parse(date ?? '')
  return Number.isNaN(host) ? null : at - (host + 500)
}

/** What a connection error says about the way to a host. */
function classifyUnreached(error: unknown, url: URL): Reach {
  const causes = causesOf(error)
  const coded = codedCause(causes)
  const found: Cause = coded ?? causes.at(-1) ?? {}
  const reason = coded?.code ?? found.name ?? 'unknown' // the code of a DOMException is a number
  const [, refused] = /^Proxy response \((\d+)\)/.exec(found.message ?? '') ?? []
  if (refused !== undefined) return { outcome: 'proxy-refuses', status: Number(refused) }
  if (reason.startsWith('UND_ERR_PRX') || isAboutAnotherHost(found, url))
    return { outcome: 'proxy-not-reached', reason }
  if (reason === 'ENOTFOUND' || reason === 'EAI_AGAIN') return { outcome: 'host-unknown', reason }
  if (SILENT.has(reason)) return { outcome: 'host-silent', reason }
  if (found.syscall === 'connect') return { outcome: 'host-refuses', reason }
  if (CERTIFICATE.test(reason)) return { outcome: 'certificate-refused', reason }
  return { outcome: 'host-broke-off', reason }
}

const SILENT: ReadonlySet<string> = new Set([
  'TimeoutError',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
])
/** The names that OpenSSL and Node give to faults of a certificate or of the handshake. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|^ERR_TLS_|^ERR_SSL_|INVALID_CA|HOSTNAME_MISMATCH/

interface Cause {
  readonly name?: string
  readonly message?: string
  readonly code?: string
  readonly syscall?: unknown
  readonly hostname?: unknown
  readonly port?: unknown
}

/** With a proxy, the name that was looked up and the port that was tried are the proxy's. */
function isAboutAnotherHost({ syscall, hostname, port }: Cause, url: URL): boolean {
  if (syscall === 'getaddrinfo') return hostname !== url.hostname
  const own = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return syscall === 'connect' && typeof port === 'number' && port !== own
}
