import type { MicrosoftFetch } from '../microsoft-fetch.ts'
import { z } from 'zod'
import { optionalText, readJson } from '../json.ts'
import { classifyFailure, type Failure, type FailureContext } from './classify-failure.ts'
import { classifyConnectionFailure } from './connection-failure.ts'
import {
  readGraphAnswer,
  type GraphAnswer,
  createGraphCall,
  mailboxPath,
  type GraphReply,
  type GraphRequest,
  type Mailbox,
} from './graph-call.ts'

export interface GraphMailerOptions {
  /** Such as `https://graph.microsoft.com`. */
  readonly graphBaseUrl: string
  readonly fetch: MicrosoftFetch
  readonly clock: () => Date
}

export interface CallOptions extends FailureContext {
  readonly accessToken: string
  readonly signal?: AbortSignal
  /** `me` when missing. With application permissions there is no `me`, so the mailbox has to be named. */
  readonly mailbox?: Mailbox
}

export type SendOutcome =
  | {
      readonly outcome: 'sent'
      /** Graph may ask for a pause and still have sent the message. */
      readonly retryAfter: Date | null
      readonly requestId: string | null
    }
  | Failure

/** The id names nothing in the mailbox: the item was deleted for good, or never existed. */
export interface Gone {
  readonly outcome: 'gone'
}

export type Answered = Extract<GraphReply, { answered: true }> & { readonly answer: GraphAnswer }
export type Reply = Answered | Extract<GraphReply, { answered: false }>

/** Throws only when `signal` was aborted before anything was sent. */
export type Exchange = (request: GraphRequest) => Promise<Reply>

/** A recipient or sender of a message in an answer. */
export const Addressed = z.object({ emailAddress: z.object({ address: optionalText }) })

/** A string literal of OData 4.01 (URL conventions, section 5.1.1.14.1), where quotes are doubled. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** What Microsoft answered cannot be used; a later attempt may succeed. */
export function unusable(detail: string): Failure {
  return { outcome: 'unavailable', retryAfter: null, microsoftCode: null, requestId: null, detail }
}

/** What a call about a draft says to the classifier. */
export const OF_DRAFT = { draft: 'changed' } as const

/** Makes one request to Graph and reads its answer. */
export function createExchange({ graphBaseUrl, fetch, clock }: GraphMailerOptions): Exchange {
  const call = createGraphCall(graphBaseUrl, fetch)
  const { host } = new URL(graphBaseUrl)
  return async (request) => {
    request.signal?.throwIfAborted()
    const reply = await call(request)
    return reply.answered ? { ...reply, answer: readGraphAnswer(reply, host, clock()) } : reply
  }
}

/** Makes a request whose path is below a mailbox. */
export function inMailbox(
  exchange: Exchange,
  { accessToken, signal, mailbox }: CallOptions,
  { path, ...request }: Omit<GraphRequest, 'accessToken' | 'signal'>,
): Promise<Reply> {
  return exchange({ ...request, path: `${mailboxPath(mailbox)}${path}`, accessToken, signal })
}

/** Graph accepts a mail by 202 without a body. Any other success, as that of a captive portal, proves nothing. */
export function acceptance(reply: Reply): Extract<SendOutcome, { outcome: 'sent' }> | null {
  if (!reply.answered || reply.status !== 202 || reply.text !== '') return null
  const { retryAfter, requestId } = reply.answer
  return { outcome: 'sent', retryAfter, requestId }
}

/** What the documented success says, read by a schema; null for any other reply. */
export function readReply<Schema extends z.ZodType>(
  reply: Reply,
  schema: Schema,
  status = 200,
): z.output<Schema> | null {
  return reply.answered && reply.status === status ? readJson(reply.text, schema) : null
}

/** Why a reply is no success. */
export function failureOf(reply: Reply, context?: FailureContext): Failure {
  return reply.answered ? classifyFailure(reply.answer, context) : classifyConnectionFailure(reply.error)
}

/** Why the reply to a request about one item is no success, where the request may simply be repeated. */
export function repeatableOrGone(reply: Reply, context?: FailureContext): Gone | Failure {
  return reply.answered && isGone(reply.answer) ? { outcome: 'gone' } : asRepeatable(failureOf(reply, context))
}

/** A read or a delete may simply be repeated, so it never matters whether a lost one was carried out. */
export function asRepeatable(failure: Failure): Failure {
  if (failure.outcome !== 'unknown') return failure
  const { gateway, ...certain } = failure
  return gateway
    ? { ...certain, outcome: 'intercepted', concerns: 'mailbox', gateway }
    : { ...certain, outcome: 'unavailable' }
}

/** Whether the id names nothing in the mailbox; it may belong to another one. */
export function isGone(answer: GraphAnswer): boolean {
  const failure = classifyFailure(answer)
  return failure.outcome === 'refused' && failure.reason === 'draft-gone'
}
