import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Process } from '../testbed/processes.ts'
import { countAccepted, submitAll, SUBMITS_AT_ONCE, untilAccepted } from '../testbed/submit.ts'
import type { Tenant } from '../testbed/tenants.ts'
import { NO_LIMITS, type Testbed } from '../testbed/testbed.ts'
import { describeCosts, measureCosts, medianCosts, untilQuiet, type Costs } from './costs.ts'
import type { BenchDeps } from './guard-rails.ts'
import type { PeerOrder, PeerSetting } from './peer-process.ts'

const PEER = fileURLToPath(new URL('./peer-process.ts', import.meta.url))
const MAILS = 12_000
/** What each delivers before it is measured: until then V8 still compiles. */
const WARM_MAILS = 12_000
const ROUNDS = 3
/** As many as the product has under way, where no limit of the mailbox holds it back. */
const SENDS_AT_ONCE = 192

/**
 * Measures the product, graphile-worker and a plain loop over the Graph client, which make the same call from the same
 * mailbox, one process each.
 */
export async function benchPeers(deps: BenchDeps): Promise<void> {
  const { testbed } = deps
  const [tenant] = await testbed.addTenants(1)
  if (!tenant) return
  const { address } = tenant
  const { accessToken } = await testbed.control('POST', `/people/${address}/tokens`, {
    scopes: ['Mail.Send', 'User.Read'],
  })
  const peer = await startPeer({
    graphBaseUrl: testbed.simulatorUrl,
    connectionString: testbed.connectionString,
    account: { address, accessToken: accessToken as string },
    sendsAtOnce: SENDS_AT_ONCE,
    addsAtOnce: SUBMITS_AT_ONCE,
  })
  const compare = async () => {
    await compareTogether(deps, peer, tenant)
    await compareDrains(deps, peer, tenant)
  }
  try {
    await Promise.race([peer.ended, compare()])
  } finally {
    peer.stop()
  }
}

/** Submit and delivery at once, and the plain loop, in turn. */
async function compareTogether({ testbed, score }: BenchDeps, peer: Peer, tenant: Tenant): Promise<void> {
  const product = await testbed.start('all', NO_LIMITS)
  const runJobs = (count: number) => untilMore(testbed, count, () => peer.order({ order: 'add', count }))
  await deliver(testbed, product, tenant, WARM_MAILS)
  await peer.order({ order: 'loop', count: WARM_MAILS })
  await peer.order({ order: 'work' })
  await runJobs(WARM_MAILS)
  const [ours, theirs, plain]: [Costs[], Costs[], Costs[]] = [[], [], []]
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await measureCosts(testbed, product, MAILS, () => deliver(testbed, product, tenant, MAILS)))
    theirs.push(await measureCosts(testbed, peer, MAILS, () => runJobs(MAILS)))
    await peer.order({ order: 'rest' }) // it would ask for jobs beside the loop
    plain.push(await measureCosts(testbed, peer, MAILS, () => peer.order({ order: 'loop', count: MAILS })))
    await peer.order({ order: 'work' })
  }
  await peer.order({ order: 'rest' })
  await untilQuiet(testbed)
  const logged = await measureCosts(testbed, product, MAILS, async () => {
    await deliver(testbed, product, tenant, MAILS)
    await untilQuiet(testbed) // what the search needs may be written later
  })
  await product.stop()
  const [own, jobs, loop] = [medianCosts(ours), medianCosts(theirs), medianCosts(plain)]
  console.log(`together, the product: ${describeCosts(own)}
together, graphile-worker: ${describeCosts(jobs)}
the plain loop: ${describeCosts(loop)}`)
  score.note('submit and delivery together over graphile-worker', jobs.seconds / own.seconds)
  score.note('CPU of a plain loop over that of the product', loop.processMs / own.processMs)
  score.note(
    'kB of log for each mail',
    logged.walBytes / 1_000,
    `graphile-worker ${(jobs.walBytes / 1_000).toFixed(2)}`,
  )
}

/** What was submitted before is delivered without a submit beside it. */
async function compareDrains({ testbed, score }: BenchDeps, peer: Peer, tenant: Tenant): Promise<void> {
  const drain = async () => {
    const before = await countAccepted(testbed.control)
    const worker = await testbed.start('worker', NO_LIMITS)
    await untilAccepted(testbed.control, before + WARM_MAILS)
    const drained = await measureCosts(testbed, worker, MAILS, () =>
      untilAccepted(testbed.control, before + WARM_MAILS + MAILS),
    )
    await worker.stop()
    return drained
  }
  const run = async () => {
    const before = await countAccepted(testbed.control)
    await peer.order({ order: 'work' })
    await untilAccepted(testbed.control, before + WARM_MAILS)
    const ran = await measureCosts(testbed, peer, MAILS, () =>
      untilAccepted(testbed.control, before + WARM_MAILS + MAILS),
    )
    await peer.order({ order: 'rest' })
    return ran
  }
  const [ours, theirs]: [Costs[], Costs[]] = [[], []]
  // What comes later finds larger tables, so each comes first once.
  for (const isFirst of [true, false]) {
    const api = await testbed.start('api', NO_LIMITS)
    await submitAll(api, tenant, WARM_MAILS + MAILS)
    await api.stop() // its connections are those of the worker that follows
    await peer.order({ order: 'add', count: WARM_MAILS + MAILS })
    if (isFirst) ours.push(await drain())
    theirs.push(await run())
    if (!isFirst) ours.push(await drain())
  }
  const [own, jobs] = [medianCosts(ours), medianCosts(theirs)]
  console.log(`drain, the product: ${describeCosts(own)}\ndrain, graphile-worker: ${describeCosts(jobs)}`)
  score.note('drain over graphile-worker', jobs.seconds / own.seconds)
}

/** Submits so many mails, and waits until they have arrived. */
export function deliver(testbed: Testbed, product: Process, tenant: Tenant, mails: number): Promise<void> {
  return untilMore(testbed, mails, () => submitAll(product, tenant, mails))
}

/** Has so many more mails arrive. */
async function untilMore({ control }: Testbed, mails: number, work: () => Promise<void>): Promise<void> {
  const before = await countAccepted(control)
  await work()
  await untilAccepted(control, before + mails)
}

type Peer = Awaited<ReturnType<typeof startPeer>>

async function startPeer(setting: PeerSetting) {
  const child = fork(PEER, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  let output = ''
  child.stderr?.on('data', (data: Buffer) => (output += data.toString()))
  // 'close', not 'exit': by then its last output has been read.
  const ended = once(child, 'close').then((): never => {
    throw new Error(`The process of the comparison ended: ${output}`)
  })
  ended.catch(() => {}) // it also ends when nobody waits for it any more
  await Promise.race([ended, ask(child, setting)])
  return {
    pid: child.pid ?? 0,
    /** Rejects with what the process wrote when it ends. */
    ended,
    /** Resolves when it has been carried out. */
    order: (asked: PeerOrder) => ask(child, asked),
    stop: () => void child.kill('SIGKILL'),
  }
}

function ask(child: ChildProcess, message: PeerSetting | PeerOrder): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('message', ({ failed }: { failed: string | null }) => {
      if (failed === null) resolve()
      else reject(new Error(failed))
    })
    child.send(message)
  })
}
