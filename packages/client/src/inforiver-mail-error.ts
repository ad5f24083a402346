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
  /** `InforiverMailError`; of an aborted submit the name of the signal's reason, such as `AbortError`. */
  override readonly name: string
  readonly code: string
  /** The HTTP status; null where no answer came. */
  readonly status: number | null
  readonly errors: readonly InputFault[]
  /** Finds the request in the log of the server. */
  readonly requestId: string | null
  /**
   * The key that a message or a batch was submitted under; null where nothing was submitted. The same content under it
   * is stored once.
   */
  readonly idempotencyKey: string | null

  constructor(
    code: string,
    message: string,
    facts: {
      name?: string
      status?: number
      errors?: readonly InputFault[]
      requestId?: string
      idempotencyKey?: string
      cause?: unknown
    } = {},
  ) {
    super(message, facts.cause === undefined ? {} : { cause: facts.cause })
    this.name = facts.name ?? 'InforiverMailError'
    this.code = code
    this.status = facts.status ?? null
    this.errors = facts.errors ?? []
    this.requestId = facts.requestId ?? null
    this.idempotencyKey = facts.idempotencyKey ?? null
  }
}
