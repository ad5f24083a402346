import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { ConfigurationError } from '../config.ts'
import { isAway } from './is-unavailable.ts'

const BETWEEN_TRIES_MS = 1_000

/** Runs a step of the start, and repeats it while the database is unavailable. */
export type WaitForDatabase = <Result>(step: () => Promise<Result>) => Promise<Result>

/**
 * Waits for a database that becomes unavailable during the start, as the running product does. It does not wait for one
 * that was never reached, because its address may be wrong.
 */
export function createWaitForDatabase(
  logger: Pick<FastifyBaseLogger, 'warn'>,
  stopping: AbortSignal | undefined,
): WaitForDatabase {
  return async (step) => {
    for (let isFirst = true; ; isFirst = false) {
      try {
        return await step()
      } catch (error) {
        if (!isAway(error) || (isFirst && error instanceof ConfigurationError)) throw error
        logger.warn({ err: error }, 'the database went away during the start; trying again')
        await delay(BETWEEN_TRIES_MS, undefined, stopping && { signal: stopping })
      }
    }
  }
}
