import { randomBytes } from 'node:crypto'
import type { Testbed } from '../../testbed/testbed.ts'
import { createRandom, type Random } from '../random.ts'
import { FAULT_RATES, rotate } from '../storm.ts'
import type { startPostgresPair } from './postgres-pair.ts'
import type { Site } from './site.ts'

// What can go wrong: a row for each kind, with how often it is drawn and what it does.

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const FIRST_AFTER_MS = 5 * SECOND_MS
/** Statements that write. PostgreSQL's protocol carries statements as text. */
const WRITES = /\bCOMMIT\b|\bINSERT INTO\b|\bUPDATE\b/

/** The processes of the product. */
export const SLOTS = [0, 1, 2] as const

/** How Microsoft behaves between the faults. */
export const USUAL = {
  latencyMs: 5,
  sentCopyDelayMs: { min: 0, max: 20_000 },
  faultRates: FAULT_RATES,
  retryAfterForm: 'mixed',
  retryAfterSeconds: 1,
  accessTokenSeconds: 15,
}
export const CALM = { sentCopyDelayMs: 0, faultRates: {}, latencyMs: 0, accessTokenSeconds: null }

export interface FaultDeps {
  readonly pair: Awaited<ReturnType<typeof startPostgresPair>>
  readonly testbed: Testbed
  readonly site: Site
  /** Resolves early when the run is over. */
  readonly wait: (ms: number) => Promise<void>
  /** Notes how a process that was asked to end did so. */
  readonly onStopped: (exitCode: number | null) => void
}

interface Fault {
  /** What the history calls it. */
  readonly name: string
  readonly target: string
  /** What it holds meanwhile: a fault is left out while an earlier one holds what it needs. */
  readonly needs: readonly string[]
  readonly detail: Readonly<Record<string, number | string>>
  carryOut(deps: FaultDeps): Promise<unknown>
}

export interface PlannedFault extends Fault {
  readonly kind: string
  readonly atMs: number
}

type Target = (typeof SLOTS)[number] | 'all'

const EVERY_LINK = [...SLOTS.map((slot) => `link ${slot}`), 'database']
const EVERYTHING = [...SLOTS.map((slot) => `slot ${slot}`), ...EVERY_LINK]

const slotOf = (random: Random) => random.pick(SLOTS)
/** Mostly short; some outlast the lease of an owner. */
const lengthOf = (random: Random) => random.between(1, random.chance(0.3) ? MINUTE_MS : 10 * SECOND_MS)
const inSlot = (slot: number) => ({ target: `slot ${slot}`, needs: [`slot ${slot}`], detail: {} })

/** At the links of one process to the database, or of all. */
function atLinks(random: Random) {
  const which = random.pick<Target>([...SLOTS, 'all', 'all'])
  const isHit = (slot: number) => which === 'all' || which === slot
  return {
    target: which === 'all' ? 'all' : `slot ${which}`,
    needs: SLOTS.filter(isHit).map((slot) => `link ${slot}`),
    linksOf: ({ site }: FaultDeps) => site.slots.filter((_slot, index) => isHit(index)).map(({ link }) => link),
  }
}

function withMicrosoft(name: string, settings: object, forMs: number): Fault {
  return {
    name,
    target: 'Microsoft',
    needs: ['Microsoft'],
    detail: { forMs },
    async carryOut({ testbed, wait }) {
      await testbed.control('PATCH', '/settings', settings)
      await wait(forMs)
      await testbed.control('PATCH', '/settings', USUAL)
    },
  }
}

/** By what --only calls them. */
const KINDS: Readonly<Record<string, { readonly weight: number; draw(random: Random): Fault }>> = {
  kill: {
    weight: 6,
    draw(random) {
      const slot = slotOf(random)
      return { ...inSlot(slot), name: 'process killed', carryOut: ({ site }) => restart(site, slot) }
    },
  },
  stop: {
    weight: 3,
    draw(random) {
      const slot = slotOf(random)
      return {
        ...inSlot(slot),
        name: 'process asked to end',
        async carryOut({ site, onStopped }) {
          onStopped(await site.stop(slot))
          await site.start(slot)
        },
      }
    },
  },
  freeze: {
    weight: 4,
    draw(random) {
      const slot = slotOf(random)
      const forMs = lengthOf(random)
      return {
        ...inSlot(slot),
        name: 'process stopped',
        detail: { forMs },
        async carryOut({ site, wait }) {
          site.freeze(slot)
          await wait(forMs)
          site.resume(slot)
        },
      }
    },
  },
  clock: {
    weight: 2,
    draw(random) {
      const slot = slotOf(random)
      const offsetMs = random.pick([-1, 1] as const) * random.between(SECOND_MS, 10 * MINUTE_MS)
      const afterMs = random.chance(0.5) ? 0 : random.between(0, 20 * SECOND_MS)
      return {
        ...inSlot(slot),
        name: 'clock off',
        detail: { offsetMs, afterMs },
        async carryOut({ site }) {
          await site.kill(slot)
          await site.start(slot, { offsetMs, afterMs })
        },
      }
    },
  },
  'vault-key': {
    weight: 1,
    draw: () => ({
      name: 'vault key changed',
      target: 'all',
      needs: EVERYTHING,
      detail: {},
      /** A rolling restart: every process knows the new key before the first one seals with it. */
      async carryOut({ site, testbed }) {
        const key = `k${randomBytes(4).toString('hex')}:${randomBytes(32).toString('base64')}`
        const before = site.vaultKeys
        for (const keys of [`${before},${key}`, `${key},${before}`]) {
          site.vaultKeys = keys
          for (const slot of SLOTS) await restart(site, slot)
        }
        if (!(await rotate(testbed, site.vaultKeys))) throw new Error('The vault key could not be changed.')
      },
    }),
  },
  'late-copies': {
    weight: 2,
    draw: (random) =>
      withMicrosoft(
        'copies late',
        { sentCopyDelayMs: { min: 20_000, max: 120_000 }, faultRates: { ...FAULT_RATES, gatewayTimeoutAfter: 0.1 } },
        random.between(20 * SECOND_MS, MINUTE_MS),
      ),
  },
  'bad-microsoft': {
    weight: 2,
    draw(random) {
      const factor = random.between(2, 4)
      const faultRates = Object.fromEntries(Object.entries(FAULT_RATES).map(([name, rate]) => [name, rate * factor]))
      return withMicrosoft('more failures', { faultRates }, random.between(SECOND_MS, 20 * SECOND_MS))
    },
  },
  'database-cut': {
    weight: 4,
    draw(random) {
      const { linksOf, ...at } = atLinks(random)
      const forMs = lengthOf(random)
      return {
        ...at,
        name: 'database cut',
        detail: { forMs },
        async carryOut(deps) {
          for (const link of linksOf(deps)) link.cut()
          await deps.wait(forMs)
          for (const link of linksOf(deps)) link.mend()
        },
      }
    },
  },
  'commit-cut': {
    weight: 5,
    draw(random) {
      const { linksOf, ...at } = atLinks(random)
      const when = random.pick(['before', 'after'] as const)
      return {
        ...at,
        name: 'cut at a write',
        detail: { when },
        async carryOut(deps) {
          for (const link of linksOf(deps))
            if (when === 'before') link.loseRequest(WRITES)
            else link.loseAnswerTo(WRITES)
        },
      }
    },
  },
  'database-stall': {
    weight: 3,
    draw(random) {
      const { linksOf, ...at } = atLinks(random)
      const forMs = lengthOf(random)
      return {
        ...at,
        name: 'database stalled',
        detail: { forMs },
        async carryOut(deps) {
          for (const link of linksOf(deps)) link.hold()
          await deps.wait(forMs)
          for (const link of linksOf(deps)) link.mend()
        },
      }
    },
  },
  'database-crash': {
    weight: 1,
    draw: () => ({
      name: 'database killed',
      target: 'primary',
      needs: ['database'],
      detail: {},
      carryOut: ({ pair }) => pair.crash(),
    }),
  },
  failover: {
    weight: 2,
    draw: () => ({
      name: 'failover',
      target: 'primary',
      needs: EVERY_LINK,
      detail: {},
      carryOut: ({ pair, site }) =>
        pair.failOver((port) => {
          for (const { link } of site.slots) link.leadTo(port)
        }),
    }),
  },
}
export const FAULT_KINDS: readonly string[] = Object.keys(KINDS)

async function restart(site: Site, slot: number): Promise<void> {
  await site.kill(slot)
  await site.start(slot)
}

/** Draws the faults of a run and their times, of all kinds or only those named. */
export function planFaults(seed: number, minutes: number, only: readonly string[] = FAULT_KINDS): PlannedFault[] {
  const random = createRandom(seed)
  const kinds = Object.entries(KINDS).filter(([kind]) => only.includes(kind))
  const weights = kinds.reduce((sum, [, { weight }]) => sum + weight, 0)
  const planned: PlannedFault[] = []
  let atMs = FIRST_AFTER_MS
  while (atMs < minutes * MINUTE_MS) {
    let left = random.between(1, weights)
    const drawn = kinds.find(([, { weight }]) => (left -= weight) <= 0)
    if (!drawn) throw new Error('There is no fault to draw.')
    planned.push({ ...drawn[1].draw(random), kind: drawn[0], atMs })
    atMs += random.between(SECOND_MS, 12 * SECOND_MS)
  }
  return planned
}
