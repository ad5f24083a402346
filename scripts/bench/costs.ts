import { findPostmaster, PROC, treeMs } from './processor-time.ts'
import { deliverAll, type Load } from '../testbed/submit.ts'
import type { Testbed, Process } from '../testbed/testbed.ts'

/** The cost of a number of messages, from submit to arrival. */
export interface Costs {
  readonly seconds: number
  /** CPU time in ms per message. */
  readonly processMs: number
  readonly postgresMs: number
  readonly walBytes: number
  readonly transactions: number
  /** The share of row updates that were HOT: on the same page, without an index entry. */
  readonly hotShare: number
}

/** Measures `work`, which delivers `count` messages, and the process that does it. Linux only. */
export async function measureCosts(
  testbed: Testbed,
  process: Pick<Process, 'pid'>,
  count: number,
  work: () => Promise<unknown>,
): Promise<Costs> {
  const before = await read(testbed, process)
  const startedAt = performance.now()
  await work()
  const seconds = (performance.now() - startedAt) / 1_000
  await testbed.pool.query('SELECT pg_stat_force_next_flush()')
  const after = await read(testbed, process)
  const each = (key: keyof Reading) => (after[key] - before[key]) / count
  return {
    seconds,
    processMs: each('processMs'),
    postgresMs: each('postgresMs'),
    walBytes: each('walBytes'),
    transactions: each('transactions'),
    hotShare: (after.hotUpdates - before.hotUpdates) / Math.max(1, after.updates - before.updates),
  }
}

/** Measures submit and delivery. */
export function measureDelivery(testbed: Testbed, product: Process, load: Load): Promise<Costs> {
  return measureCosts(testbed, product, load.mails, () => deliverAll(testbed, product, load))
}

/** The median of each of its values. */
export function medianCosts(measured: readonly Costs[]): Costs {
  return combine(measured, median)
}

/** The mean of each of its values. */
export function meanCosts(measured: readonly Costs[]): Costs {
  return combine(measured, (values) => values.reduce((sum, value) => sum + value, 0) / values.length)
}

function combine(measured: readonly Costs[], toOne: (values: readonly number[]) => number): Costs {
  const [first] = measured
  if (!first) throw new Error('Nothing was measured.')
  const names = Object.keys(first) as (keyof Costs)[]
  return Object.fromEntries(names.map((name) => [name, toOne(measured.map((each) => each[name]))])) as unknown as Costs
}

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}

export function printCosts(name: string, count: number, costs: Costs): void {
  const { postgresMs, walBytes, transactions, hotShare } = costs
  console.log(
    `${describeRate(name, count, costs)}, ${postgresMs.toFixed(2)} ms of PostgreSQL, ${(walBytes / 1_000).toFixed(2)} kB of WAL, ${transactions.toFixed(2)} transactions; ${Math.round(hotShare * 100)} % of updates stay on their page`,
  )
}

/** Of what stores nothing. */
export function printCostsOfLoop(name: string, count: number, costs: Costs): void {
  console.log(describeRate(name, count, costs))
}

function describeRate(name: string, count: number, { seconds, processMs }: Costs): string {
  return `${name}: ${Math.round(count / seconds)} a second; for each mail ${processMs.toFixed(2)} ms CPU of the process`
}

interface Reading {
  readonly processMs: number
  readonly postgresMs: number
  readonly walBytes: number
  readonly transactions: number
  readonly updates: number
  readonly hotUpdates: number
}

async function read({ pool }: Testbed, { pid }: Pick<Process, 'pid'>): Promise<Reading> {
  const { rows } = await pool.query<{ wal: string; commits: string; updates: string; hot: string; backend: number }>(
    `SELECT pg_current_wal_insert_lsn() - '0/0' AS wal, (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()) AS commits,
            (SELECT sum(n_tup_upd) FROM pg_stat_user_tables) AS updates, (SELECT sum(n_tup_hot_upd) FROM pg_stat_user_tables) AS hot`,
  )
  const [row] = rows
  if (!row) throw new Error('PostgreSQL returned no statistics.')
  const measured = PROC.timesOf(pid)
  return {
    processMs: measured.ownMs + measured.endedChildrenMs,
    postgresMs: treeMs([await findPostmaster(pool)]),
    walBytes: Number(row.wal),
    transactions: Number(row.commits),
    updates: Number(row.updates),
    hotUpdates: Number(row.hot),
  }
}
