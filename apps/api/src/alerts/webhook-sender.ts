import { lookup as lookUp, type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { getCACertificates } from 'node:tls'
import { MessageEventType } from '@inforiver-mail/contract/message-event'
import type { WebhookAttempt, WebhookOutcome, WebhookSubject, WebhookType } from '@inforiver-mail/contract/webhook'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { Sealed, SealOwner, TokenVault } from '@inforiver-mail/m365/token-vault'
import type { FastifyBaseLogger } from 'fastify'
import { Webhook } from 'standardwebhooks'
import { Agent, buildConnector, request } from 'undici'
import type { Timers } from '../runtime/clock.ts'
import type { AddressRule } from './webhook-address.ts'

const TIMEOUT_MS = 10_000
const SECRET_BYTES = 32 // Standard Webhooks asks for 24 to 64

/** The address of a webhook and the secret that signs its requests. */
export interface WebhookTarget {
  readonly id: string
  readonly tenantId: string
  readonly url: string
  readonly secretSealed: Sealed
}

/** What a webhook is told: an alert, an event or a test. */
export interface Told {
  /** Stays the same at every attempt, so that the receiver recognises a repeat. */
  readonly id: string
  readonly type: WebhookType
  readonly body: string
}

/**
 * Sends one request to a webhook and returns the outcome. Rejects only with the reason of `signal`, or when the vault
 * cannot open the secret.
 */
export type SendWebhook = (webhook: WebhookTarget, told: Told, signal?: AbortSignal) => Promise<WebhookAttempt>

/**
 * Sends to webhooks, and only to addresses that the rule allows, checked again for each connection so that DNS cannot
 * change in between. It connects directly, since a proxy would resolve names past the rule. It follows no redirect and
 * reads nothing of the answer but the status.
 */
export function createWebhookSender({
  vault,
  allowAddress,
  extraCaCertificates,
  clock,
  timers,
  logger,
  timeoutMs = TIMEOUT_MS,
  lookup = lookUp,
}: {
  vault: TokenVault
  allowAddress: AddressRule
  /** PEM text with certificates to trust besides Node's own. */
  extraCaCertificates: string | null
  clock: () => Date
  timers: Pick<Timers, 'deadline'>
  logger: FastifyBaseLogger
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
  return async ({ id: webhook, tenantId, url, secretSealed }, { id, type, body }, signal) => {
    const secret = await vault.open(secretSealed, webhookSecretOwner(tenantId, webhook))
    const at = clock()
    const deadline = timers.deadline(timeoutMs)
    const { outcome, status } = await post()
    // The address stays out of the log, since it is often a secret.
    if (id.startsWith('evt_')) logger.debug({ webhook, event: id, type, outcome, status }, 'event sent to a webhook')
    else if (outcome === 'delivered') logger.info({ webhook, alert: id, type, status }, 'webhook delivered')
    else logger.warn({ webhook, alert: id, type, outcome, status }, 'webhook not delivered')
    return { at: at.toISOString(), type, outcome, status }

    async function post(): Promise<Pick<WebhookAttempt, 'outcome' | 'status'>> {
      try {
        const { statusCode: status, body: answer } = await request(url, {
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
        answer.on('error', () => {}).destroy()
        return { outcome: outcomeOf(status), status }
      } catch (error) {
        signal?.throwIfAborted()
        return { outcome: deadline.aborted ? 'timed-out' : failureOf(error), status: null }
      }
    }
  }
}

/** Returns a symmetric key in the notation of the Standard Webhooks specification. */
export function newWebhookSecret(random: RandomBytes): string {
  return `whsec_${random(SECRET_BYTES).toString('base64')}`
}

/** Binds the secret to its row: copied to another, it does not open. */
export function webhookSecretOwner(tenant: string, webhookId: string): SealOwner {
  return { tenant, record: webhookId, purpose: 'webhook-secret' }
}

/** The types of a webhook that are events. */
export function eventTypesOf(types: readonly WebhookSubject[]): MessageEventType[] {
  return MessageEventType.options.filter((type) => types.includes(type))
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
