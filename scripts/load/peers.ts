import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { LEASE_MS } from '../../apps/api/src/queue/claim.ts'
import { measureCosts, printCosts, type Costs } from './costs.ts'
import { accountsOf } from './graph-loops.ts'
import type { PeerOrder, PeerSetting } from './peer-process.ts'
import { deliverAll, submitAll, SUBMITS_AT_ONCE, untilSent } from './submit.ts'
import { MAX_MAILBOXES, NO_LIMITS, type Tenant, type Testbed } from './testbed.ts'

const PEER = fileURLToPath(new URL('./peer-process.ts', import.meta.url))
const MAILS = 4_000
const ROUNDS = 3
/** Delivered before the measurement begins: until then V8 compiles, of the product more than of what it is compared with. */
const WARM = 12_000
const LOOK_EVERY_MS = 20

const GUARANTEES = `After kill -9, graphile-worker runs each job at least once. What the process had fetched, whether under way or not, stays locked for four hours; then it runs again, also if Microsoft had accepted the mail: it arrives twice, or four hours late. A mail that the plain loop had not sent is lost.
After kill -9, the product leaves nothing for longer than ${LEASE_MS / 1_000} seconds: another process takes it over, or the same one when it is back. What had not begun is sent. What was under way is looked for in the mailbox first and sent again only if it is not there; where the mailbox cannot be searched, the mail is marked as a possible duplicate, or stopped, as the service asked.`

/** Measures the product, graphile-worker and a plain loop over the Graph client, which make the same call, one process each. */
export async function benchPeers(testbed: Testbed): Promise<void> {
  const tenants = await testbed.addTenants(MAX_MAILBOXES)
  const peer = await startPeer({
    graphBaseUrl: testbed.simulatorUrl,
    connectionString: testbed.connectionString,
    accounts: await accountsOf(testbed, tenants),
    concurrency: SUBMITS_AT_ONCE,
  })
  try {
    await Promise.race([peer.ended, compare(testbed, peer, tenants)])
  } finally {
    peer.stop()
  }
}

async function compare(testbed: Testbed, peer: Peer, tenants: readonly Tenant[]): Promise<void> {
  await together(testbed, peer, tenants)
  await apart(testbed, peer, tenants)
  console.log(GUARANTEES)
}

/** Submit and delivery at once, and the plain loop. */
async function together(testbed: Testbed, peer: Peer, tenants: readonly Tenant[]): Promise<void> {
  const product = await testbed.start('all', NO_LIMITS)
  const deliver = (mails: number) => deliverAll(testbed, product, { tenants, mails })
  const runJobs = async (count: number) => {
    await peer.order({ order: 'add', count })
    await untilNoJob(testbed)
  }
  await deliver(WARM)
  await peer.order({ order: 'loop', count: WARM })
  await peer.order({ order: 'work' })
  await runJobs(WARM)
  const ours: Costs[] = []
  const theirs: Costs[] = []
  const plain: Costs[] = []
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await measureCosts(testbed, product, MAILS, () => deliver(MAILS)))
    theirs.push(await measureCosts(testbed, peer, MAILS, () => runJobs(MAILS)))
    plain.push(await measureCosts(testbed, peer, MAILS, () => peer.order({ order: 'loop', count: MAILS })))
  }
  await peer.order({ order: 'rest' })
  await product.stop()
  const loop = median(plain)
  print('submit and delivery together', MAILS, median(ours), median(theirs))
  printCosts('  the plain loop', MAILS, loop)
  const cpuRatio = loop.processMs / median(ours).processMs
  console.log(`  CPU of the plain loop over CPU of the product, for each mail: ratio ${cpuRatio.toFixed(2)}`)
}

/** Submits without a worker, then what was submitted is delivered without a submit beside it. */
async function apart(testbed: Testbed, peer: Peer, tenants: readonly Tenant[]): Promise<void> {
  const api = await testbed.start('api', NO_LIMITS)
  const submit = (mails: number) => submitAll(api, { tenants, mails })
  await submit(WARM)
  await peer.order({ order: 'add', count: WARM })
  const ours: Costs[] = []
  const theirs: Costs[] = []
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await measureCosts(testbed, api, MAILS, () => submit(MAILS)))
    theirs.push(await measureCosts(testbed, peer, MAILS, () => peer.order({ order: 'add', count: MAILS })))
  }
  print('submit alone, ours by HTTP', MAILS, median(ours), median(theirs))
  await api.stop() // its connections are those of the workers that follow
  const left = ROUNDS * MAILS
  const worker = await testbed.start('worker', NO_LIMITS)
  await untilSent(testbed, tenants, left)
  const drained = await measureCosts(testbed, worker, left, () => untilSent(testbed, tenants))
  await worker.stop()
  await peer.order({ order: 'work' })
  await untilNoJob(testbed, left)
  const run = await measureCosts(testbed, peer, left, () => untilNoJob(testbed))
  await peer.order({ order: 'rest' })
  print('drain alone', left, drained, run)
}

function print(what: string, mails: number, ours: Costs, theirs: Costs): void {
  const ratio = theirs.seconds / ours.seconds
  console.log(`${what}: ratio of the product to graphile-worker ${ratio.toFixed(2)}`)
  printCosts('  the product', mails, ours)
  printCosts('  graphile-worker', mails, theirs)
}

function median(measured: readonly Costs[]): Costs {
  const middle = measured.toSorted((one, other) => one.seconds - other.seconds)[Math.floor(measured.length / 2)]
  if (!middle) throw new Error('Nothing was measured.')
  return middle
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
