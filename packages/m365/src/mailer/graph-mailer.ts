import type { Failure, FailureContext } from './classify-failure.ts'
import { classifyConnectionFailure, classifyFailure } from './classify-failure.ts'
import { createDraftCalls, type DraftCalls } from './draft-calls.ts'
import { findByMessageId, type FindMessageOutcome, type SearchedFolder } from './find-message.ts'
import { createExchange, type GraphMailerOptions } from './graph-exchange.ts'
import type { OutgoingMessage } from './outgoing-message.ts'
import { readDelegate } from './read-delegate.ts'
import { toSendMailRequest } from './send-mail-request.ts'

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

export interface CallOptions extends FailureContext {
  readonly accessToken: string
  readonly signal?: AbortSignal
}

/** Every call tries once, and throws only when its signal was aborted before anything was sent. */
export interface GraphMailer extends DraftCalls {
  /** Never `unknown`. */
  readDelegate(accessToken: string, signal?: AbortSignal): Promise<DelegateOutcome>
  /** Sends in one request, which Graph limits to 4 MB: about 3 MB of content. */
  send(message: OutgoingMessage, options: CallOptions): Promise<SendOutcome>
  /**
   * Looks for a message by our id. Never `unknown`. Needs `Mail.ReadWrite`. `not-found` right after sending means
   * little: the copy appears late.
   */
  findByMessageId(messageId: string, where: SearchedFolder, options: CallOptions): Promise<FindMessageOutcome>
}

/** Mail by Microsoft Graph v1.0 with a person's (delegated) token. */
export function createGraphMailer(options: GraphMailerOptions): GraphMailer {
  const exchange = createExchange(options)
  return {
    ...createDraftCalls(exchange),
    readDelegate: (accessToken, signal) => readDelegate(exchange, accessToken, signal),
    findByMessageId: (messageId, where, callOptions) => findByMessageId(exchange, messageId, where, callOptions),

    async send(message, { accessToken, signal, ...context }) {
      const body = toSendMailRequest(message)
      const reply = await exchange({ method: 'POST', path: '/me/sendMail', body, accessToken, signal })
      if (!reply.answered) return classifyConnectionFailure(reply.error)
      const { requestId, retryAfter } = reply.answer
      return reply.status === 202 ? { outcome: 'sent', retryAfter, requestId } : classifyFailure(reply.answer, context)
    },
  }
}
