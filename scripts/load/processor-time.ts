import { readdirSync, readFileSync } from 'node:fs'

/** The unit of /proc/PID/stat (USER_HZ). */
const TICKS_PER_SECOND = 100

export interface ProcessTimes {
  readonly parent: number
  readonly ownMs: number
  /** Of its children that have ended, such as closed connections, with theirs. */
  readonly endedChildrenMs: number
}

/** The processes of the machine. */
export interface ProcessTable {
  pids(): readonly number[]
  /** @throws when the process has ended */
  timesOf(pid: number): ProcessTimes
}

/** Linux only. */
export const PROC: ProcessTable = {
  pids: () =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number),
  timesOf(pid) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '') // the program's name, in parentheses, may contain anything
      .split(' ')
      .map(Number)
    const toMs = (ticks = 0) => (ticks * 1_000) / TICKS_PER_SECOND
    return {
      parent: fields[1] ?? 0,
      ownMs: toMs(fields[11]) + toMs(fields[12]),
      endedChildrenMs: toMs(fields[13]) + toMs(fields[14]),
    }
  },
}

/**
 * Returns the processor time of these processes and all that descend from them, running or ended; one that is gone has
 * none. What a process took moves to its parent when it ends, and would count twice, or not at all: where one of them has
 * ended meanwhile, the reading is taken again.
 */
export function treeMs(roots: readonly number[], table: ProcessTable = PROC): number {
  for (;;) {
    const all = new Map(table.pids().map((pid) => [pid, timesIfRunning(pid, table)]))
    const tree = [...all].filter(([pid]) => descends(pid, roots, all))
    if (tree.every(([pid, times]) => timesIfRunning(pid, table)?.endedChildrenMs === times?.endedChildrenMs))
      return tree.reduce((sum, [, times]) => sum + (times?.ownMs ?? 0) + (times?.endedChildrenMs ?? 0), 0)
  }
}

function descends(pid: number, roots: readonly number[], all: ReadonlyMap<number, ProcessTimes | null>): boolean {
  const parent = all.get(pid)?.parent
  return roots.includes(pid) || (parent !== undefined && descends(parent, roots, all))
}

function timesIfRunning(pid: number, table: ProcessTable): ProcessTimes | null {
  try {
    return table.timesOf(pid)
  } catch {
    return null
  }
}
