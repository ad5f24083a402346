import timers from 'node:timers/promises'
import { createChance } from '../../apps/api/src/test-support/chance.ts'
import type { Plan } from './plan.ts'

/** One thing that may happen next. Faults have a weight of their own, and none when nothing may go wrong any more. */
export interface Choice {
  readonly text: string
  readonly weight: number
  readonly run: () => void | Promise<void>
}

const WEIGHT = 100
/** Of what hangs, while anything else may happen. */
const HANGING_SHARE = 0.02

export function choice(text: string, run: Choice['run'], weight = WEIGHT): Choice {
  return { text, run, weight }
}

/** A connection or a request, where something waits for its turn, or an answer for its arrival. */
export interface Border {
  /** What may happen to it now; the first is what happens while nothing goes wrong. None while it has to wait. */
  choices(): readonly Choice[]
}

export interface Owner {
  readonly name: string
  readonly isFrozen: boolean
}

export type World = ReturnType<typeof createWorld>

/** The machine's own, before anything stands in for it. */
const nextTurn = timers.setImmediate
/** Turns of the event loop without anything under way, after which nothing is left that a delivered answer has set going. */
const TURNS_UNTIL_QUIET = 2
/** How long time passes at once, where nothing is to be done before. */
const PASSES_MS = [1_000, 5_000, 20_000, 60_000]
const PASS_WEIGHT = 8
/** More steps without a pause mean that something turns in a circle. */
const MOST_STEPS = 20_000

/**
 * Keeps the virtual time, and everything that waits for its turn. One thing happens at a time, and the next begins when
 * nothing of the code has anything left to do.
 *
 * @param busy how many operations of this machine, such as those of cryptography, are under way
 */
export function createWorld(seed: number, busy: () => number, { hanging, outlasts, haste, leaps }: Plan['pace']) {
  const draw = createChance(seed)
  const borders = new Set<Border>()
  /** They have their turn long after others, so that much happens between two steps of the code. */
  const hangs = new WeakSet<Border>()
  let timers: { readonly owner: Owner; readonly at: number; readonly call: () => void }[] = []
  let now = 0
  const lines: string[] = []
  const ends: (() => Promise<void>)[] = []

  const world = {
    /** Milliseconds since the schedule began. Each statement and each request takes one. */
    now: () => now,
    /** Adds it behind all others. */
    add(border: Border, likelyToHang = hanging): void {
      borders.delete(border)
      borders.add(border)
      if (draw() < likelyToHang) hangs.add(border)
      else hangs.delete(border)
    },
    remove: (border: Border) => void borders.delete(border),
    /** Returns what cancels the call. */
    after(owner: Owner, ms: number, call: () => void): () => void {
      const timer = { owner, at: now + Math.max(0, Math.ceil(ms)), call }
      timers = [...timers, timer].toSorted((one, other) => one.at - other.at)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    forget(owner: Owner): void {
      timers = timers.filter((timer) => timer.owner !== owner)
    },
    /**
     * Does it before the next thing happens, once the code has nothing left to do: what takes real time must not overlap with
     * code, whose statements would be in another order each time.
     */
    whenQuiet: (end: () => Promise<void>) => void ends.push(end),
    pass(ms: number): void {
      now += ms
    },
    /** Writes a line of the trace. */
    note(line: string): void {
      lines.push(`${now} ${line}`)
    },
    /** Draws what happens next, by the seed; `others` are what may happen besides. */
    async choose(others: readonly Choice[]): Promise<void> {
      await settle()
      const choices = [...ready(), ...others].filter(({ weight }) => weight > 0)
      let left = draw() * choices.reduce((sum, { weight }) => sum + weight, 0)
      const choice = choices.find(({ weight }) => (left -= weight) < 0) ?? choices[0]
      if (choice) await take(choice)
    },
    /** Does what waits, in its order, until nothing does. */
    async calm(): Promise<void> {
      for (let steps = 0; ; steps++) {
        await settle()
        const choice = waiting().next().value
        if (!choice) return
        if (steps === MOST_STEPS) throw new Error(`It turns in a circle: ${lines.slice(-20).join('\n')}`)
        await take(choice)
      }
    },
    lines: lines as readonly string[],
  }
  return world

  async function take({ text, run }: Choice): Promise<void> {
    world.note(text)
    await run()
  }

  /** What waits, and the passing of time. What hangs has little weight beside the rest. */
  function ready(): readonly Choice[] {
    const isHasty = draw() < haste
    const all = [...borders].map((border) => ({ hangs: hangs.has(border), choices: border.choices() }))
    const last = isHasty ? all.findLast((each) => !each.hangs && each.choices.length > 0) : undefined
    if (last) return [...last.choices, ...passing(false)]
    const inTurn = [...all.flatMap((each) => (each.hangs ? [] : each.choices)), ...due()]
    const late = all.flatMap((each) => (each.hangs ? each.choices : []))
    if (inTurn.length === 0) return [...late, ...passing(outlasts || late.length === 0)]
    return [
      ...inTurn,
      ...late.map(({ text, run, weight }) => choice(text, run, weight * HANGING_SHARE)),
      ...passing(false),
    ]
  }

  function* waiting(): Generator<Choice> {
    for (const border of borders) yield* border.choices()
    yield* due()
  }

  /** The first timer of each process whose time has come. */
  function* due(): Generator<Choice> {
    const seen = new Set<Owner>()
    for (const timer of timers) {
      if (timer.at > now) return
      if (seen.has(timer.owner) || timer.owner.isFrozen) continue
      seen.add(timer.owner)
      yield choice(`${timer.owner.name}: a timer`, () => {
        timers.splice(timers.indexOf(timer), 1)
        timer.call()
      })
    }
  }

  /** Time passes by itself only where everything waits for it. */
  function passing(isIdle: boolean): Choice[] {
    const next = timers.find(({ at, owner }) => at > now && !owner.isFrozen)
    const toNext = next ? next.at - now : 1_000
    const passes = (ms: number, weight: number) => choice(`${ms} ms pass`, () => world.pass(ms), weight)
    return [
      passes(toNext, isIdle ? WEIGHT * 5 : PASS_WEIGHT),
      ...PASSES_MS.map((ms) => passes(ms, isIdle ? leaps : Math.sign(leaps))),
    ]
  }

  async function settle(): Promise<void> {
    await becomeQuiet()
    for (let end = ends.shift(); end; end = ends.shift()) {
      await end()
      await becomeQuiet()
    }
  }

  async function becomeQuiet(): Promise<void> {
    for (let quiet = 0; quiet < TURNS_UNTIL_QUIET; quiet++) {
      await nextTurn()
      if (busy() > 0) quiet = -1
    }
  }
}
