// npm run simulate [-- --schedules N] [--seed S] [--twice] [--plant NAME]: runs the product's real code and statements in
// schedules that their seeds decide, under faults, and checks them rule by rule. The same arguments print the same.
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { exitOnSignals } from '../start/exit-on-signals.ts'
import { listFences } from './fences.ts'
import { prepareGround } from './ground.ts'
import { SEEDS_OF_PLANTS } from './plants.ts'
import type { Report } from './work.ts'
import { openWorker } from './workers.ts'

const SCHEDULES = 100
const NOT_UNDERSTOOD = 64
const USAGE = `npm run simulate -- [--schedules N] [--seed S] [--twice] [--plant NAME]
  --schedules N  how many; ${SCHEDULES} unless a seed is given, then 1
  --seed S       begins with this seed; without it, with any
  --twice        runs each schedule twice, and compares what happened
  --plant NAME   takes a fence out of the product before, and ends with the first schedule that fails
  --plant all    takes out one fence after the other, each in the schedule that is known to fail
  --plant list   prints the names of the fences`

const { seed, schedules, twice, plant } = readArguments()
if (plant === 'list') {
  console.log(listFences().join('\n'))
  process.exit(0)
}
exitOnSignals()
const { ground, close } = await prepareGround()
const cores = Array.from({ length: availableParallelism() })
const isWell = plant === 'all' ? await plantAll() : await runSchedules()
await close()
process.exit(isWell ? 0 : 1)

async function runSchedules(): Promise<boolean> {
  if (schedules > 1) console.log(`Seeds ${seed} to ${seed + schedules - 1}`)
  let next = seed
  let printed = seed
  let failed = 0
  let isOver = false
  /** Those of later seeds, until their turn. */
  const early = new Map<number, Report>()
  await Promise.all(
    cores.slice(0, schedules).map(async () => {
      const worker = openWorker(ground, plant)
      while (!isOver && next < seed + schedules) {
        const report = await worker.run(next++, { twice, shorten: plant === null })
        early.set(report.seed, report)
        for (let turn = early.get(printed); turn && !isOver; turn = early.get(printed)) {
          early.delete(printed++)
          if (!print(turn)) failed++
          isOver = plant !== null && brokenRule(turn) !== null
        }
      }
      worker.close()
    }),
  )
  console.log(`${printed - seed} schedules, ${failed} failed`)
  return failed === 0
}

/** Returns whether every plant was found. */
async function plantAll(): Promise<boolean> {
  const left = Object.entries(SEEDS_OF_PLANTS)
  let isComplete = true
  await Promise.all(
    cores.map(async () => {
      for (let each = left.shift(); each; each = left.shift()) {
        const [name, itsSeed] = each
        if (itsSeed === null) {
          console.log(`${name}: no seed is known`)
          isComplete = false
          continue
        }
        const worker = openWorker(ground, name)
        const rule = brokenRule(await worker.run(itsSeed))
        worker.close()
        console.log(`${name} seed ${itsSeed}: ${rule ?? 'not found'}`)
        if (rule === null) isComplete = false
      }
    }),
  )
  return isComplete
}

/** An error, such as one of SQL, breaks no rule. */
function brokenRule(report: Report): string | null {
  return 'error' in report ? null : (report.violations[0]?.rule ?? null)
}

/** Returns whether the schedule was clean. */
function print(report: Report): boolean {
  if ('error' in report) {
    console.log(`seed ${report.seed}: the schedule ran to its end\n  ${report.error}`)
    return false
  }
  const { violations, choices } = report
  for (const { rule, text } of violations) console.log(`seed ${report.seed}: ${rule}\n  ${text}`)
  for (const choice of choices) console.log(`    ${choice}`)
  return violations.length === 0
}

function readArguments(): { seed: number; schedules: number; twice: boolean; plant: string | null } {
  try {
    const { values } = parseArgs({
      options: {
        schedules: { type: 'string' },
        seed: { type: 'string' },
        twice: { type: 'boolean', default: false },
        plant: { type: 'string' },
      },
    })
    const start = values.seed === undefined ? randomInt(1, 1_000_000) : wholeNumber('--seed', values.seed)
    const all = values.schedules ?? (values.seed === undefined ? String(SCHEDULES) : '1')
    const { twice: isTwice, plant: name = null } = values
    if (name !== null && !['all', 'list', ...listFences()].includes(name)) throw new Error(`There is no fence ${name}.`)
    return { seed: start, schedules: wholeNumber('--schedules', all), twice: isTwice, plant: name }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    return process.exit(NOT_UNDERSTOOD)
  }
}

function wholeNumber(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new Error(`${name} has to be a whole number from 1 on.`)
}
