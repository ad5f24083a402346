import { setTimeout as delay } from 'node:timers/promises'
import { CALM, SLOTS, USUAL, type FaultDeps, type PlannedFault } from './faults.ts'
import type { Recorder } from './recorder.ts'

const WATCH_EVERY_MS = 500

interface Deps extends Omit<FaultDeps, 'wait' | 'onStopped'> {
  readonly recorder: Recorder
  readonly seed: number
}

/** Carries out a plan, and restarts processes that end by themselves. */
export function createInjector(plan: readonly PlannedFault[], { recorder, seed, ...deps }: Deps) {
  const { testbed, site } = deps
  const counts = new Map<string, number>()
  const problems: string[] = []
  const held = new Set<string>()
  const underWay = new Set<Promise<void>>()
  const over = new AbortController()
  const watching = new AbortController()
  let planned = Promise.resolve()
  let watched = Promise.resolve()

  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)
  const wait = (ms: number): Promise<void> => delay(ms, undefined, { signal: over.signal }).catch(() => {})
  const faultDeps: FaultDeps = {
    ...deps,
    wait,
    onStopped(exitCode) {
      if (exitCode !== 0) count('stops that did not end with 0')
    },
  }

  /** Runs the task while holding all names. Returns false without running it when one of them is held. */
  async function holding(names: readonly string[], task: () => Promise<unknown>): Promise<boolean> {
    if (names.some((name) => held.has(name))) return false
    for (const name of names) held.add(name)
    try {
      await task()
    } finally {
      for (const name of names) held.delete(name)
    }
    return true
  }

  async function inject(fault: PlannedFault): Promise<void> {
    const at = Date.now()
    const { name, target, detail } = fault
    const isDone = await holding(fault.needs, async () => {
      await fault.carryOut(faultDeps)
      const event = { kind: 'fault', fault: name, target, at, endedAt: Date.now() } as const
      recorder.write({ ...event, detail: JSON.stringify(detail) })
    })
    count(isDone ? name : 'left out')
  }

  async function carryOutPlan(): Promise<void> {
    const startedAt = Date.now()
    for (const fault of plan) {
      await wait(Math.max(0, startedAt + fault.atMs - Date.now()))
      if (over.signal.aborted) return
      const task = inject(fault)
        .catch((error: unknown) => void problems.push(`${fault.kind} failed: ${String(error)}`))
        .finally(() => underWay.delete(task))
      underWay.add(task)
    }
  }

  /** Stands in for the supervisor, which restarts a process that ends by itself. */
  async function watch(): Promise<void> {
    for (; !watching.signal.aborted; await delay(WATCH_EVERY_MS))
      for (const slot of SLOTS) {
        const hasEnded = () => site.slots[slot]?.process?.ended === true
        if (!hasEnded()) continue
        await holding([`slot ${slot}`], async () => {
          if (!hasEnded()) return
          count('ended by itself')
          await site.start(slot)
        })
      }
  }

  return {
    async begin() {
      await testbed.control('PATCH', '/settings', { ...USUAL, faultSeed: seed })
      planned = carryOutPlan()
      watched = watch()
    },
    /** Ends every fault and sets the clocks right. Processes that end are still restarted. */
    async end() {
      over.abort()
      await planned
      await Promise.all(underWay)
      await testbed.control('PATCH', '/settings', CALM)
      for (const slot of SLOTS) {
        const { process, clockOffsetMs } = site.slots[slot] ?? {}
        if (process && clockOffsetMs === 0) continue
        await holding([`slot ${slot}`], async () => {
          await site.kill(slot)
          await site.start(slot)
        })
      }
    },
    /** From now on processes may end without being restarted. */
    async stopWatching() {
      watching.abort()
      await watched
    },
    counts,
    problems,
  }
}
