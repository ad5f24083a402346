import type { Values } from './types.ts'

/** A fault of the input. */
export interface InputFault {
  /** The field, such as `to[2].address`. */
  readonly path: string
  /** What is wrong, and facts about it, to word it in another language. */
  readonly code: string
  readonly values: Values
  readonly message: string
}

/** Every failure of this package. `code` is one of the API's, or one that the README lists. */
export class InforiverMailError extends Error {
  override readonly name = 'InforiverMailError'
  readonly code: string
  /** The HTTP status; null where no answer came. */
  readonly status: number | null
  readonly errors: readonly InputFault[]
  /** Finds the request in the log of the server. */
  readonly requestId: string | null

  constructor(
    code: string,
    message: string,
    facts: { status?: number; errors?: readonly InputFault[]; requestId?: string; cause?: unknown } = {},
  ) {
    super(message, facts.cause === undefined ? {} : { cause: facts.cause })
    this.code = code
    this.status = facts.status ?? null
    this.errors = facts.errors ?? []
    this.requestId = facts.requestId ?? null
  }
}
