import type { FastifyBaseLogger } from 'fastify'
import type { Alerts } from './alerts/compose-alerts.ts'
import type { Housekeeping, HousekeepingTask, MakeHousekeeping } from './background/housekeeping.ts'
import { createTaskStore } from './background/task-store.ts'
import type { Runtime } from './runtime/clock.ts'
import type { DeliveryMetrics } from './delivery/delivery-metrics.ts'
import type { Database } from './database/database.ts'
import { reportExpired } from './delivery/report.ts'
import type { OverviewFeature } from './overview/overview-routes.ts'
import { startPolling, type Polling } from './runtime/polling.ts'
import type { Upkeep } from './queue/queue.ts'

/** How often work of the queue is looked for that no message waits for. */
const LOOK_EVERY_MS = 2_000

/** In the log, when a recount corrects something. */
export const DRIFT = 'the counters of a mailbox differed from its messages by this much, and were corrected'

const UNINDEXED =
  'searching for text reads the texts of all messages, since the database refuses the extension pg_trgm. Have its administrator run CREATE EXTENSION pg_trgm in this database, and allow this account USAGE on the schema that it is in: it is used from then on, without a restart'

/** Wires what goes on in the background: tasks of every minute, and work that is looked for all the time. */
export function composeBackground(
  deps: Runtime & {
    makeHousekeeping: MakeHousekeeping
    database: Pick<Database, 'pool'>
    upkeep: Upkeep
    alerts: Pick<Alerts, 'dispatcher'>
    overview: Pick<OverviewFeature, 'keepUp'>
    /** The tasks of the features. */
    tasks: Readonly<Record<string, HousekeepingTask>>
    deliveryMetrics: DeliveryMetrics
    databaseNow: () => Promise<Date>
    logger: FastifyBaseLogger
  },
): Housekeeping {
  const { database, upkeep, alerts, overview, deliveryMetrics, databaseNow, timers, logger } = deps
  const housekeeping = deps.makeHousekeeping({
    ...deps,
    store: createTaskStore(database.pool),
    tasks: {
      ...deps.tasks,
      'sweep-messages': async () => upkeep.deleteOld(await databaseNow()),
      'fail-expired': async () => {
        for (let more = true; more;) {
          const batch = await upkeep.failExpired()
          reportExpired({ metrics: deliveryMetrics, logger }, batch.expired)
          more = batch.more
        }
      },
      recount: async () => {
        for (const drift of await upkeep.recount(await databaseNow())) logger.warn(drift, DRIFT)
      },
      'sweep-attachments': async () => upkeep.sweepReceived(await databaseNow()),
    },
  })
  let pollings: readonly Polling[] = []
  const poll = (what: string, work: (stopping: AbortSignal) => Promise<boolean>) =>
    startPolling(async (stopping) => ((await work(stopping)) ? 0 : LOOK_EVERY_MS), {
      timers,
      afterFailureMs: LOOK_EVERY_MS,
      onFailure: (error) => logger.warn({ err: error }, `${what}; trying again`),
    })
  return {
    start() {
      housekeeping.start()
      alerts.dispatcher.start()
      pollings = [
        poll('messages could not be indexed', async (stopping) => {
          const { more, refusal } = await upkeep.index(stopping)
          if (refusal !== null) logger.warn({ reason: refusal }, UNINDEXED)
          return more
        }),
        poll('messages could not be retried or cancelled', () => upkeep.continueBulk()),
        poll('outcomes could not be counted', () => overview.keepUp()),
      ]
    },
    async stop() {
      await Promise.all(pollings.map((polling) => polling.stop()))
      await alerts.dispatcher.stop()
      await housekeeping.stop()
    },
  }
}
