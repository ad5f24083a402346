import type { FastifyBaseLogger } from 'fastify'
import type { Timers } from '../runtime/clock.ts'
import { ConfigurationError } from '../configuration/config.ts'
import { isAway } from './is-unavailable.ts'

const BETWEEN_TRIES_MS = 1_000

export type WaitForDatabase = ReturnType<typeof createWaitForDatabase>

/**
 * Waits for a database that becomes unavailable during the start, as the running product does. It does not wait for one
 * that was never reached, because its address may be wrong.
 */
export function createWaitForDatabase(
  logger: Pick<FastifyBaseLogger, 'warn'>,
  timers: Pick<Timers, 'sleep'>,
  stopping: AbortSignal | undefined,
) {
  let hasWaited = false
  /** Runs a step of the start, and repeats it while the database is unavailable. */
  const waitFor = async <Result>(step: () => Promise<Result>): Promise<Result> => {
    for (let isFirst = true; ; isFirst = false) {
      try {
        return await step()
      } catch (error) {
        if (!isAway(error) || (isFirst && error instanceof ConfigurationError)) throw error
        hasWaited = true
        logger.warn({ err: error }, 'the database went away during the start; trying again')
        await timers.sleep(BETWEEN_TRIES_MS, stopping)
      }
    }
  }
  /** Whether the database went away during the start. */
  return Object.assign(waitFor, { hasWaited: () => hasWaited })
}
