// npm run simulate [-- --schedules N] [--seed S] [--twice] [--plant NAME]: runs the product's real code and statements in
// schedules that their seeds decide, under faults, and checks them rule by rule. The same arguments print the same.
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { exitOnSignals } from '../start/exit-on-signals.ts'
import { listFences } from './fences.ts'
import { prepareGround } from './ground.ts'
import { PLANTS, RUNS } from './plants.ts'
import type { Report } from './work.ts'
import { openWorker } from './workers.ts'

const SCHEDULES = 100
/** Within so many a missing fence has to be found. */
const SCHEDULES_OF_PLANT = 300
const NOT_UNDERSTOOD = 64
const USAGE = `npm run simulate -- [--schedules N] [--seed S] [--twice] [--plant NAME]
  --schedules N  how many; ${SCHEDULES} unless a seed is given, then 1; of a plant at most ${SCHEDULES_OF_PLANT}
  --seed S       begins with this seed; without it, with any, or with 1 for a plant
  --twice        runs each schedule twice, and compares what happened
  --plant NAME   takes a fence out of the product before, and ends with the first schedule that fails
  --plant all    takes out one fence after the other
  --plant list   prints the names of the fences`

const { seed, schedules, twice, plant } = readArguments()
if (plant === 'list') {
  console.log(listFences().join('\n'))
  process.exit(0)
}
exitOnSignals()
const { serverUrl, close } = await prepareGround()
const isWell = plant === 'all' ? await plantAll() : await runSchedules()
await close()
process.exit(isWell ? 0 : 1)

/** Returns whether every schedule was clean. */
async function runSchedules(): Promise<boolean> {
  if (schedules > 1) console.log(`Seeds ${seed} to ${seed + schedules - 1}`)
  let printed = 0
  let failed = 0
  for await (const report of reportsOf(plant)) {
    if (!print(seed + printed++, report)) failed++
    if (plant !== undefined && failed > 0) break
  }
  console.log(`${printed} schedules, ${failed} failed`)
  return failed === 0
}

/** Returns whether every plant was found. */
async function plantAll(): Promise<boolean> {
  let isComplete = true
  for (const name of Object.keys(PLANTS)) {
    let rule: string | undefined
    let tried = seed
    for await (const { violations } of reportsOf(name)) {
      rule = violations.find((each) => each.rule !== RUNS)?.rule
      if (rule) break
      tried++
    }
    console.log(rule ? `${name} seed ${tried}: ${rule}` : `${name}: not found in ${schedules} schedules`)
    isComplete &&= rule !== undefined
  }
  return isComplete
}

/** Runs the schedules in several workers, and returns what became of each in the order of their seeds. */
async function* reportsOf(missing: string | undefined): AsyncGenerator<Report> {
  const reports = Array.from({ length: schedules }, () => Promise.withResolvers<Report>())
  const left = reports.entries()
  // One more than there are cores: a worker often waits for its database.
  const working = Array.from({ length: Math.min(availableParallelism() + 1, schedules) }, async (_, number) => {
    const worker = openWorker(serverUrl, number, missing)
    for (const [place, report] of left) report.resolve(await worker.run(seed + place, twice))
    worker.close()
  })
  try {
    for (const { promise } of reports) yield await promise
  } finally {
    Array.from(left) // one that is looked for is found, and the rest is not run
    await Promise.all(working)
  }
}

/** Returns whether the schedule was clean. */
function print(number: number, { violations, choices }: Report): boolean {
  for (const { rule, text } of violations) console.log(`seed ${number}: ${rule}\n  ${text}`)
  if (violations.length > 0) for (const choice of choices) console.log(`    ${choice}`)
  return violations.length === 0
}

function readArguments() {
  try {
    const option = { type: 'string' } as const
    const options = { schedules: option, seed: option, twice: { type: 'boolean' }, plant: option } as const
    const { schedules: all, seed: first, plant: name, twice: isTwice = false } = parseArgs({ options }).values
    if (name !== undefined && !['all', 'list', ...listFences()].includes(name))
      throw new Error(`There is no fence ${name}.`)
    const isPlant = name !== undefined
    return {
      seed: wholeNumber('--seed', first) ?? (isPlant ? 1 : randomInt(1, 1_000_000)),
      schedules: wholeNumber('--schedules', all) ?? (isPlant ? SCHEDULES_OF_PLANT : first ? 1 : SCHEDULES),
      twice: isTwice,
      plant: name,
    }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    return process.exit(NOT_UNDERSTOOD)
  }
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new Error(`${name} has to be a whole number from 1 on.`)
}
