// Started by peers.ts, which tells it what to do: a plain loop over the Graph client, and graphile-worker with a task
// that makes the same call. Each is a process of its own, so that its CPU time can be read.
import { Logger, makeWorkerUtils, run, type Runner } from 'graphile-worker'
import type { OutgoingMessage } from '../../packages/m365/src/mailer/outgoing-message.ts'
import { bareMessage, graphClientSender, type Account } from './graph-loops.ts'
import { inParallel } from '../testbed/submit.ts'

/** Sent once, before any order. */
export interface PeerSetting {
  readonly graphBaseUrl: string
  readonly connectionString: string
  readonly accounts: readonly Account[]
  /** How many calls to Microsoft are under way at once. */
  readonly sendsAtOnce: number
  /** How many jobs are added at once. */
  readonly addsAtOnce: number
}

/** `loop` posts messages, `add` adds jobs one by one, `work` starts to run jobs, and `rest` stops that. */
export type PeerOrder = { readonly order: 'loop' | 'add'; readonly count: number } | { readonly order: 'work' | 'rest' }

/**
 * Each job that is added takes a commit of its own, so these are as many as the server has left: of its 97, one process
 * of the product takes up to 30, and the bench 6.
 */
const ADDING_CONNECTIONS = 48
/** Jobs are fetched and completed in batches, which takes few. */
const WORKING_CONNECTIONS = 10

interface Payload {
  readonly message: OutgoingMessage
  readonly index: number
}

process.once('disconnect', () => process.exit()) // the bench is gone
process.once('message', (setting: PeerSetting) => void serve(setting))

async function serve(setting: PeerSetting): Promise<void> {
  const { graphBaseUrl, connectionString, accounts, sendsAtOnce, addsAtOnce } = setting
  const send = graphClientSender(graphBaseUrl, accounts)
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
  const taskList = {
    send: async (payload: unknown) => {
      const { message, index } = payload as Payload
      await send(message, index)
    },
  }
  let runner: Runner | null = null

  const orders = {
    loop: (count: number) => inParallel(count, sendsAtOnce, (index) => send(bareMessage(index, accounts), index)),
    add: (count: number) =>
      inParallel(count, addsAtOnce, async (index) => {
        const payload: Payload = { message: bareMessage(index, accounts), index }
        await utilities.addJob('send', payload)
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
  process.on('message', (asked: PeerOrder) => {
    const work = 'count' in asked ? orders[asked.order](asked.count) : orders[asked.order]()
    work.then(
      () => process.send?.({ failed: null }),
      (error: unknown) => process.send?.({ failed: String(error) }),
    )
  })
  process.send?.({ failed: null })
}
