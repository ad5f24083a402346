import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { shareOfOthers, treeMs, type ProcessTable, type ProcessTimes } from './machine.ts'

const POSTMASTER = 10
const BACKEND = 11

/** Processes of which a backend ends after the reading of `lastRead`, and leaves its time to the postmaster. */
function endingAfter(lastRead: number): ProcessTable {
  let running = new Map<number, ProcessTimes>([
    [1, { parent: 0, ownMs: 5_000, endedChildrenMs: 7_000 }],
    [POSTMASTER, { parent: 1, ownMs: 20, endedChildrenMs: 100 }],
    [BACKEND, { parent: POSTMASTER, ownMs: 400, endedChildrenMs: 0 }],
    [12, { parent: POSTMASTER, ownMs: 30, endedChildrenMs: 0 }],
    [13, { parent: 1, ownMs: 9_000, endedChildrenMs: 0 }],
  ])
  return {
    pids: () => [...running.keys()],
    timesOf(pid) {
      const times = running.get(pid)
      if (times === undefined) throw new Error(`There is no process ${pid}.`)
      if (pid === lastRead && running.has(BACKEND)) {
        running = new Map(running).set(POSTMASTER, { parent: 1, ownMs: 20, endedChildrenMs: 500 })
        running.delete(BACKEND)
      }
      return times
    },
  }
}

it.each([1, POSTMASTER, BACKEND, 12, 13])(
  'counts a process once that ends after process %i has been read',
  (lastRead) => {
    expect(treeMs([POSTMASTER], endingAfter(lastRead))).toBe(550)
  },
)

it('takes nothing for a process that is gone', () => {
  const table = endingAfter(1)
  expect(treeMs([POSTMASTER, 99], table)).toBe(550)
  expect(treeMs([99], table)).toBe(0)
})

it('counts what a child has taken, and a child of that one', () => {
  const BUSY_MS = 150
  const busy = `while (process.cpuUsage().user < ${BUSY_MS * 1_000}) for (let n = 0; n < 1e6; n++);`
  const before = treeMs([process.pid])
  execFileSync(process.execPath, [
    '-e',
    `require('node:child_process').execFileSync(process.execPath, ['-e', ${JSON.stringify(busy)}]); ${busy}`,
  ])
  expect(treeMs([process.pid]) - before).toBeGreaterThan(1.5 * BUSY_MS)
})

it('tells what part of all cores went to other programs', () => {
  const before = { allMs: 10_000, busyMs: 4_000, oursMs: 1_000 }
  expect(shareOfOthers(before, { allMs: 12_000, busyMs: 5_500, oursMs: 2_000 })).toBe(0.25)
  expect(shareOfOthers(before, { allMs: 12_000, busyMs: 5_000, oursMs: 2_010 })).toBe(0)
})
