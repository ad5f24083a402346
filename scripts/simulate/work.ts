import type { Ground } from './ground.ts'
import { openRunner, type Outcome, type Runner } from './schedule.ts'

// A process that runs schedules, one after the other, on a database of its own.

/** The first message names the ground; each further one a schedule. */
export type Order = { readonly ground: Ground; readonly worker: number } | ({ readonly seed: number } & How)

export interface How {
  /** Runs it again, and compares what happened. */
  readonly twice?: boolean
  /** Looks for fewer choices that break the same rule. */
  readonly shorten?: boolean
}

/** What became of a schedule. Nothing is told of what happened where it broke no rule. */
export type Report =
  | Pick<Outcome, 'seed' | 'violations' | 'choices'>
  | { readonly seed: number; readonly error: string }

let opened: Runner | null = null
let last: Promise<void> = Promise.resolve()
process.on('message', (order: Order) => {
  last = last.then(() => follow(order))
})
process.on('disconnect', () => process.exit())

async function follow(order: Order): Promise<void> {
  if ('ground' in order) {
    opened = await openRunner(order.ground, order.worker)
    return
  }
  if (opened === null) throw new Error('A schedule was ordered before its ground.')
  process.send?.(await runOne(opened, order).catch((error: unknown) => ({ seed: order.seed, error: textOf(error) })))
}

async function runOne(runner: Runner, { seed, twice, shorten }: { readonly seed: number } & How): Promise<Report> {
  const outcome = await runner.run(seed)
  const again = twice ? await runner.run(seed) : outcome
  if (again.hash !== outcome.hash) {
    const place = again.lines.findIndex((line, index) => line !== outcome.lines[index])
    const text = `first ${outcome.lines[place]}, then ${again.lines[place]}`
    return {
      seed,
      violations: [{ rule: 'the same seed gives the same trace', text }],
      choices: outcome.lines.slice(0, place),
    }
  }
  const { violations, choices } = shorten && outcome.violations.length > 0 ? await shortest(outcome, runner) : outcome
  return { seed, violations, choices: violations.length > 0 ? choices : [] }
}

/** Looks for the shortest prefix of choices by which the same rule breaks, in a few runs. */
async function shortest(outcome: Outcome, runner: Runner): Promise<Outcome> {
  const rule = outcome.violations[0]?.rule
  let found = outcome
  let tooFew = 0
  while (found.steps - tooFew > 1) {
    const middle = Math.floor((tooFew + found.steps) / 2)
    const tried = await runner.run(outcome.seed, middle)
    if (tried.violations.some((violation) => violation.rule === rule)) found = tried
    else tooFew = middle
  }
  return found
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
