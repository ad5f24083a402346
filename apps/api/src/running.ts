import type { FastifyBaseLogger } from 'fastify'

/** Something that was started. */
export interface Running {
  /** Lets what is under way finish, for as long as it may, then stops everything that was started. */
  close(): Promise<void>
}

/** Closes all of them at once. One that cannot be closed keeps nothing else from being closed. */
export async function closeTogether(started: readonly Running[], logger: FastifyBaseLogger): Promise<void> {
  const ended = await Promise.allSettled(started.map((part) => part.close()))
  for (const each of ended)
    if (each.status === 'rejected')
      logger.warn({ err: each.reason as unknown }, 'something could not be stopped cleanly')
}
