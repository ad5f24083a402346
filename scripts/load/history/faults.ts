import { setTimeout as delay } from 'node:timers/promises'
import type { Ground } from '../ground.ts'
import type { Disk } from './disk.ts'
import { createLocks } from './locks.ts'
import type { Fault, PlannedFault, Target } from './plan.ts'
import type { PostgresPair } from './postgres-pair.ts'
import type { Recorder } from './recorder.ts'
import { newVaultKey, type Site } from './site.ts'

const WATCH_EVERY_MS = 500

const PLACES = [0, 1, 2] as const
const ALL_PLACES = PLACES.map((place) => `place ${place}`)

/** As in the storm. */
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
  /** Everything works again when this is done, with right clocks. Processes that end are still started again. */
  end(): Promise<void>
  /** From here on processes may end. */
  stopWatching(): Promise<void>
  readonly counts: ReadonlyMap<string, number>
  /** Of the stops that were asked for. */
  readonly longestStopSeconds: number
  readonly problems: readonly string[]
}

interface Deps {
  readonly ground: Ground
  readonly site: Site
  readonly pair: PostgresPair
  /** Null: no power cuts. */
  readonly disk: Disk | null
  /** The link of the load itself to the database. */
  readonly leadTo: (port: number) => void
  readonly recorder: Recorder
  readonly seed: number
}

/** Carries a plan out. A fault whose place is still occupied by an earlier one is left out. */
export function createFaults(plan: readonly PlannedFault[], deps: Deps): Faults {
  const { ground, site, pair, disk, leadTo, recorder, seed } = deps
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

  /** Ends early when everything is over. */
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
        return site.goOn(fault.target)
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
        for (const link of linksOf(fault.target)) link.mend()
        return
      case 'database-stall':
        for (const link of linksOf(fault.target)) link.hold()
        await wait(fault.forMs)
        for (const link of linksOf(fault.target)) link.mend()
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
    site.places.filter((_place, index) => target === 'all' || index === target).map(({ link }) => link)

  function leadEveryone(port: number): void {
    for (const { link } of site.places) link.leadTo(port)
    leadTo(port)
  }

  async function withMicrosoft(settings: object, forMs: number): Promise<void> {
    await ground.control('PATCH', '/settings', settings)
    await wait(forMs)
    await ground.control('PATCH', '/settings', BASE)
  }

  /** Processes are started again one by one: all of them know the new key before the first seals with it. */
  async function changeVaultKey(): Promise<void> {
    const key = newVaultKey()
    const before = site.vaultKeys
    for (const keys of [`${before},${key}`, `${key},${before}`]) {
      site.useVaultKeys(keys)
      for (const place of PLACES) {
        await site.kill(place)
        await site.start(place)
      }
    }
    if (!(await ground.vault('rotate', site.vaultKeys))) problems.push('The vault key could not be changed.')
  }

  async function cutPower(): Promise<void> {
    if (!disk) return
    if (!pair.primaryDirectory.startsWith(disk.path)) await pair.failOver(leadEveryone)
    const primary = await pair.primaryProcesses()
    for (const place of PLACES) site.freeze(place)
    for (const pid of primary) process.kill(pid, 'SIGSTOP')
    await disk.takeImage()
    await Promise.all(PLACES.map((place) => site.kill(place)))
    await pair.crash(() => disk.mountImage())
    await Promise.all(PLACES.map((place) => site.start(place)))
  }

  /** Whatever runs the product starts it again when it ends by itself. */
  async function watch(): Promise<void> {
    while (!watching.signal.aborted) {
      for (const place of PLACES) {
        const { process } = site.places[place] ?? {}
        if (!process?.ended) continue
        await locks.run([`place ${place}`], async () => {
          if (!site.places[place]?.process?.ended) return
          count('ended by itself')
          await site.start(place)
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
      await ground.control('PATCH', '/settings', { ...BASE, faultSeed: seed })
      planned = carryOutPlan()
      watched = watch()
    },
    async end() {
      over.abort()
      await planned
      await Promise.all(underWay)
      await ground.control('PATCH', '/settings', CALM)
      for (const place of PLACES) {
        const { process, clockOffsetMs } = site.places[place] ?? {}
        if (process && clockOffsetMs === 0) continue
        await locks.run([`place ${place}`], async () => {
          await site.kill(place)
          await site.start(place)
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

/** How it is called in the history, and what it needs for itself. */
function describe(fault: Fault): { name: string; target: string; detail: string; needs: string[] } {
  const { kind, ...rest } = fault
  const detail = JSON.stringify(rest)
  const place = 'target' in fault && fault.target !== 'all' ? `place ${fault.target}` : 'all'
  const links = place === 'all' ? PLACES.map((each) => `link ${each}`) : [place.replace('place', 'link')]
  const everyLink = [...PLACES.map((each) => `link ${each}`), 'database']
  switch (kind) {
    case 'kill':
      return { name: 'process killed', target: place, detail, needs: [place] }
    case 'stop':
      return { name: 'process asked to end', target: place, detail, needs: [place] }
    case 'freeze':
      return { name: 'process stopped', target: place, detail, needs: [place] }
    case 'clock':
      return { name: 'clock off', target: place, detail, needs: [place] }
    case 'vault-key':
      return { name: 'vault key changed', target: 'all', detail, needs: [...ALL_PLACES, ...everyLink] }
    case 'late-copies':
      return { name: 'copies late', target: 'Microsoft', detail, needs: ['Microsoft'] }
    case 'bad-microsoft':
      return { name: 'more failures', target: 'Microsoft', detail, needs: ['Microsoft'] }
    case 'database-cut':
      return { name: 'database cut', target: place, detail, needs: links }
    case 'database-stall':
      return { name: 'database stalled', target: place, detail, needs: links }
    case 'commit-cut':
      return { name: 'cut at a write', target: place, detail, needs: links }
    case 'database-crash':
      return { name: 'database killed', target: 'primary', detail, needs: ['database'] }
    case 'failover':
      return { name: 'failover', target: 'primary', detail, needs: everyLink }
    case 'power-cut':
      return { name: 'power cut', target: 'all', detail, needs: [...ALL_PLACES, ...everyLink] }
    default:
      return kind satisfies never
  }
}
