import type { z } from 'zod'
import type { Role, Scope } from './caller.ts'
import type { ProblemCode } from './problem.ts'

declare module 'zod' {
  interface GlobalMeta {
    /** Values that a caller may send, or gets; the first is shown where one is. Each has to fit its schema. */
    examples?: z.$input[]
  }
}

/**
 * One operation of the REST API, as a value that the server and the page both import. `response` describes the body of
 * the success status; there is none with 204. Every failure answers with a `Problem`.
 */
export interface Endpoint {
  /** Its name in generated clients. */
  readonly operation: string
  /** What it does, in one sentence. */
  readonly summary: string
  /** What a client has to know beyond the summary: when to use it, what it changes, what it waits for. */
  readonly description: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Relative to the origin, with `:name` for path parameters. */
  readonly path: `/api/v1/${string}`
  /** The role that a session needs. Left out: the operation takes no session cookie. */
  readonly session?: Role
  /** The scope that a service key needs. Left out: the operation takes no key. */
  readonly scope?: Scope
  readonly params?: z.ZodType
  readonly query?: z.ZodType
  readonly headers?: z.ZodType
  readonly body?: z.ZodType
  /** The body may also be `multipart/form-data`, with the part `message` for the JSON and parts `attachment`. */
  readonly takesAttachments?: boolean
  readonly status: 200 | 201 | 202 | 204
  readonly response?: z.ZodType
  /** What the answer of the success status means. */
  readonly answer: string
  /** Fields that have other values in the example of this answer than in that of its schema. */
  readonly exampleAnswer?: Readonly<Record<string, unknown>>
  /** Another success, of a status and shape of its own. */
  readonly or?: Pick<Endpoint, 'answer' | 'exampleAnswer'> & { readonly status: 201; readonly response: z.ZodType }
  /** What the headers of the success answer mean, by name. */
  readonly answerHeaders?: Readonly<Record<string, string>>
  /** Media type of an answer that is not JSON. */
  readonly contentType?: string
  /** The problems it can answer with, besides those that the members above imply. */
  readonly problems?: readonly ProblemCode[]
}
