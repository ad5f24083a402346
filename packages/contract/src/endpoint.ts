import type { z } from 'zod'
import type { Role, Scope } from './caller.ts'
import type { ProblemCode } from './problem.ts'

/**
 * One operation of the REST API as a value that server and page both import.
 * `response` describes the body of the success status; null stands for a body that is absent (204).
 * Every failure answers with a `Problem`.
 */
export interface Endpoint {
  /** Its name in generated clients. */
  readonly operation: string
  /** What it does, in one sentence. */
  readonly summary: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below the origin, with `:name` for path parameters. */
  readonly path: `/api/v1/${string}`
  /** The least that somebody has to be who calls it by the session cookie; null: nobody does. */
  readonly session: Role | null
  /** What a service key has to allow; null: no key does. */
  readonly scope: Scope | null
  readonly params?: z.ZodType
  readonly query?: z.ZodType
  readonly headers?: z.ZodType
  readonly body?: z.ZodType
  /** The body may come as `multipart/form-data` as well: itself as the part `message`, and parts `attachment`. */
  readonly takesAttachments?: boolean
  readonly status: 200 | 201 | 202 | 204
  readonly response: z.ZodType | null
  /** What the answer of the success status means. */
  readonly answer: string
  /** What the headers of that answer mean, by name. */
  readonly answerHeaders?: Readonly<Record<string, string>>
  /** Of an answer that is not JSON. */
  readonly contentType?: string
  /** What it may refuse for beside what the above implies. */
  readonly problems: readonly ProblemCode[]
}
