import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MAX_IN_FLIGHT } from '../../apps/api/src/delivery/in-flight.ts'
import { LEASE_MS } from '../../apps/api/src/queue/claim.ts'
import { meanCosts, measureCosts, medianCosts, printCosts, printCostsOfLoop, type Costs } from './costs.ts'
import { accountsOf } from './graph-loops.ts'
import type { PeerOrder, PeerSetting } from './peer-process.ts'
import { GRAPH_MS, grouped, type Setting } from './setting.ts'
import { deliverAll, submitAll, SUBMITS_AT_ONCE, untilSent, WARM_MAILS } from '../testbed/submit.ts'
import type { Scoreboard } from './targets.ts'
import { MAX_MAILBOXES, NO_LIMITS, type Process, type Tenant, type Testbed } from '../testbed/testbed.ts'

const PEER = fileURLToPath(new URL('./peer-process.ts', import.meta.url))
const MAILS = 4_000
/** Of submit and delivery together: what V8 has collected and forgotten while others were measured costs less of them. */
const MAILS_TOGETHER = 12_000
const ROUNDS = 3
/** graphile-worker's process is the same as before, and needs no more to get going. */
const WARM_JOBS = 3_000
const LOOK_EVERY_MS = 20
/** When another process takes over: once a lease has run out, at the next look, which comes every two seconds. */
const TAKEN_OVER_SECONDS = LEASE_MS / 1_000 + 2

export const PEERS_SETTING: Setting = {
  mailboxes: [MAX_MAILBOXES],
  graphMs: [GRAPH_MS],
  mails: `${grouped(MAILS_TOGETHER)} mails together and ${grouped(MAILS)} alone`,
  rounds: ROUNDS,
}

const GUARANTEES = `After kill -9, graphile-worker runs each job at least once. What the process had fetched, whether under way or not, stays locked for four hours; then it runs again, also if Microsoft had accepted the mail: it arrives twice, or four hours late. A mail that the plain loop had not sent is lost.
After kill -9, what the product had leased is taken over within about ${TAKEN_OVER_SECONDS} seconds, by another process or by the same one when it is back, and ${LEASE_MS / 1_000} seconds later where the database was away meanwhile. What had not begun is sent. What was under way is then looked for: in the mailbox, for up to eleven minutes, or in the message trace, for up to an hour. It is sent again, marked as a possible duplicate, only if it was not found, or where neither can be searched; where the service asked for that, it is stopped instead.`

/** Measures the product, graphile-worker and a plain loop over the Graph client, which make the same call, one process each. */
export async function benchPeers(testbed: Testbed, score: Scoreboard): Promise<void> {
  const tenants = await testbed.addTenants(MAX_MAILBOXES)
  const peer = await startPeer({
    graphBaseUrl: testbed.simulatorUrl,
    connectionString: testbed.connectionString,
    accounts: await accountsOf(testbed, tenants),
    sendsAtOnce: MAX_IN_FLIGHT,
    addsAtOnce: SUBMITS_AT_ONCE,
  })
  try {
    await Promise.race([peer.ended, compare(testbed, score, peer, tenants)])
  } finally {
    peer.stop()
  }
}

async function compare(testbed: Testbed, score: Scoreboard, peer: Peer, tenants: readonly Tenant[]): Promise<void> {
  await together(testbed, score, peer, tenants)
  await apart(testbed, score, peer, tenants)
  console.log(GUARANTEES)
}

/** Submit and delivery at once, and the plain loop. */
async function together(testbed: Testbed, score: Scoreboard, peer: Peer, tenants: readonly Tenant[]): Promise<void> {
  const product = await testbed.start('all', NO_LIMITS)
  const deliver = (mails: number) => deliverAll(testbed, product, { tenants, mails })
  const runJobs = async (count: number) => {
    await peer.order({ order: 'add', count })
    await untilNoJob(testbed)
  }
  await deliver(WARM_MAILS)
  await peer.order({ order: 'loop', count: WARM_MAILS })
  await peer.order({ order: 'work' })
  await runJobs(WARM_MAILS)
  const ours: Costs[] = []
  const theirs: Costs[] = []
  const plain: Costs[] = []
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await measureCosts(testbed, product, MAILS_TOGETHER, () => deliver(MAILS_TOGETHER)))
    theirs.push(await measureCosts(testbed, peer, MAILS_TOGETHER, () => runJobs(MAILS_TOGETHER)))
    await peer.order({ order: 'rest' }) // it would ask for jobs beside the loop
    plain.push(
      await measureCosts(testbed, peer, MAILS_TOGETHER, () => peer.order({ order: 'loop', count: MAILS_TOGETHER })),
    )
    await peer.order({ order: 'work' })
  }
  await peer.order({ order: 'rest' })
  await product.stop()
  const [own, loop] = [medianCosts(ours), medianCosts(plain)]
  const rate = print('submit and delivery together', MAILS_TOGETHER, own, medianCosts(theirs))
  printCostsOfLoop('  the plain loop', MAILS_TOGETHER, loop)
  score.note('submit and delivery together over graphile-worker', rate)
  score.note(
    'CPU of a plain loop over CPU of the product, submit and delivery together',
    loop.processMs / own.processMs,
  )
}

/** Submits without a worker, then what was submitted is delivered without a submit beside it. */
async function apart(testbed: Testbed, score: Scoreboard, peer: Peer, tenants: readonly Tenant[]): Promise<void> {
  const submitted: Costs[] = []
  const added: Costs[] = []
  await withApi(testbed, async (api) => {
    await submitAll(api, { tenants, mails: WARM_MAILS })
    await peer.order({ order: 'add', count: WARM_JOBS })
    for (let round = 0; round < ROUNDS; round++) {
      submitted.push(await measureCosts(testbed, api, MAILS, () => submitAll(api, { tenants, mails: MAILS })))
      added.push(await measureCosts(testbed, peer, MAILS, () => peer.order({ order: 'add', count: MAILS })))
    }
  })
  print('submit alone, ours by HTTP', MAILS, medianCosts(submitted), medianCosts(added))

  const left = ROUNDS * MAILS
  const drain = async () => {
    const worker = await testbed.start('worker', NO_LIMITS)
    await untilSent(testbed, tenants, left)
    const drained = await measureCosts(testbed, worker, left, () => untilSent(testbed, tenants))
    await worker.stop()
    return drained
  }
  const run = async () => {
    await peer.order({ order: 'work' })
    await untilNoJob(testbed, left)
    const measured = await measureCosts(testbed, peer, left, () => untilNoJob(testbed))
    await peer.order({ order: 'rest' })
    return measured
  }
  // What comes later finds larger tables, so each comes first once.
  const drained = [await drain()]
  const ran = [await run()]
  await withApi(testbed, (api) => submitAll(api, { tenants, mails: WARM_MAILS + left }))
  await peer.order({ order: 'add', count: WARM_JOBS + left })
  ran.push(await run())
  drained.push(await drain())
  score.note('drain over graphile-worker', print('drain alone', left, meanCosts(drained), meanCosts(ran)))
}

/** Its connections are those of the workers that follow. */
async function withApi(testbed: Testbed, work: (api: Process) => Promise<void>): Promise<void> {
  const api = await testbed.start('api', NO_LIMITS)
  await work(api)
  await api.stop()
}

/** Returns the ratio. */
function print(what: string, mails: number, ours: Costs, theirs: Costs): number {
  const ratio = theirs.seconds / ours.seconds
  console.log(`${what}: ratio of the product to graphile-worker ${ratio.toFixed(2)}`)
  printCosts('  the product', mails, ours)
  printCosts('  graphile-worker', mails, theirs)
  return ratio
}

async function untilNoJob({ pool }: Testbed, left = 0): Promise<void> {
  for (;;) {
    const { rows } = await pool.query<{ more: boolean }>(
      'SELECT EXISTS (SELECT FROM graphile_worker._private_jobs OFFSET $1) AS more',
      [left],
    )
    if (!rows[0]?.more) return
    await delay(LOOK_EVERY_MS)
  }
}

interface Peer {
  readonly pid: number
  /** Rejects with what the process wrote when it ends. */
  readonly ended: Promise<never>
  /** Resolves when it has been carried out. */
  order(asked: PeerOrder): Promise<void>
  stop(): void
}

async function startPeer(setting: PeerSetting): Promise<Peer> {
  const child = fork(PEER, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  let output = ''
  child.stderr?.on('data', (data: Buffer) => (output += data.toString()))
  // 'close', not 'exit': by then its last output has been read.
  const ended = once(child, 'close').then(() => {
    throw new Error(`The process of the comparison ended: ${output}`)
  })
  ended.catch(() => {}) // it also ends when nobody waits for it any more
  await Promise.race([ended, ask(child, setting)])
  return {
    pid: child.pid ?? 0,
    ended,
    order: (asked) => ask(child, asked),
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
