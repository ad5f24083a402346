import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import { PgBoss } from 'pg-boss'
import { isUnavailable } from './database/is-unavailable.ts'

const SCHEMA = 'background_work'
/** A task that takes longer is left off. */
const STOP_TIMEOUT_MS = 8_000
const EVERY_MINUTE = '* * * * *'
const BETWEEN_TRIES_MS = 1_000

/** Runs at the start and once a minute, in one process at a time; it may be left off anywhere and go on at the next turn. */
export type HousekeepingTask = () => Promise<void>

export interface Housekeeping {
  /** Where the database is away, it goes on by itself once that is back. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** Ordinary work in the background, on pg-boss: whatever has no message waiting for it. */
export function createHousekeeping(parts: {
  connectionString: string
  tasks: Readonly<Record<string, HousekeepingTask>>
  logger: FastifyBaseLogger
}): Housekeeping {
  const { connectionString, tasks, logger } = parts
  const boss = new PgBoss({ connectionString, schema: SCHEMA, max: 2, application_name: 'inforiver-mail-housekeeping' })
  boss.on('error', (error: unknown) =>
    logger.warn({ err: error }, 'background work was disturbed; it goes on by itself'),
  )
  const stopping = new AbortController()
  const working = new Set<string>()
  let trying: Promise<void> = Promise.resolve()

  /** May be done again where it failed. */
  async function begin(): Promise<void> {
    await boss.start()
    for (const [name, task] of Object.entries(tasks)) {
      if (working.has(name)) continue
      await boss.createQueue(name, {
        policy: 'singleton',
        retryLimit: 0,
        expireInSeconds: 600,
        deleteAfterSeconds: 3_600,
      })
      await boss.schedule(name, EVERY_MINUTE)
      await boss.send(name)
      await boss.work(name, { pollingIntervalSeconds: 10 }, async () => {
        try {
          await task()
        } catch (error) {
          logger.error({ err: error, task: name }, 'background work failed; it is tried again in a minute')
        }
      })
      working.add(name)
    }
  }

  async function keepTrying(): Promise<void> {
    while (!stopping.signal.aborted) {
      await delay(BETWEEN_TRIES_MS, undefined, { signal: stopping.signal }).catch(() => {})
      if (stopping.signal.aborted) return
      try {
        await begin()
        return
      } catch (error) {
        logger.warn({ err: error }, 'background work could not begin; trying again')
      }
    }
  }

  return {
    async start() {
      try {
        await begin()
      } catch (error) {
        if (!isUnavailable(error)) throw error
        logger.warn({ err: error }, 'background work could not begin; trying again')
        trying = keepTrying()
      }
    },
    async stop() {
      stopping.abort()
      await trying
      await boss.stop({ graceful: true, timeout: STOP_TIMEOUT_MS })
    },
  }
}
