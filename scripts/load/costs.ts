import { readdirSync, readFileSync } from 'node:fs'
import type { Testbed, Process } from './testbed.ts'

/** The unit of /proc/PID/stat (USER_HZ). */
const TICKS_PER_SECOND = 100

/** The cost of a number of messages, from submit to arrival. */
export interface Costs {
  readonly seconds: number
  /** CPU time in ms per message. */
  readonly productMs: number
  readonly postgresMs: number
  readonly walBytes: number
  readonly transactions: number
  /** The share of row updates that were HOT: on the same page, without an index entry. */
  readonly hotShare: number
}

/** Measures `work`, which delivers `count` messages. Linux only. */
export async function measureCosts(
  testbed: Testbed,
  product: Process,
  count: number,
  work: () => Promise<unknown>,
): Promise<Costs> {
  const before = await read(testbed, product)
  const startedAt = performance.now()
  await work()
  const seconds = (performance.now() - startedAt) / 1_000
  await testbed.pool.query('SELECT pg_stat_force_next_flush()')
  const after = await read(testbed, product)
  const each = (key: keyof Reading) => (after[key] - before[key]) / count
  return {
    seconds,
    productMs: each('productMs'),
    postgresMs: each('postgresMs'),
    walBytes: each('walBytes'),
    transactions: each('transactions'),
    hotShare: (after.hotUpdates - before.hotUpdates) / Math.max(1, after.updates - before.updates),
  }
}

export function printCosts(name: string, count: number, costs: Costs): void {
  const { seconds, productMs, postgresMs, walBytes, transactions, hotShare } = costs
  console.log(
    `${name}: ${Math.round(count / seconds)} a second; for each mail ${productMs.toFixed(2)} ms CPU of the product, ${postgresMs.toFixed(2)} ms of PostgreSQL, ${(walBytes / 1_000).toFixed(2)} kB of WAL, ${transactions.toFixed(2)} transactions; ${Math.round(hotShare * 100)} % of updates stay on their page`,
  )
}

interface Reading {
  readonly productMs: number
  readonly postgresMs: number
  readonly walBytes: number
  readonly transactions: number
  readonly updates: number
  readonly hotUpdates: number
}

async function read({ pool }: Testbed, { pid }: Process): Promise<Reading> {
  const { rows } = await pool.query<{ wal: string; commits: string; updates: string; hot: string; postmaster: number }>(
    `SELECT pg_current_wal_insert_lsn() - '0/0' AS wal, (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()) AS commits,
            (SELECT sum(n_tup_upd) FROM pg_stat_user_tables) AS updates, (SELECT sum(n_tup_hot_upd) FROM pg_stat_user_tables) AS hot,
            pg_backend_pid() AS postmaster`,
  )
  const [row] = rows
  if (!row) throw new Error('PostgreSQL tells nothing of itself.')
  return {
    productMs: cpuMs(pid),
    postgresMs: postgresCpuMs(row.postmaster),
    walBytes: Number(row.wal),
    transactions: Number(row.commits),
    updates: Number(row.updates),
    hotUpdates: Number(row.hot),
  }
}

/** CPU time of a process with its threads and its ended children. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0)
  return (ticks * 1_000) / TICKS_PER_SECOND
}

/** CPU time of a PostgreSQL server with all its processes, found by one of its backends. */
function postgresCpuMs(backend: number): number {
  const parentOf = (pid: string | number) =>
    Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')[1],
    )
  const postmaster = parentOf(backend)
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .reduce((sum, pid) => {
      try {
        return Number(pid) === postmaster || parentOf(pid) === postmaster ? sum + ownCpuMs(pid) : sum
      } catch {
        return sum // the process has ended meanwhile
      }
    }, ownEndedCpuMs(postmaster))
}

function ownCpuMs(pid: string): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND
}

/** CPU time of ended children, such as closed connections. */
function ownEndedCpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return ((Number(fields[13]) + Number(fields[14])) * 1_000) / TICKS_PER_SECOND
}
