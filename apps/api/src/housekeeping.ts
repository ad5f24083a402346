import type { FastifyBaseLogger } from 'fastify'
import type { ClientBase } from 'pg'
import { PgBoss } from 'pg-boss'
import type { Timers } from './clock.ts'
import { isUnavailable } from './database/is-unavailable.ts'
import { DONE, startPolling, type Polling } from './polling.ts'

const SCHEMA = 'background_work'
/** How long a running task may take to finish when the process stops. */
const STOP_TIMEOUT_MS = 8_000
const EVERY_MINUTE = '* * * * *'
const TRY_AGAIN_AFTER_MS = 1_000

/** Runs at the start and once a minute, in one process at a time. It may be cut off anywhere, and continues in a later run. */
export type HousekeepingTask = () => Promise<void>

export interface Housekeeping {
  /** While the database is unavailable, it keeps trying in the background. */
  start(): Promise<void>
  stop(): Promise<void>
}

export type MakeHousekeeping = (deps: {
  readonly connectionString: string
  readonly tasks: Readonly<Record<string, HousekeepingTask>>
  readonly timers: Timers
  readonly logger: FastifyBaseLogger
}) => Housekeeping

/** Runs background work that no message waits for, on pg-boss. */
export const createHousekeeping: MakeHousekeeping = ({ connectionString, tasks, timers, logger }) => {
  const options = {
    connectionString,
    schema: SCHEMA,
    max: 2,
    application_name: 'inforiver-mail-housekeeping',
    // For pg's pool, to which pg-boss gives its options: it expects these, whatever the operator prefers.
    onConnect: (client: ClientBase) =>
      client.query(`SET default_transaction_isolation = 'read committed'; SET standard_conforming_strings = on`),
  }
  const boss = new PgBoss(options)
  boss.on('error', (error: unknown) =>
    logger.warn({ err: error }, 'background work was disturbed; it goes on by itself'),
  )
  const working = new Set<string>()
  let retrying: Polling | null = null
  const warnOfRetry = (error: unknown) => logger.warn({ err: error }, 'background work could not begin; trying again')

  /** Can be called again after it failed. */
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

  return {
    async start() {
      try {
        await begin()
      } catch (error) {
        if (!isUnavailable(error)) throw error
        warnOfRetry(error)
        const tryAgain = async () => {
          await begin()
          return DONE
        }
        retrying = startPolling(tryAgain, { timers, afterFailureMs: TRY_AGAIN_AFTER_MS, onFailure: warnOfRetry })
      }
    },
    async stop() {
      await retrying?.stop()
      await boss.stop({ graceful: true, timeout: STOP_TIMEOUT_MS })
    },
  }
}
