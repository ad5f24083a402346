import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { FastifyBaseLogger } from 'fastify'
import type { Timers } from '../runtime/clock.ts'
import { startPolling, type Polling } from '../runtime/polling.ts'
import type { TaskStore } from './task-store.ts'

const LOOK_EVERY_MS = 5_000
/** Leaves most connections of the process to requests and deliveries. */
const TASKS_AT_ONCE = 4
/** How long a running task may take to finish when the process stops. */
const STOP_TIMEOUT_MS = 8_000
const LEASE_BYTES = 16

/** Runs once a minute, in one process at a time. It may be cut off anywhere, and continues in a later run. */
export type HousekeepingTask = () => Promise<void>

export interface Housekeeping {
  start(): void
  stop(): Promise<void>
}

export type MakeHousekeeping = (deps: {
  readonly store: TaskStore
  readonly tasks: Readonly<Record<string, HousekeepingTask>>
  readonly random: RandomBytes
  readonly timers: Timers
  readonly logger: FastifyBaseLogger
}) => Housekeeping

/** Runs background work that no message waits for. Any number of processes share it. */
export const createHousekeeping: MakeHousekeeping = ({ store, tasks, random, timers, logger }) => {
  const lease = random(LEASE_BYTES).toString('hex')
  const running = new Map<string, Promise<void>>()
  let areKnown = false
  let polling: Polling | null = null

  async function look(): Promise<number> {
    if (!areKnown) await store.add(Object.keys(tasks))
    areKnown = true
    const waiting = Object.keys(tasks).filter((name) => !running.has(name))
    const free = TASKS_AT_ONCE - running.size
    const claimed = free > 0 ? await store.claim(waiting, lease, free) : []
    for (const name of claimed) running.set(name, run(name))
    return LOOK_EVERY_MS
  }

  async function run(name: string): Promise<void> {
    try {
      await tasks[name]?.()
    } catch (error) {
      logger.error({ err: error, task: name }, 'background work failed; it is tried again in a minute')
    }
    await release([name])
    running.delete(name)
    polling?.wake()
  }

  async function release(names: readonly string[]): Promise<void> {
    try {
      await store.release(names, lease)
    } catch (error) {
      logger.warn({ err: error, tasks: names }, 'background work could not be noted as done; it goes on in ten minutes')
    }
  }

  return {
    start() {
      polling = startPolling(look, {
        timers,
        afterFailureMs: LOOK_EVERY_MS,
        onFailure: (error) => logger.warn({ err: error }, 'background work could not begin; trying again'),
      })
    },
    async stop() {
      await polling?.stop()
      const tooLong = Promise.withResolvers<void>()
      const cancel = timers.after(STOP_TIMEOUT_MS, tooLong.resolve)
      await Promise.race([Promise.all(running.values()), tooLong.promise])
      cancel()
      if (running.size > 0) await release([...running.keys()])
    },
  }
}
