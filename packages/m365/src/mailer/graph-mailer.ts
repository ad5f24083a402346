import type { MicrosoftFetch } from '../microsoft-fetch.ts'
import { classifyConnectionFailure, classifyFailure, type Failure, type FailureContext } from './classify-failure.ts'
import { member, parseJson, readGraphAnswer } from './graph-answer.ts'
import { createGraphCall, type GraphRequest } from './graph-call.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { toSendMailRequest } from './send-mail-request.ts'

const MAX_ADDRESSES = 500

export interface GraphMailerOptions {
  /** Such as `https://graph.microsoft.com`. */
  readonly graphBaseUrl: string
  readonly fetch: MicrosoftFetch
  readonly clock: () => Date
}

/** The person whose grant sends, as Graph knows it. */
export interface Delegate {
  readonly objectId: string
  readonly name: string
  /** Every address of the mailbox, the primary one first; empty when there is no mailbox. */
  readonly addresses: readonly string[]
  readonly guest: boolean
}

export type DelegateOutcome = { readonly outcome: 'found'; readonly delegate: Delegate } | Failure

export type SendOutcome =
  | {
      readonly outcome: 'sent'
      /** Graph may ask for a pause and have sent all the same. */
      readonly retryAfter: Date | null
      readonly requestId: string | null
    }
  | Failure

export interface SendOptions extends FailureContext {
  readonly accessToken: string
  readonly signal?: AbortSignal
}

export interface GraphMailer {
  readDelegate(accessToken: string, signal?: AbortSignal): Promise<DelegateOutcome>
  /**
   * Sends in one request, which Graph limits to 4 MB: about 3 MB of content. Tries once.
   * Throws only when `signal` was aborted before anything was sent.
   */
  send(message: OutgoingMessage, options: SendOptions): Promise<SendOutcome>
}

/** Mail by Microsoft Graph v1.0 with a person's (delegated) token. */
export function createGraphMailer({ graphBaseUrl, fetch, clock }: GraphMailerOptions): GraphMailer {
  const call = createGraphCall(graphBaseUrl, fetch)

  async function exchange(request: GraphRequest) {
    request.signal?.throwIfAborted()
    const reply = await call(request)
    return reply.answered ? { ...reply, answer: readGraphAnswer(reply, clock()) } : reply
  }

  return {
    async readDelegate(accessToken, signal) {
      const path = '/me?$select=id,displayName,mail,userPrincipalName,proxyAddresses,userType'
      const reply = await exchange({ method: 'GET', path, accessToken, signal })
      if (!reply.answered) return withoutDoubt(classifyConnectionFailure(reply.error))
      const delegate = reply.status === 200 ? readDelegate(parseJson(reply.text)) : null
      return delegate ? { outcome: 'found', delegate } : withoutDoubt(classifyFailure(reply.answer))
    },

    async send(message, { accessToken, signal, ...context }) {
      const body = toSendMailRequest(message)
      const reply = await exchange({ method: 'POST', path: '/me/sendMail', body, accessToken, signal })
      if (!reply.answered) return classifyConnectionFailure(reply.error)
      const { requestId, retryAfter } = reply.answer
      return reply.status === 202 ? { outcome: 'sent', retryAfter, requestId } : classifyFailure(reply.answer, context)
    },
  }
}

/** Reading changes nothing, so that it may be repeated without a second thought. */
function withoutDoubt(failure: Failure): Failure {
  return failure.outcome === 'unknown' ? { ...failure, outcome: 'unavailable' } : failure
}

function readDelegate(user: unknown): Delegate | null {
  const objectId = text(member(user, 'id'))
  if (objectId === null) return null
  const signInName = text(member(user, 'userPrincipalName'))
  const primary = text(member(user, 'mail'))
  return {
    objectId,
    name: text(member(user, 'displayName')) ?? signInName ?? '',
    addresses: mailboxAddresses(primary, member(user, 'proxyAddresses'), signInName),
    guest: text(member(user, 'userType'))?.toLowerCase() === 'guest',
  }
}

/** `proxyAddresses` holds `SMTP:` for the primary address, `smtp:` for the others, and other kinds that are no mail. */
function mailboxAddresses(primary: string | null, proxies: unknown, signInName: string | null): readonly string[] {
  const listed = Array.isArray(proxies)
    ? proxies.slice(0, MAX_ADDRESSES).filter((entry) => typeof entry === 'string')
    : []
  const addresses = [
    ...listed.filter((entry) => entry.startsWith('SMTP:')),
    ...listed.filter((entry) => entry.startsWith('smtp:')),
  ].map((entry) => entry.slice('smtp:'.length))
  // The sign-in name is an address of the mailbox as a rule; a guest's, with #EXT#, never is.
  const own = signInName !== null && !signInName.toLowerCase().includes('#ext#') ? signInName : null
  const all = [primary, ...addresses, own].filter((address) => address !== null && address.includes('@')) as string[]
  return all.filter(
    (address, index) => all.findIndex((other) => other.toLowerCase() === address.toLowerCase()) === index,
  )
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}
