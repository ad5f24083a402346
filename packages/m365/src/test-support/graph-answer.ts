import type { GraphAnswer } from '../mailer/graph-call.ts'

/** An answer of Graph itself, with the given members, and null for all others. */
export function graphAnswer(members: Partial<GraphAnswer>): GraphAnswer {
  const nothing = { code: null, innerCode: null, message: null, requestId: null, retryAfter: null, claims: null }
  return { status: 400, gateway: null, relaysPage: false, ...nothing, ...members }
}
