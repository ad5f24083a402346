/**
 * A change went to the database to be committed, and no answer says whether it was. Nobody may be told that nothing was
 * changed.
 */
export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError'

  constructor(cause: unknown) {
    super('The answer of the database to a change was lost.', { cause })
    if (cause instanceof Error && cause.stack !== undefined) this.stack = cause.stack
  }
}

/** What is read for the answer once a change is committed: from then on no failure means that nothing was changed. */
export async function afterCommit<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read()
  } catch (error) {
    throw new OutcomeUnknownError(error)
  }
}
