import { z } from 'zod'
import { FACTS, Values } from './values.ts'

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
  path: z.string().meta({ description: 'The faulty field; empty for the body as a whole.', examples: ['subject'] }),
  code: z.string().meta({
    description: 'What is wrong with it; invalid where there is no closer one.',
    examples: ['too-long'],
  }),
  values: Values.meta({ description: 'Facts for a text about it.', examples: [{ max: 255 }] }),
  message: z.string().meta({ description: 'The English of code and values.', examples: ['At most 255 characters.'] }),
})
export type InputFault = z.infer<typeof InputFault>

/** RFC 9457 problem details, `application/problem+json`. */
export const Problem = z.strictObject({
  type: z.templateLiteral(['urn:inforiver-mail:problem:', ProblemCode]).meta({
    description: 'The code as a URN.',
    examples: ['urn:inforiver-mail:problem:invalid-input'],
  }),
  title: z.string().meta({ description: 'What happened, in a few words.', examples: ['The input is not valid'] }),
  status: z.int().meta({ description: 'The HTTP status.', examples: [400] }),
  detail: z.string().meta({
    description: 'What happened, and where somebody has to act, who does what.',
    examples: ['subject: At most 255 characters.'],
  }),
  code: ProblemCode.meta({ description: 'What a program branches on.', examples: ['invalid-input'] }),
  values: Values.meta({ description: FACTS }),
  requestId: z.string().meta({
    description: 'Finds the request in the log of the server.',
    examples: ['req_2b7c1d9e4f5a4c3b8a6d7e8f90a1b2c3'],
  }),
  errors: z.array(InputFault).optional().meta({ description: 'What is wrong with the input, by path.' }),
})
export type Problem = z.infer<typeof Problem>
