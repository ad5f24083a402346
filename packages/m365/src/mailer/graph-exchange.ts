import type { MicrosoftFetch } from '../microsoft-fetch.ts'
import type { Failure } from './classify-failure.ts'
import { readGraphAnswer, type GraphAnswer } from './graph-answer.ts'
import { createGraphCall, type GraphReply, type GraphRequest } from './graph-call.ts'

export interface GraphMailerOptions {
  /** Such as `https://graph.microsoft.com`. */
  readonly graphBaseUrl: string
  readonly fetch: MicrosoftFetch
  readonly clock: () => Date
}

type Answered = Extract<GraphReply, { answered: true }> & { readonly answer: GraphAnswer }

/** Throws only when `signal` was aborted before anything was sent. */
export type Exchange = (request: GraphRequest) => Promise<Answered | Extract<GraphReply, { answered: false }>>

/** One request, and the answer read. */
export function createExchange({ graphBaseUrl, fetch, clock }: GraphMailerOptions): Exchange {
  const call = createGraphCall(graphBaseUrl, fetch)
  return async (request) => {
    request.signal?.throwIfAborted()
    const reply = await call(request)
    return reply.answered ? { ...reply, answer: readGraphAnswer(reply, clock()) } : reply
  }
}

/** For what may be repeated without a second thought: reading changes nothing, deleting twice deletes once. */
export function withoutDoubt(failure: Failure): Failure {
  return failure.outcome === 'unknown' ? { ...failure, outcome: 'unavailable' } : failure
}

/** The id names nothing in the mailbox. A gateway that gave up waiting knows no such thing, whatever its body says. */
export function isGone({ status, code }: GraphAnswer): boolean {
  return code === 'ErrorItemNotFound' && status < 500
}
