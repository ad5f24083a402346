import { setTimeout as delay } from 'node:timers/promises'
import type { Process } from '../testbed/processes.ts'
import type { Testbed } from '../testbed/testbed.ts'
import { findPostmaster, timesOf, treeMs } from './machine.ts'

/** The cost of a mail. */
export interface Costs {
  readonly seconds: number
  /** CPU time of the process, in ms. */
  readonly processMs: number
  readonly postgresMs: number
  readonly walBytes: number
}

const QUIET_MS = 2_000
/** What an idle product writes meanwhile, such as that it is still there. */
const QUIET_BYTES = 30_000

/** Measures `work`, which handles so many mails, and the process that does it. Linux only. */
export async function measureCosts(
  testbed: Testbed,
  { pid }: Pick<Process, 'pid'>,
  mails: number,
  work: () => Promise<unknown>,
): Promise<Costs> {
  const before = await read(testbed, pid)
  await work()
  const after = await read(testbed, pid)
  return costsOf((key) => (after[key] - before[key]) / mails)
}

function costsOf(amount: (key: keyof Costs) => number): Costs {
  return {
    seconds: amount('seconds'),
    processMs: amount('processMs'),
    postgresMs: amount('postgresMs'),
    walBytes: amount('walBytes'),
  }
}

async function read(testbed: Testbed, pid: number): Promise<Costs> {
  const measured = timesOf(pid)
  return {
    seconds: performance.now() / 1_000,
    processMs: measured.ownMs + measured.endedChildrenMs,
    postgresMs: treeMs([await findPostmaster(testbed.pool)]),
    walBytes: await walPosition(testbed),
  }
}

/** Waits until the product has done what follows mails in the background: then nothing more is written to the log. */
export async function untilQuiet(testbed: Testbed): Promise<void> {
  for (let before = await walPosition(testbed); ;) {
    await delay(QUIET_MS)
    const now = await walPosition(testbed)
    if (now - before < QUIET_BYTES) return
    before = now
  }
}

async function walPosition({ pool }: Testbed): Promise<number> {
  const { rows } = await pool.query<{ bytes: string }>(`SELECT pg_current_wal_insert_lsn() - '0/0' AS bytes`)
  return Number(rows[0]?.bytes)
}

/** The median of each of its values. */
export function medianCosts(measured: readonly Costs[]): Costs {
  return costsOf((key) => median(measured.map((each) => each[key])))
}

export function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}

export function describeCosts({ seconds, processMs, postgresMs, walBytes }: Costs): string {
  return `${Math.round(1 / seconds)} a second; for each mail ${processMs.toFixed(2)} ms CPU of the process, ${postgresMs.toFixed(2)} ms of PostgreSQL, ${(walBytes / 1_000).toFixed(2)} kB of its log`
}
