import { readdirSync, readFileSync } from 'node:fs'
import type { Ground, Process } from './ground.ts'

/** As Linux counts them. */
const TICKS_PER_SECOND = 100

/** What a number of mails cost, from submit to arrival. */
export interface Costs {
  readonly seconds: number
  /** CPU time in ms for each mail. */
  readonly productMs: number
  readonly postgresMs: number
  readonly walBytes: number
  readonly transactions: number
  /** Of all rows that were updated, those whose new version stayed on its page with no index written. */
  readonly hotShare: number
}

/** Measures `work`, which delivers `count` mails. Linux. */
export async function measureCosts(
  ground: Ground,
  product: Process,
  count: number,
  work: () => Promise<unknown>,
): Promise<Costs> {
  const before = await read(ground, product)
  const startedAt = performance.now()
  await work()
  const seconds = (performance.now() - startedAt) / 1_000
  await ground.pool.query('SELECT pg_stat_force_next_flush()')
  const after = await read(ground, product)
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

async function read({ pool }: Ground, { pid }: Process): Promise<Reading> {
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

/** Of a process with its threads, and of its children that have ended. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  const ticks = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0)
  return (ticks * 1_000) / TICKS_PER_SECOND
}

/** Of a server with all its processes, found by one of them. */
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
        return sum // it has ended meanwhile
      }
    }, ownEndedCpuMs(postmaster))
}

function ownCpuMs(pid: string): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND
}

/** Of children that have ended, such as connections that were closed. */
function ownEndedCpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return ((Number(fields[13]) + Number(fields[14])) * 1_000) / TICKS_PER_SECOND
}
