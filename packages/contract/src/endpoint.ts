import type { z } from 'zod'

/**
 * One operation of the REST API as a value that server and page both import.
 * `response` describes the body of the success status; null stands for a body that is absent (204).
 * Every failure answers with a `Problem`.
 */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below the origin, with `:name` for path parameters. */
  readonly path: `/api/v1/${string}`
  readonly params?: z.ZodType
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  readonly status: 200 | 201 | 202 | 204
  readonly response: z.ZodType | null
}
