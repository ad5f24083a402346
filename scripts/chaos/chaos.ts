// npm run chaos [-- NAME…]: delivers under faults and fails when a message is lost, doubled without need or unreadable
// (README.md says which there are).
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { exitOnSignals } from '../start/exit-on-signals.ts'
import { FAULT_KINDS } from './history/faults.ts'
import { checkHistory, runHistory } from './history/run.ts'
import { runKilledBackups } from './killed-backups.ts'
import { runRolling } from './rolling.ts'
import { PROTOCOLS, runStorms } from './storm.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
    minutes: { type: 'string', default: '5' },
    only: { type: 'string' },
    check: { type: 'string' },
    by: { type: 'string' },
  },
})

const RUNS: Readonly<Record<string, () => Promise<boolean>>> = {
  storm: () => runStorms(messages, known('by', values.by, PROTOCOLS)),
  backup: () => runKilledBackups(wholeNumber('seed', values.seed)),
  rolling: runRolling,
  history: () =>
    values.check === undefined
      ? runHistory({
          seed: wholeNumber('seed', values.seed),
          minutes: wholeNumber('minutes', values.minutes),
          only: known('only', values.only, FAULT_KINDS),
        })
      : checkHistory(values.check),
}

const wanted = positionals.filter((parameter) => !/^\d+$/.test(parameter))
/** How many messages the storm sends; a smaller number makes a quick run. */
const messages = Number(positionals.find((parameter) => /^\d+$/.test(parameter)) ?? 2_000)

const unknown = wanted.filter((name) => !(name in RUNS))
if (unknown.length > 0) refuse(`There is no chaos ${unknown.join(', ')}. There are: ${Object.keys(RUNS).join(', ')}.`)
exitOnSignals() // every run stops what it has started when the process exits
let failed = false
for (const [name, run] of Object.entries(RUNS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  if (!(await run())) failed = true
}
process.exit(failed ? 1 : 0)

function wholeNumber(name: string, text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : refuse(`--${name} has to be a whole number.`)
}

/** The words of a list that is separated by commas, or all that are known. */
function known(name: string, list: string | undefined, all: readonly string[]): readonly string[] {
  const words = list?.split(',') ?? all
  return words.every((word) => all.includes(word))
    ? words
    : refuse(`--${name} takes, separated by commas: ${all.join(', ')}.`)
}

function refuse(fault: string): never {
  console.error(fault)
  return process.exit(1)
}
