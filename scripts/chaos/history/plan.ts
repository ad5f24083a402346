import { createRandom, type Random } from '../random.ts'

/** The slot of one process of the product, or all of them. */
export type Target = 0 | 1 | 2 | 'all'

export type Fault =
  | { readonly kind: 'kill'; readonly target: 0 | 1 | 2 }
  /** Asked to stop while clients keep connections open. */
  | { readonly kind: 'stop'; readonly target: 0 | 1 | 2 }
  | { readonly kind: 'freeze'; readonly target: 0 | 1 | 2; readonly forMs: number }
  /** Restarted with a shifted clock, from the beginning or after a while. */
  | { readonly kind: 'clock'; readonly target: 0 | 1 | 2; readonly offsetMs: number; readonly afterMs: number }
  | { readonly kind: 'vault-key' }
  | { readonly kind: 'late-copies'; readonly forMs: number }
  | { readonly kind: 'bad-microsoft'; readonly factor: number; readonly forMs: number }
  | { readonly kind: 'database-cut'; readonly target: Target; readonly forMs: number }
  | { readonly kind: 'commit-cut'; readonly target: Target; readonly when: 'before' | 'after' }
  | { readonly kind: 'database-stall'; readonly target: Target; readonly forMs: number }
  | { readonly kind: 'database-crash' }
  | { readonly kind: 'failover' }
  | { readonly kind: 'power-cut' }

export type PlannedFault = Fault & { readonly atMs: number }

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const FIRST_AFTER_MS = 5 * SECOND_MS
const MOST_MS = MINUTE_MS

const slot = (random: Random) => random.pick([0, 1, 2] as const)
const target = (random: Random) => random.pick<Target>([0, 1, 2, 'all', 'all'])
/** Mostly short; some outlast a lease. */
const length = (random: Random) => random.between(1, random.chance(0.3) ? MOST_MS : 10 * SECOND_MS)

interface Kind {
  readonly weight: number
  readonly draw: (random: Random) => Fault
}

/** Weighted by how often each is drawn. */
const KINDS: readonly Kind[] = [
  { weight: 6, draw: (random) => ({ kind: 'kill', target: slot(random) }) },
  { weight: 3, draw: (random) => ({ kind: 'stop', target: slot(random) }) },
  { weight: 4, draw: (random) => ({ kind: 'freeze', target: slot(random), forMs: length(random) }) },
  {
    weight: 2,
    draw: (random) => ({
      kind: 'clock',
      target: slot(random),
      offsetMs: random.pick([-1, 1] as const) * random.between(SECOND_MS, 10 * MINUTE_MS),
      afterMs: random.chance(0.5) ? 0 : random.between(0, 20 * SECOND_MS),
    }),
  },
  { weight: 1, draw: () => ({ kind: 'vault-key' }) },
  { weight: 2, draw: (random) => ({ kind: 'late-copies', forMs: random.between(20 * SECOND_MS, MOST_MS) }) },
  {
    weight: 2,
    draw: (random) => ({
      kind: 'bad-microsoft',
      factor: random.between(2, 4),
      forMs: random.between(SECOND_MS, 20 * SECOND_MS),
    }),
  },
  { weight: 4, draw: (random) => ({ kind: 'database-cut', target: target(random), forMs: length(random) }) },
  {
    weight: 5,
    draw: (random) => ({
      kind: 'commit-cut',
      target: target(random),
      when: random.pick(['before', 'after'] as const),
    }),
  },
  { weight: 3, draw: (random) => ({ kind: 'database-stall', target: target(random), forMs: length(random) }) },
  { weight: 1, draw: () => ({ kind: 'database-crash' }) },
  { weight: 2, draw: () => ({ kind: 'failover' }) },
  { weight: 1, draw: () => ({ kind: 'power-cut' }) },
]
/** The names accepted by --only. */
export const FAULT_KINDS: readonly string[] = KINDS.map(({ draw }) => draw(createRandom(0)).kind)

/** Draws the faults of a run and their times, of all kinds or only those named. */
export function planFaults(seed: number, minutes: number, only: readonly string[] = FAULT_KINDS): PlannedFault[] {
  const random = createRandom(seed)
  const kinds = KINDS.filter((_kind, index) => only.includes(FAULT_KINDS[index] ?? ''))
  const planned: PlannedFault[] = []
  let atMs = FIRST_AFTER_MS
  while (atMs < minutes * MINUTE_MS) {
    planned.push({ ...drawFault(kinds, random), atMs })
    atMs += random.between(SECOND_MS, 12 * SECOND_MS)
  }
  return planned
}

function drawFault(kinds: readonly Kind[], random: Random): Fault {
  let left = random.between(
    1,
    kinds.reduce((sum, { weight }) => sum + weight, 0),
  )
  const kind = kinds.find(({ weight }) => (left -= weight) <= 0)
  if (!kind) throw new Error('There is no fault to draw.')
  return kind.draw(random)
}
