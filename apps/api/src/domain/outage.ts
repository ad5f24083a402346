/** Why the database cannot be used. */
export type Outage = 'database-full' | 'database-read-only' | 'database-refuses' | 'database-away'

/**
 * The database's answer to a commit was lost, so the change may have been made. Clients must not be told that nothing
 * changed.
 */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError'

  constructor(cause: unknown) {
    super('The answer of the database to a change was lost.', { cause })
    if (cause instanceof Error && cause.stack !== undefined) this.stack = cause.stack
  }
}

/** Reads data for the answer after a commit. A failure then must not look as if nothing had changed. */
export async function afterCommit<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read()
  } catch (error) {
    throw new OutcomeUnknownError(error)
  }
}
