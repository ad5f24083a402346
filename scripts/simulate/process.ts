import type pg from 'pg'
import { createIds } from '../../apps/api/src/runtime/ids.ts'
import type { Config } from '../../apps/api/src/configuration/config.ts'
import { systemTimers, type Timers } from '../../apps/api/src/runtime/clock.ts'
import { connectDatabase } from '../../apps/api/src/database/database.ts'
import type { HousekeepingTask } from '../../apps/api/src/background/housekeeping.ts'
import { createLogger } from '../../apps/api/src/runtime/logger.ts'
import type { OpenedProduct } from '../../apps/api/src/open-product.ts'
import { wire, type Wired } from '../../apps/api/src/wire.ts'
import type { MicrosoftFetch } from '../../packages/m365/src/microsoft-fetch.ts'
import { createChance } from '../../apps/api/src/test-support/chance.ts'
import type { Answer } from '../testbed/service.ts'
import type { ConnectedProcess, Connection, SimulatedDatabase } from './database.ts'
import { awaitMachine, host } from './machine.ts'
import { STARTS_AT } from './ground.ts'
import type { World } from './world.ts'

/** A process of the product, which can stand still and be killed. */
export type SimulatedProcess = ReturnType<typeof startProcess>

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Record<string, string>
  readonly payload?: object
}

export interface ProcessDeps {
  readonly world: World
  readonly database: SimulatedDatabase
  readonly config: Config
  readonly opened: Pick<OpenedProduct, 'tenantId' | 'keys' | 'vault' | 'tracing'>
  readonly fetchOf: (process: ConnectedProcess) => MicrosoftFetch
  /** Where it logs: warnings and errors, each as a line of JSON. */
  readonly log: string[]
}

/** A clock begins anywhere but at 0, which code may take for none. */
const ELAPSED_AT_START_MS = 1_000_000

/** Starts a process, as `serve` does. `seed` decides its chance. `wallOffsetMs` is how wrong its clock is. */
export function startProcess(
  name: string,
  seed: number,
  wallOffsetMs: number,
  { world, database, config, opened, fetchOf, log }: ProcessDeps,
) {
  const draw = createChance(seed)
  const random = (sizeBytes: number) => Buffer.from(Array.from({ length: sizeBytes }, () => Math.floor(draw() * 256)))
  const clock = () => new Date(STARTS_AT + world.now() + wallOffsetMs)
  const logger = createLogger('warn', { write: (line) => log.push(line) })
  const death = Promise.withResolvers<void>()
  let isAlive = true
  let frozenAt: number | null = null
  let tasks: Readonly<Record<string, HousekeepingTask>> = {}

  const self = {
    name,
    get isAlive(): boolean {
      return isAlive
    },
    get isFrozen(): boolean {
      return frozenAt !== null
    },
    get frozenAt(): number | null {
      return frozenAt
    },
    /** Calls it later. Returns what cancels that. */
    after: (ms: number, call: () => void): (() => void) => world.after(self, ms, () => self.run(call)),
    run(call: () => void): void {
      if (isAlive) host.run(self, call)
    },
    /** Has no connection where it is refused. */
    connect(client: pg.Client, callback: (connection: Connection | null) => void): void {
      process.nextTick(() => self.run(() => callback(database.isAway() ? null : database.connect(client, self))))
    },
    /** Sends it a request. Never resolves if it is killed meanwhile. */
    async inject(request: HttpRequest): Promise<Answer> {
      const built = await app
      if (!isAlive) return new Promise(() => {})
      const { statusCode: status, body } = await host.run(self, async () => await built.inject(request)) // it begins when it is awaited
      return { status, json: body.startsWith('{') ? JSON.parse(body) : null }
    },
    /** Runs the background tasks. */
    doHousekeeping(): void {
      for (const task of Object.values(tasks)) self.run(() => void task().catch(() => {})) // the next minute tries again
    },
    freeze(): void {
      frozenAt = world.now()
    },
    /** Lets it go on. Returns since when it has stood still, or null. */
    thaw(): number | null {
      const since = frozenAt
      frozenAt = null
      return since
    },
    kill(): void {
      isAlive = false
      world.forget(self)
      database.abandon(self)
      death.resolve()
    },
    /** Resolves when it is killed. */
    died: death.promise,
    /** Ends it as an operator does, and resolves then. */
    async stop(): Promise<void> {
      await host.run(self, async () => {
        await product.worker.stop()
        await product.housekeeping.stop()
      })
      self.kill()
    },
  }

  const timers = timersOf(world, self)
  const product: Wired = host.run(self, () =>
    wire(
      config,
      logger,
      {
        ...opened,
        database: connectDatabase('', () => {}),
        connectionString: '',
        waitForDatabase: Object.assign(<Result>(step: () => Promise<Result>) => step(), { hasWaited: () => false }),
        explain: async (error) => error,
        async close() {},
      },
      {
        clock,
        timers,
        elapsedMs: timers.elapsedMs,
        chance: draw,
        random,
        newId: createIds({ clock, random }),
        wrapFetch: () => fetchOf(self),
        servesPage: false,
        deliverySizes: { rangeBytes: 16_384, certainRequestBytes: 20_000 },
        makeHousekeeping: (deps) => {
          tasks = deps.tasks
          return { start() {}, async stop() {} }
        },
      },
    ),
  )
  const app = awaitMachine(
    host.run(self, async () => {
      const built = await product.buildApp()
      await built.ready()
      return built
    }),
  )
  self.run(() => {
    product.housekeeping.start()
    product.worker.start()
  })
  return self
}

function timersOf(world: World, { after }: Pick<ConnectedProcess, 'after'>): Timers {
  return {
    ...systemTimers,
    elapsedMs: () => world.now() + ELAPSED_AT_START_MS,
    after,
    every(ms, call) {
      let cancel = after(ms, again)
      function again(): void {
        cancel = after(ms, again)
        call()
      }
      return () => cancel()
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const cancel = after(ms, resolve)
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      return promise.finally(cancel)
    },
    deadline(ms) {
      const controller = new AbortController()
      after(ms, () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')))
      return controller.signal
    },
  }
}
