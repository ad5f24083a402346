// npm run simulate [-- --schedules N] [--seed S] [--twice]: runs the product's real code and statements in schedules that
// their seeds decide, under faults, and checks them rule by rule. The same arguments print the same.
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { exitOnSignals } from '../start/exit-on-signals.ts'
import { prepareGround } from './ground.ts'
import type { Report } from './work.ts'
import { openWorker } from './workers.ts'

const SCHEDULES = 100
const NOT_UNDERSTOOD = 64
const USAGE = `npm run simulate -- [--schedules N] [--seed S] [--twice]
  --schedules N  how many; ${SCHEDULES} unless a seed is given, then 1
  --seed S       begins with this seed; without it, with any
  --twice        runs each schedule twice, and compares what happened`

const { seed, schedules, twice } = readArguments()
exitOnSignals()
const { ground, close } = await prepareGround()
const workers = Array.from({ length: Math.min(schedules, availableParallelism()) }, () => openWorker(ground))
if (schedules > 1) console.log(`Seeds ${seed} to ${seed + schedules - 1}`)
let next = seed
let failed = 0
/** Those of later seeds, until their turn. */
const early = new Map<number, Report>()
let printed = seed
await Promise.all(
  workers.map(async (worker) => {
    while (next < seed + schedules) {
      const report = await worker.run(next++, twice)
      early.set(report.seed, report)
      for (let turn = early.get(printed); turn; turn = early.get(printed)) {
        early.delete(printed++)
        print(turn)
      }
    }
  }),
)
for (const worker of workers) worker.close()
await close()
console.log(`${schedules} schedules, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)

function print(report: Report): void {
  if ('error' in report) {
    failed++
    console.log(`seed ${report.seed}: the schedule ran to its end\n  ${report.error}`)
    return
  }
  const { violations, choices } = report
  if (violations.length === 0) return
  failed++
  for (const { rule, text } of violations) console.log(`seed ${report.seed}: ${rule}\n  ${text}`)
  for (const choice of choices) console.log(`    ${choice}`)
}

function readArguments(): { seed: number; schedules: number; twice: boolean } {
  try {
    const { values } = parseArgs({
      options: { schedules: { type: 'string' }, seed: { type: 'string' }, twice: { type: 'boolean', default: false } },
    })
    const start = values.seed === undefined ? randomInt(1, 1_000_000) : wholeNumber('--seed', values.seed)
    const all = values.schedules ?? (values.seed === undefined ? String(SCHEDULES) : '1')
    return { seed: start, schedules: wholeNumber('--schedules', all), twice: values.twice }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    return process.exit(NOT_UNDERSTOOD)
  }
}

function wholeNumber(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new Error(`${name} has to be a whole number from 1 on.`)
}
