import { registerHooks } from 'node:module'
import { withoutFence } from './fences.ts'
import { PLANTS, RUNS } from './plants.ts'
import type { Outcome } from './schedule.ts'

// A process that runs schedules, one after the other, on a database of its own. Its arguments are a fence that was taken out
// of it, the address of the server, and its number.

/** What became of a schedule. */
export type Report = Pick<Outcome, 'violations' | 'choices'>

const [, , plant = '', serverUrl = '', worker = ''] = process.argv
registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    if (plant === '' || !url.includes('/apps/api/src/') || !loaded.source) return loaded
    return { ...loaded, source: withoutFence(Buffer.from(loaded.source as Uint8Array).toString(), plant) }
  },
})
const { openRunner } = await import('./schedule.ts')
const run = await openRunner(serverUrl, worker, PLANTS[plant])
const failed = (error: Error): Report => ({ violations: [{ rule: RUNS, text: String(error.stack) }], choices: [] })
process.on('message', ([seed, twice]: [number, boolean]) => {
  void follow(seed, twice)
    .catch(failed)
    .then(({ violations, choices }) => process.send?.({ violations, choices }))
})
process.on('disconnect', () => process.exit())

async function follow(seed: number, twice: boolean): Promise<Report> {
  const outcome = await run(seed)
  const again = twice ? await run(seed) : outcome
  if (String(again.lines) !== String(outcome.lines)) {
    const place = again.lines.findIndex((line, index) => line !== outcome.lines[index])
    const text = `first ${outcome.lines[place]}, then ${again.lines[place]}`
    const violations = [{ rule: 'the same seed gives the same trace', text }]
    return { violations, choices: outcome.lines.slice(0, place) }
  }
  return plant === '' && outcome.violations.length > 0 ? shortest(seed, outcome) : outcome
}

/** Looks for the shortest prefix of choices by which the same rule breaks, in a few runs. */
async function shortest(seed: number, outcome: Outcome): Promise<Outcome> {
  const rule = outcome.violations[0]?.rule
  let found = outcome
  let tooFew = 0
  while (found.steps - tooFew > 1) {
    const middle = Math.floor((tooFew + found.steps) / 2)
    const tried = await run(seed, middle)
    if (tried.violations.some((violation) => violation.rule === rule)) found = tried
    else tooFew = middle
  }
  return found
}
