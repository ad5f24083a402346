import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import type pg from 'pg'

/** The unit of /proc/PID/stat (USER_HZ). */
const TICKS_PER_SECOND = 100

type ProcessTimes = ReturnType<typeof timesOf>

/** The processes of the machine. Linux only. */
const pids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

/** @throws when the process has ended */
export function timesOf(pid: number) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '') // the program's name, in parentheses, may contain anything
    .split(' ')
    .map(Number)
  const toMs = (ticks = 0) => (ticks * 1_000) / TICKS_PER_SECOND
  return {
    parent: fields[1] ?? 0,
    ownMs: toMs(fields[11]) + toMs(fields[12]),
    /** Of its children that have ended, such as closed connections, with theirs. */
    endedChildrenMs: toMs(fields[13]) + toMs(fields[14]),
  }
}

/**
 * Returns the processor time of these processes and all that descend from them, running or ended; one that is gone has
 * none. What a process took moves to its parent when it ends, and would count twice, or not at all: where one of them has
 * ended meanwhile, the reading is taken again.
 */
export function treeMs(roots: readonly number[]): number {
  for (;;) {
    const all = new Map(pids().map((pid) => [pid, timesIfRunning(pid)]))
    const tree = [...all].filter(([pid]) => descends(pid, roots, all))
    if (tree.every(([pid, times]) => timesIfRunning(pid)?.endedChildrenMs === times?.endedChildrenMs))
      return tree.reduce((sum, [, times]) => sum + (times?.ownMs ?? 0) + (times?.endedChildrenMs ?? 0), 0)
  }
}

function descends(pid: number, roots: readonly number[], all: ReadonlyMap<number, ProcessTimes | null>): boolean {
  const parent = all.get(pid)?.parent
  return roots.includes(pid) || (parent !== undefined && descends(parent, roots, all))
}

function timesIfRunning(pid: number): ProcessTimes | null {
  try {
    return timesOf(pid)
  } catch {
    return null
  }
}

/** Reads how long all cores have run, and how long of that they were idle. */
function readCores(): { idleMs: number; ms: number } {
  const times = cpus().map((core) => core.times)
  return {
    idleMs: times.reduce((sum, { idle }) => sum + idle, 0),
    ms: times.flatMap((each) => Object.values(each)).reduce((sum, ms) => sum + ms, 0),
  }
}

/** Returns the resident memory of a process in MB. Linux only. */
export function residentMegabytes(pid: number, which: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
  const [, kB] = new RegExp(`${which}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kB) / 1_024)
}

/** Forgets the peak of the resident memory of a process, `VmHWM`. Returns what it has now. Linux only. */
export function resetPeak(pid: number): number {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
  return residentMegabytes(pid, 'VmHWM')
}

/** Returns the process that all processes of a PostgreSQL descend from. */
export async function findPostmaster(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ backend: number }>('SELECT pg_backend_pid() AS backend')
  return timesOf(rows[0]?.backend ?? 0).parent
}

export interface OtherPrograms {
  /** Takes a PostgreSQL for one that this process has started, although it does not descend from it. */
  except(pool: pg.Pool): Promise<void>
  /** The part of the time of all cores that went to programs which this process did not start; null where none can tell. */
  share(): number | null
}

/** Watches, from now on, what other programs than those of this process take of the processors. Only Linux tells it. */
export function watchOtherPrograms(): OtherPrograms {
  if (process.platform !== 'linux') return { async except() {}, share: () => null }
  const ours = [process.pid]
  const before = read()
  return {
    except: async (pool) => void ours.push(await findPostmaster(pool)),
    share: () => shareOfOthers(before, read()),
  }

  function read(): CoresReading {
    const { idleMs, ms } = readCores()
    return { allMs: performance.now() * cpus().length, busyMs: ms - idleMs, oursMs: treeMs(ours) }
  }
}

/** Times of all cores together. */
interface CoresReading {
  readonly allMs: number
  readonly busyMs: number
  readonly oursMs: number
}

function shareOfOthers(before: CoresReading, after: CoresReading): number {
  const took = (key: keyof CoresReading) => after[key] - before[key]
  // The kernel counts the one and the other in different ways, and what is idle may come out below nothing.
  return Math.max(0, took('busyMs') - took('oursMs')) / took('allMs')
}
