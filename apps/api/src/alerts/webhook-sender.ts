import { lookup as lookUp, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { getCACertificates } from 'node:tls'
import type { WebhookOutcome } from '@inforiver-mail/contract/webhook'
import { Webhook } from 'standardwebhooks'
import { Agent, buildConnector, request } from 'undici'
import type { Timers } from '../runtime/clock.ts'
import type { AddressRule } from './webhook-address.ts'

const TIMEOUT_MS = 10_000

export interface WebhookRequest {
  readonly url: string
  /** `whsec_…` */
  readonly secret: string
  /** Stays the same at every attempt, so that the receiver recognises a repeat. */
  readonly id: string
  readonly at: Date
  readonly body: string
}

export interface WebhookResult {
  readonly outcome: WebhookOutcome
  /** Null when no answer came. */
  readonly status: number | null
}

/** Rejects only with the reason of `signal`. */
export type SendWebhook = (webhook: WebhookRequest, signal?: AbortSignal) => Promise<WebhookResult>

/**
 * Sends to webhooks, and only to addresses that the rule allows, checked again for each connection so that DNS cannot
 * change in between. It connects directly, since a proxy would resolve names past the rule. It follows no redirect and
 * reads nothing of the answer but the status.
 */
export function createWebhookSender({
  allowAddress,
  extraCaCertificates,
  timers,
  timeoutMs = TIMEOUT_MS,
  lookup = lookUp,
}: {
  allowAddress: AddressRule
  /** PEM text with certificates to trust besides Node's own. */
  extraCaCertificates: string | null
  timers: Pick<Timers, 'deadline'>
  timeoutMs?: number
  /** Resolves names as `dns.lookup` does. */
  lookup?: LookupFunction
}): SendWebhook {
  const connect = buildConnector({
    timeout: timeoutMs,
    allowH2: false,
    maxCachedSessions: 0,
    lookup: allowedOnly(lookup, allowAddress),
    ...(extraCaCertificates !== null && { ca: [...getCACertificates('default'), extraCaCertificates] }),
  })
  const dispatcher = new Agent({
    pipelining: 0, // each request gets its own connection, so that its address is resolved and checked
    connect(target, callback) {
      // A literal address never reaches `lookup`.
      const literal = target.hostname.replace(/^\[|\]$/g, '')
      if (isIP(literal) !== 0 && !allowAddress(literal)) callback(new AddressRefused(), null)
      else connect(target, callback)
    },
  })
  return async ({ url, secret, id, at, body }, signal) => {
    const deadline = timers.deadline(timeoutMs)
    try {
      const answer = await request(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'inforiver-mail',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
          'webhook-signature': new Webhook(secret).sign(id, at, body),
        },
        body,
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
        dispatcher,
      })
      answer.body.on('error', () => {}).destroy()
      return { outcome: outcomeOf(answer.statusCode), status: answer.statusCode }
    } catch (error) {
      signal?.throwIfAborted()
      return { outcome: deadline.aborted ? 'timed-out' : failureOf(error), status: null }
    }
  }
}

class AddressRefused extends Error {
  readonly code = 'ERR_ADDRESS_REFUSED'
}

/** Resolves a name to the allowed ones of its addresses. */
function allowedOnly(lookup: LookupFunction, allowAddress: AddressRule): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, [])
      const allowed = (found as LookupAddress[]).filter(({ address }) => allowAddress(address))
      const [first] = allowed
      if (!first) return callback(new AddressRefused(), [])
      if (options.all) return callback(null, allowed)
      return callback(null, first.address, first.family)
    })
  }
}

function outcomeOf(status: number): WebhookOutcome {
  if (status >= 200 && status < 300) return 'delivered'
  return status >= 300 && status < 400 ? 'redirected' : 'refused'
}

function failureOf(error: unknown): WebhookOutcome {
  const { code = '' } = error as NodeJS.ErrnoException
  if (code === 'ERR_ADDRESS_REFUSED') return 'address-refused'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'ENODATA') return 'name-not-found'
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return 'timed-out'
  return isCertificateFault(code) ? 'certificate-refused' : 'connection-failed'
}

/** Matches OpenSSL's X509_V_ERR_ codes as Node names them, and Node's own for a wrong host name. */
function isCertificateFault(code: string): boolean {
  return /CERT|SIGNATURE|ISSUER|^ERR_TLS_CERT|^INVALID_CA$|^PATH_LENGTH|^HOSTNAME_MISMATCH$/.test(code)
}
