// Started by peers.ts, which tells it what to do: a plain loop over the Graph client, and graphile-worker with a task
// that makes the same call. Each is a process of its own, so that its CPU time can be read.
import { Logger, makeWorkerUtils, run, type Runner } from 'graphile-worker'
import type { OutgoingMessage } from '../../packages/m365/src/mailer/outgoing-message.ts'
import { inParallel } from '../testbed/submit.ts'
import { bareMessage, graphClientSender, type Account } from './graph-loop.ts'

/** Sent once, before any order. */
export interface PeerSetting {
  readonly graphBaseUrl: string
  readonly connectionString: string
  readonly account: Account
  /** How many calls to Microsoft are under way at once. */
  readonly sendsAtOnce: number
  /** How many jobs are added at once. */
  readonly addsAtOnce: number
}

/** `loop` posts messages, `add` adds jobs one by one, `work` starts to run jobs, and `rest` stops that. */
export interface PeerOrder {
  readonly order: 'loop' | 'add' | 'work' | 'rest'
  readonly count?: number
}

/**
 * Each job that is added takes a commit of its own, so these are as many as the server has left: of its 97, one process
 * of the product takes up to 30, and the bench 6.
 */
const ADDING_CONNECTIONS = 48
/** Jobs are fetched and completed in batches, which takes few. */
const WORKING_CONNECTIONS = 10

process.once('disconnect', () => process.exit()) // the bench is gone
process.once('message', (setting: PeerSetting) => void serve(setting))

async function serve({ graphBaseUrl, connectionString, account, sendsAtOnce, addsAtOnce }: PeerSetting): Promise<void> {
  const send = graphClientSender(graphBaseUrl, account)
  // As its page on performance recommends: jobs are fetched many at a time, and completed together. The delay keeps it from
  // asking anew for each job that is added; the product gathers for as long.
  const worker = {
    connectionString,
    concurrentJobs: sendsAtOnce,
    localQueue: { size: 500, refetchDelay: { durationMs: 5, threshold: addsAtOnce } },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
    logger: new Logger(() => () => {}),
  }
  const utilities = await makeWorkerUtils({ preset: { worker: { ...worker, maxPoolSize: ADDING_CONNECTIONS } } })
  await utilities.migrate()
  const taskList = { send: (message: unknown) => send(message as OutgoingMessage) }
  let runner: Runner | null = null

  const orders = {
    loop: (count: number) => inParallel(count, sendsAtOnce, (index) => send(bareMessage(index, account))),
    add: (count: number) =>
      inParallel(count, addsAtOnce, async (index) => {
        await utilities.addJob('send', bareMessage(index, account))
      }),
    work: async () => {
      const preset = { worker: { ...worker, maxPoolSize: WORKING_CONNECTIONS } }
      runner = await run({ preset, taskList, parsedCronItems: [], noHandleSignals: true })
    },
    rest: async () => {
      await runner?.stop()
      runner = null
    },
  }
  process.on('message', ({ order, count = 0 }: PeerOrder) => {
    orders[order](count).then(
      () => process.send?.({ failed: null }),
      (error: unknown) => process.send?.({ failed: String(error) }),
    )
  })
  process.send?.({ failed: null })
}
