import { z } from 'zod'
import { Values } from './values.ts'

/** Every problem code of the API with its HTTP status. A code without a status does not compile. */
export const PROBLEM_STATUS = {
  'invalid-input': 400,
  'not-signed-in': 401,
  'invalid-service-key': 401,
  'not-workspace-admin': 403,
  'cross-origin': 403,
  'scope-missing': 403,
  'not-found': 404,
  'office365-smtp-disabled': 404,
  'method-not-allowed': 405,
  'already-configured': 409,
  'not-configured': 409,
  'large-attachments-locked': 409,
  'trace-not-provisioned': 409,
  'trace-unavailable': 409,
  'reports-unreadable': 409,
  'idempotency-key-reused': 409,
  'message-not-cancellable': 409,
  'message-not-retryable': 409,
  'check-running': 409,
  'message-too-large': 413,
  'expectation-failed': 417,
  'sender-not-allowed': 422,
  'recipient-not-allowed': 422,
  'large-attachments-disabled': 422,
  'search-too-long': 422,
  'rate-limited': 429,
  internal: 500,
  unavailable: 503,
  'storage-full': 507,
} as const satisfies Record<string, number>

export type ProblemCode = keyof typeof PROBLEM_STATUS

export const ProblemCode = z.enum(Object.keys(PROBLEM_STATUS) as [ProblemCode, ...ProblemCode[]])

export const InputFault = z.strictObject({
  /** The faulty field, such as `to[2].address`; empty for the body as a whole. */
  path: z.string(),
  /** What is wrong with it, such as `too-long`; `invalid` where there is no closer one. */
  code: z.string(),
  /** Facts for a text about it, such as the `max` of `too-long`. */
  values: Values,
  /** The English of code and values. */
  message: z.string(),
})
export type InputFault = z.infer<typeof InputFault>

/** RFC 9457 problem details, `application/problem+json`. */
export const Problem = z.strictObject({
  type: z.templateLiteral(['urn:inforiver-mail:problem:', ProblemCode]),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: ProblemCode,
  /** Facts for a text in another language; `title` and `detail` are the English of it. */
  values: Values,
  requestId: z.string(),
  errors: z.array(InputFault).optional(),
})
export type Problem = z.infer<typeof Problem>
