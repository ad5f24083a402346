import type { Failure } from '../mailer/classify-failure.ts'
import type { GraphAnswer } from '../mailer/graph-call.ts'
import type { RefusalReason } from '../mailer/graph-codes.ts'

/** An answer of Graph itself, with the given members, and null for all others. */
export function graphAnswer(members: Partial<GraphAnswer>): GraphAnswer {
  const nothing = { code: null, innerCode: null, message: null, requestId: null, retryAfter: null, claims: null }
  return { status: 400, gateway: null, relaysPage: false, ...nothing, ...members }
}

/** The facts of a failure that an explanation names. */
export const FACTS = { microsoftCode: 'ErrorSomething', requestId: 'request-1', detail: 'Microsoft said no.' }

/** A refusal of Graph for the reason. */
export function refused(reason: RefusalReason): Failure {
  return { outcome: 'refused', reason, concerns: 'mailbox', title: 'Microsoft refused', ...FACTS }
}
