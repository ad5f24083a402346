// npm run bench [-- [--require] [NAME…]]: runs the benches of docs/testing.md, or those named, and prints ratios against a
// baseline of the same run, and which of them reach their targets (load/targets.ts). With --require it exits with 1 when
// one does not reach what it must, or cannot be judged. Each starts a PostgreSQL, a simulator and the product of its own
// (load/testbed.ts), and stops them when it is interrupted. The figures mean something on an idle machine only.
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { onStopSignal, STATUS_INTERRUPTED } from '../start/exit-on-signals.ts'
import { benchEvents, EVENTS_SETTING } from '../load/events.ts'
import { benchVault, VAULT_SETTING } from '../load/vault.ts'
import { benchBackup, BACKUP_SETTING } from '../load/backup.ts'
import { benchFinding, FINDING_SETTING } from './finding.ts'
import { benchLarge, LARGE_SETTING } from './large.ts'
import { benchLatency, LATENCY_SETTING } from './latency.ts'
import { accountsOf, bareMessage, graphClientSender, ownMailerSender, type Account, type Send } from './graph-loops.ts'
import { benchPeers, PEERS_SETTING } from './peers.ts'
import { benchSnapshot, SNAPSHOT_SETTING } from '../load/snapshot.ts'
import { watchOtherPrograms, type OtherPrograms } from './processor-time.ts'
import { createScoreboard, describeOthers, judgeUnlessBusy, summarize, type Scoreboard } from './targets.ts'
import { describeSetting, GRAPH_MS, type Setting } from './setting.ts'
import { benchWal, WAL_SETTING } from './wal.ts'
import { benchWorkers, WORKERS_SETTING } from '../load/workers.ts'
import {
  MAX_MAILBOXES,
  NO_LIMITS,
  openTestbed,
  startWithoutLimits,
  type Testbed,
  type Process,
  type Tenant,
} from '../testbed/testbed.ts'
import { benchQueue, benchWaiting, QUEUE_SETTING } from '../load/queue.ts'
import { benchSmtp, SMTP_SETTING } from '../load/smtp.ts'
import { peakAfterReset, peakMegabytes } from './process-memory.ts'
import { createSubmitter, inParallel, submitAll, SUBMITS_AT_ONCE } from '../testbed/submit.ts'

const MESSAGES = 8_000
const FIRST_OF_MEMORY = 2_000
const REST_OF_MEMORY = 18_000
const BACKLOG_OF_ONE = 10_000

/** The third parameter opens another testbed, to compare the first with. */
type Bench = (testbed: Testbed, score: Scoreboard, openAnother: () => Promise<Testbed>) => Promise<void>

const BENCHES: Readonly<Record<string, readonly [Bench, Setting]>> = {
  throughput: [throughput, settingOf([MAX_MAILBOXES], MESSAGES)],
  backlog: [backlog, settingOf([MAX_MAILBOXES], MESSAGES)],
  latency: [benchLatency, LATENCY_SETTING],
  memory: [memory, settingOf([MAX_MAILBOXES], FIRST_OF_MEMORY + REST_OF_MEMORY)],
  fairness: [fairness, settingOf([2], BACKLOG_OF_ONE + 1)],
  large: [benchLarge, LARGE_SETTING],
  queue: [benchQueue, QUEUE_SETTING],
  waiting: [benchWaiting, QUEUE_SETTING],
  wal: [benchWal, WAL_SETTING],
  smtp: [benchSmtp, SMTP_SETTING],
  backup: [benchBackup, BACKUP_SETTING],
  finding: [benchFinding, FINDING_SETTING],
  events: [benchEvents, EVENTS_SETTING],
  peers: [benchPeers, PEERS_SETTING],
  workers: [benchWorkers, WORKERS_SETTING],
  snapshot: [benchSnapshot, SNAPSHOT_SETTING],
}

/** Modules that are measured alone, without a process of the product. */
const MODULE_BENCHES: Readonly<Record<string, readonly [() => Promise<void>, Setting]>> = {
  vault: [benchVault, VAULT_SETTING],
}

const known = [...Object.keys(MODULE_BENCHES), ...Object.keys(BENCHES)]
const USAGE = `Usage: npm run bench [-- [--require] NAME…]

Runs the benches that are named, or all, and says which figures reach what they must.
  --require  end with 1 when a figure does not reach what it must, or cannot be judged
  --help     print this

Benches: ${known.join(', ')}`

const { values, positionals: wanted } = readParameters()
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
const unknown = wanted.filter((name) => !known.includes(name))
if (unknown.length > 0) refuse(`There is no bench ${unknown.join(', ')}.`)
const score = createScoreboard(console.log)
const interruption = new AbortController()
const { signal } = interruption
const interrupted = once(signal, 'abort')
onStopSignal(() => interruption.abort())
for (const [name, [bench, setting]] of Object.entries(MODULE_BENCHES))
  await runWanted(name, setting, () => untilInterrupted(bench))
for (const [name, [bench, setting]] of Object.entries(BENCHES)) await runWanted(name, setting, () => withTestbed(bench))
const wasInterrupted = signal.aborted
const { lines, hasFailed } = summarize(score.result(), { wasInterrupted })
for (const line of lines) console.log(line)
if (wasInterrupted) process.exit(STATUS_INTERRUPTED) // what was under way still waits
if (values.require && hasFailed) process.exitCode = 1

function readParameters() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { require: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    })
  } catch (error) {
    return refuse((error as Error).message)
  }
}

function refuse(fault: string): never {
  console.error(`${fault}\n\n${USAGE}`)
  return process.exit(1)
}

function settingOf(mailboxes: readonly number[], mails: number): Setting {
  return { mailboxes, graphMs: [GRAPH_MS], mails, rounds: 1 }
}

/** Says which figures follow, since the first of some benches come after minutes, and how long all of them took. */
async function runWanted(name: string, setting: Setting, bench: () => Promise<void>): Promise<void> {
  if (signal.aborted || (wanted.length > 0 && !wanted.includes(name))) return
  console.log(`bench ${name} … (${describeSetting(setting)})`)
  const { seconds } = await measure(1, bench)
  console.log(`bench ${name} ${signal.aborted ? 'was stopped' : 'ended'} after ${Math.round(seconds)} s`)
}

/**
 * Says what other programs took of the processors meanwhile. What a bench has started may end by the same Ctrl+C, so that
 * what fails afterwards is no failure of the bench.
 */
async function untilInterrupted(work: (others: OtherPrograms) => Promise<void>): Promise<void> {
  const others = watchOtherPrograms()
  await Promise.race([interrupted, work(others)]).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  const share = others.share()
  if (share !== null && !signal.aborted) console.log(describeOthers(share))
}

async function withTestbed(bench: Bench): Promise<void> {
  const opening: Promise<Testbed>[] = []
  const openBeside = async (others: OtherPrograms) => {
    const opened = openTestbed(undefined, undefined, { signal })
    opening.push(opened)
    const testbed = await opened
    await others.except(testbed.pool)
    await testbed.control('PATCH', '/settings', { latencyMs: GRAPH_MS, mailboxConcurrency: null, storeMail: false })
    return testbed
  }
  try {
    await untilInterrupted(async (others) => {
      const open = () => openBeside(others)
      await bench(
        await open(),
        judgeUnlessBusy(score, () => others.share()),
        open,
      )
    })
  } finally {
    for (const each of await Promise.allSettled(opening)) if (each.status === 'fulfilled') await each.value.close()
  }
}

/** Submit to arrival, against bare loops that post the same messages, with nothing stored. */
async function throughput(testbed: Testbed): Promise<void> {
  const tenants = await testbed.addTenants(MAX_MAILBOXES)
  const accounts = await accountsOf(testbed, tenants)
  const bare = await bareLoop(accounts, graphClientSender(testbed.simulatorUrl, accounts))
  const ownMailer = await bareLoop(accounts, ownMailerSender(testbed.simulatorUrl, accounts))
  const product = await testbed.start('all', NO_LIMITS)
  await deliver(testbed, product, tenants, 1_000) // warm
  const submitOnly = await measure(MESSAGES, () => submitAll(product, { tenants, mails: MESSAGES }))
  await drain(testbed)
  const delivered = await deliver(testbed, product, tenants, MESSAGES)
  print('delivered, submit to arrival', delivered, 'bare loop with the Graph client', bare)
  console.log(`  the bare loop with the product's own mailer: ${rate(ownMailer)} a second`)
  console.log(`  submits alone, delivery going on beside them: ${rate(submitOnly)} a second`)
  await product.stop()
}

/** Measures the same throughput with a backlog: messages due in paused mailboxes, and messages not yet due in these ones. */
async function backlog(testbed: Testbed): Promise<void> {
  const { tenants, product } = await startWithoutLimits(testbed)
  await deliver(testbed, product, tenants, 2_000) // warm
  await addWaiting(testbed, tenants, 1_000)
  const few = await deliver(testbed, product, tenants, MESSAGES)
  await addWaiting(testbed, tenants, 199_000)
  const many = await deliver(testbed, product, tenants, MESSAGES)
  print('with 200,000 waiting', many, 'with 1,000 waiting', few)
  await product.stop()
}

async function memory(testbed: Testbed, score: Scoreboard): Promise<void> {
  const { tenants, product } = await startWithoutLimits(testbed)
  await delay(3_000)
  const idle = peakAfterReset(product)
  await deliver(testbed, product, tenants, FIRST_OF_MEMORY)
  const first = peakMegabytes(product)
  peakAfterReset(product)
  await deliver(testbed, product, tenants, REST_OF_MEMORY)
  const rest = peakMegabytes(product)
  console.log(
    `peak resident memory: ${idle} MB idle, ${first} MB over the first 2,000 messages, ${rest} MB over the next 18,000: ratio to the first ${(rest / first).toFixed(2)}, to idle ${(rest / idle).toFixed(2)}`,
  )
  score.note('memory under load over idle', rest / idle)
  await product.stop()
}

/** Measures how long one tenant's single message takes while another tenant has a backlog, within the default limits. */
async function fairness(testbed: Testbed): Promise<void> {
  const [busy, other] = await testbed.addTenants(2)
  if (!busy || !other) return
  const product = await testbed.start('all', { ...NO_LIMITS, MAILBOX_CONCURRENCY: '4' })
  await testbed.pool.query(`INSERT INTO mailboxes (tenant_id, paused_until) VALUES ($1, now() + interval '1 hour')`, [
    busy.id,
  ])
  await submitAll(product, { tenants: [busy], mails: BACKLOG_OF_ONE })
  await testbed.pool.query('UPDATE mailboxes SET paused_until = NULL WHERE tenant_id = $1', [busy.id])
  await delay(1_500)
  const submitter = createSubmitter(product.url, 1)
  const startedAt = performance.now()
  await submitter.submit(other, 'Single')
  while ((await countWaiting(testbed, other.id)) > 0) await delay(10)
  const waiting = await countWaiting(testbed, busy.id)
  console.log(
    `another tenant's single message left after ${((performance.now() - startedAt) / 1_000).toFixed(2)} s, with ${waiting} of the busy tenant still waiting`,
  )
  submitter.close()
  await product.stop()
}

interface Measured {
  readonly count: number
  readonly seconds: number
}

async function bareLoop(accounts: readonly Account[], send: Send): Promise<Measured> {
  const loop = (count: number) =>
    inParallel(count, SUBMITS_AT_ONCE, (index) => send(bareMessage(index, accounts), index))
  await loop(1_000) // warm
  return measure(MESSAGES, () => loop(MESSAGES))
}

async function deliver(
  testbed: Testbed,
  product: Process,
  tenants: readonly Tenant[],
  count: number,
): Promise<Measured> {
  return measure(count, async () => {
    await submitAll(product, { tenants, mails: count })
    await drain(testbed)
  })
}

/** Waits until no message is left that could be sent now. */
async function drain(testbed: Testbed): Promise<void> {
  for (;;) {
    const { rows } = await testbed.pool.query<{ waiting: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM message_queue q LEFT JOIN mailboxes b USING (tenant_id)
                       WHERE b.paused_until IS NULL AND q.state = 'queued' AND (q.lease_owner IS NOT NULL OR q.due_at <= now())) AS waiting`,
    )
    if (!rows[0]?.waiting) return
    await delay(20)
  }
}

async function addWaiting(testbed: Testbed, tenants: readonly Tenant[], count: number): Promise<void> {
  const [first] = tenants
  if (!first) return
  await testbed.pool.query(`INSERT INTO tenants (id, created_at) VALUES ('ten_paused', now()) ON CONFLICT DO NOTHING`)
  await testbed.pool.query(
    `INSERT INTO mailboxes (tenant_id, paused_until) VALUES ('ten_paused', now() + interval '1 day') ON CONFLICT DO NOTHING`,
  )
  await testbed.pool.query(
    `WITH waiting AS MATERIALIZED (
       SELECT 'msg_' || md5(random()::text || n) AS id, CASE WHEN n % 2 = 0 THEN 'ten_paused' ELSE ($1::text[])[1 + n % $2] END AS tenant_id,
              CASE WHEN n % 2 = 0 THEN now() - interval '1 hour' ELSE now() + interval '1 day' END AS due_at
         FROM generate_series(1, $3) AS n
     ), recorded AS (
       INSERT INTO messages (id, tenant_id, service, "to", subject, created_at)
       SELECT id, tenant_id, 'load', '[]', 'Waiting', now() FROM waiting
     ), stored AS (
       INSERT INTO message_contents (message_id, tenant_id, data_key, content, stored_bytes, begun_at)
       SELECT id, tenant_id, 'dky_none', '\\x00', 1, now() FROM waiting
     )
     INSERT INTO message_queue (message_id, tenant_id, state, due_at, waits_since, recipients, size, upload_bytes, on_unknown_outcome,
                                save_to_sent_items)
     SELECT id, tenant_id, 'queued', due_at, now(), 1, 'small', 0, 'retry', true FROM waiting`,
    [tenants.map(({ id }) => id), tenants.length, count],
  )
  await testbed.pool.query('ANALYZE messages, message_contents, message_queue, mailbox_totals')
}

async function countWaiting(testbed: Testbed, tenantId: string): Promise<number> {
  const { rows } = await testbed.pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM message_queue WHERE tenant_id = $1 AND state = 'queued'`,
    [tenantId],
  )
  return rows[0]?.count ?? 0
}

async function measure(count: number, work: () => Promise<unknown>): Promise<Measured> {
  const startedAt = performance.now()
  await work()
  return { count, seconds: (performance.now() - startedAt) / 1_000 }
}

function rate({ count, seconds }: Measured): number {
  return Math.round(count / seconds)
}

function print(name: string, measured: Measured, baseName: string, base: Measured): void {
  console.log(
    `${name}: ${rate(measured)} a second; ${baseName}: ${rate(base)} a second; ratio ${(rate(measured) / rate(base)).toFixed(2)}`,
  )
}
