import { setTimeout as delay } from 'node:timers/promises'
import type { Testbed } from '../../testbed/testbed.ts'
import type { Disk } from './disk.ts'
import { createLocks } from './locks.ts'
import type { Fault, PlannedFault, Target } from './plan.ts'
import type { PostgresPair } from './postgres-pair.ts'
import type { Recorder } from './recorder.ts'
import { newVaultKey, type Site } from './site.ts'

const WATCH_EVERY_MS = 500

const SLOTS = [0, 1, 2] as const
const ALL_SLOTS = SLOTS.map((slot) => `slot ${slot}`)

/** The rates of the storm. */
const BASE_RATES = { throttled: 0.1, unavailable: 0.05, resetBefore: 0.03, resetAfter: 0.03, gatewayTimeoutAfter: 0.02 }
const BASE = {
  latencyMs: 5,
  sentCopyDelayMs: { min: 0, max: 20_000 },
  faultRates: BASE_RATES,
  retryAfterForm: 'mixed',
  retryAfterSeconds: 1,
  accessTokenSeconds: 15,
}
const LATE_COPIES = {
  sentCopyDelayMs: { min: 20_000, max: 120_000 },
  faultRates: { ...BASE_RATES, gatewayTimeoutAfter: 0.1 },
}
const CALM = { sentCopyDelayMs: 0, faultRates: {}, latencyMs: 0, accessTokenSeconds: null }

export interface Faults {
  begin(): Promise<void>
  /** Ends every fault and sets the clocks right. Processes that end are still restarted. */
  end(): Promise<void>
  /** From now on processes may end without being restarted. */
  stopWatching(): Promise<void>
  readonly counts: ReadonlyMap<string, number>
  /** The longest of the requested stops. */
  readonly longestStopSeconds: number
  readonly problems: readonly string[]
}

interface Deps {
  readonly testbed: Testbed
  readonly site: Site
  readonly pair: PostgresPair
  /** Null when there are no power cuts. */
  readonly disk: Disk | null
  /** Redirects this process's own connection to the database. */
  readonly leadTo: (port: number) => void
  readonly recorder: Recorder
  readonly seed: number
}

/** Carries out a plan. A fault is skipped while an earlier one still holds what it needs. */
export function createFaults(plan: readonly PlannedFault[], deps: Deps): Faults {
  const { testbed, site, pair, disk, leadTo, recorder, seed } = deps
  const locks = createLocks()
  const counts = new Map<string, number>()
  const problems: string[] = []
  const underWay = new Set<Promise<void>>()
  const over = new AbortController()
  let longestStopSeconds = 0
  const watching = new AbortController()
  let planned = Promise.resolve()
  let watched = Promise.resolve()

  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1)

  /** Resolves early when the run is over. */
  const wait = (ms: number): Promise<void> => delay(ms, undefined, { signal: over.signal }).catch(() => {})

  async function inject(fault: Fault): Promise<void> {
    const at = Date.now()
    const { name, target, detail, needs } = describe(fault)
    if (fault.kind === 'power-cut' && !disk) return
    const isDone = await locks.run(needs, async () => {
      await carryOut(fault)
      recorder.write({ kind: 'fault', fault: name, target, at, endedAt: Date.now(), detail })
    })
    count(isDone ? name : 'left out')
  }

  async function carryOut(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'kill':
        await site.kill(fault.target)
        return site.start(fault.target)
      case 'stop': {
        const { seconds, exitCode } = await site.stop(fault.target)
        longestStopSeconds = Math.max(longestStopSeconds, seconds)
        if (exitCode !== 0) count('stops that did not end with 0')
        return site.start(fault.target)
      }
      case 'freeze':
        site.freeze(fault.target)
        await wait(fault.forMs)
        return site.resume(fault.target)
      case 'clock':
        await site.kill(fault.target)
        return site.start(fault.target, fault)
      case 'vault-key':
        return changeVaultKey()
      case 'late-copies':
        return withMicrosoft(LATE_COPIES, fault.forMs)
      case 'bad-microsoft': {
        const rates = Object.entries(BASE_RATES).map(([name, rate]) => [name, rate * fault.factor])
        return withMicrosoft({ faultRates: Object.fromEntries(rates) }, fault.forMs)
      }
      case 'database-cut':
        for (const link of linksOf(fault.target)) link.cut()
        await wait(fault.forMs)
        for (const link of linksOf(fault.target)) link.restore()
        return
      case 'database-stall':
        for (const link of linksOf(fault.target)) link.hold()
        await wait(fault.forMs)
        for (const link of linksOf(fault.target)) link.restore()
        return
      case 'commit-cut':
        for (const link of linksOf(fault.target)) link.cutAtNextWrite(fault.when)
        return
      case 'database-crash':
        return pair.crash()
      case 'failover':
        return pair.failOver(leadEveryone)
      case 'power-cut':
        return cutPower()
      default:
        return fault satisfies never
    }
  }

  const linksOf = (target: Target) =>
    site.slots.filter((_slot, index) => target === 'all' || index === target).map(({ link }) => link)

  function leadEveryone(port: number): void {
    for (const { link } of site.slots) link.leadTo(port)
    leadTo(port)
  }

  async function withMicrosoft(settings: object, forMs: number): Promise<void> {
    await testbed.control('PATCH', '/settings', settings)
    await wait(forMs)
    await testbed.control('PATCH', '/settings', BASE)
  }

  /** A rolling restart: every process knows the new key before the first one seals with it. */
  async function changeVaultKey(): Promise<void> {
    const key = newVaultKey()
    const before = site.vaultKeys
    for (const keys of [`${before},${key}`, `${key},${before}`]) {
      site.useVaultKeys(keys)
      for (const slot of SLOTS) {
        await site.kill(slot)
        await site.start(slot)
      }
    }
    if (!(await testbed.vault('rotate', site.vaultKeys))) problems.push('The vault key could not be changed.')
  }

  async function cutPower(): Promise<void> {
    if (!disk) return
    if (!pair.primaryDirectory.startsWith(disk.path)) await pair.failOver(leadEveryone)
    for (const slot of SLOTS) site.freeze(slot)
    await pair.freezePrimary()
    await disk.takeImage()
    await Promise.all(SLOTS.map((slot) => site.kill(slot)))
    await pair.crash(() => disk.mountImage())
    await Promise.all(SLOTS.map((slot) => site.start(slot)))
  }

  /** Stands in for the supervisor, which restarts a process that ends by itself. */
  async function watch(): Promise<void> {
    while (!watching.signal.aborted) {
      for (const slot of SLOTS) {
        const { process } = site.slots[slot] ?? {}
        if (!process?.ended) continue
        await locks.run([`slot ${slot}`], async () => {
          if (!site.slots[slot]?.process?.ended) return
          count('ended by itself')
          await site.start(slot)
        })
      }
      await delay(WATCH_EVERY_MS)
    }
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

  return {
    async begin() {
      await testbed.control('PATCH', '/settings', { ...BASE, faultSeed: seed })
      planned = carryOutPlan()
      watched = watch()
    },
    async end() {
      over.abort()
      await planned
      await Promise.all(underWay)
      await testbed.control('PATCH', '/settings', CALM)
      for (const slot of SLOTS) {
        const { process, clockOffsetMs } = site.slots[slot] ?? {}
        if (process && clockOffsetMs === 0) continue
        await locks.run([`slot ${slot}`], async () => {
          await site.kill(slot)
          await site.start(slot)
        })
      }
    },
    async stopWatching() {
      watching.abort()
      await watched
    },
    counts,
    get longestStopSeconds() {
      return longestStopSeconds
    },
    problems,
  }
}

/** The fault's name in the history, and what it needs exclusively. */
function describe(fault: Fault): { name: string; target: string; detail: string; needs: string[] } {
  const { kind, ...rest } = fault
  const detail = JSON.stringify(rest)
  const slot = 'target' in fault && fault.target !== 'all' ? `slot ${fault.target}` : 'all'
  const links = slot === 'all' ? SLOTS.map((each) => `link ${each}`) : [slot.replace('slot', 'link')]
  const everyLink = [...SLOTS.map((each) => `link ${each}`), 'database']
  switch (kind) {
    case 'kill':
      return { name: 'process killed', target: slot, detail, needs: [slot] }
    case 'stop':
      return { name: 'process asked to end', target: slot, detail, needs: [slot] }
    case 'freeze':
      return { name: 'process stopped', target: slot, detail, needs: [slot] }
    case 'clock':
      return { name: 'clock off', target: slot, detail, needs: [slot] }
    case 'vault-key':
      return { name: 'vault key changed', target: 'all', detail, needs: [...ALL_SLOTS, ...everyLink] }
    case 'late-copies':
      return { name: 'copies late', target: 'Microsoft', detail, needs: ['Microsoft'] }
    case 'bad-microsoft':
      return { name: 'more failures', target: 'Microsoft', detail, needs: ['Microsoft'] }
    case 'database-cut':
      return { name: 'database cut', target: slot, detail, needs: links }
    case 'database-stall':
      return { name: 'database stalled', target: slot, detail, needs: links }
    case 'commit-cut':
      return { name: 'cut at a write', target: slot, detail, needs: links }
    case 'database-crash':
      return { name: 'database killed', target: 'primary', detail, needs: ['database'] }
    case 'failover':
      return { name: 'failover', target: 'primary', detail, needs: everyLink }
    case 'power-cut':
      return { name: 'power cut', target: 'all', detail, needs: [...ALL_SLOTS, ...everyLink] }
    default:
      return kind satisfies never
  }
}
