// npm run simulate [-- --schedules N] [--seed S] [--twice] [--plant NAME]: runs the product's real code and statements in
// schedules that their seeds decide, under faults, and checks them rule by rule. The same arguments print the same.
import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { exitOnSignals } from '../start/exit-on-signals.ts'
import { listFences } from './fences.ts'
import { prepareGround } from './ground.ts'
import { PLANTS } from './plants.ts'
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
const { ground, close } = await prepareGround()
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
  await onCores(schedules, async () => {
    const worker = openWorker(ground, plant)
    while (!isOver && next < seed + schedules) {
      const mine = next++
      early.set(mine, await worker.run({ seed: mine, twice, shorten: plant === undefined }))
      for (let turn = early.get(printed); turn && !isOver; turn = early.get(++printed)) {
        if (!print(printed, turn)) failed++
        isOver = plant !== undefined && turn.violations.length > 0
      }
    }
    worker.close()
  })
  console.log(`${isOver ? printed - seed : schedules} schedules, ${failed} failed`)
  return failed === 0
}

/** Returns whether every plant was found. */
async function plantAll(): Promise<boolean> {
  const left = Object.keys(PLANTS)
  let isComplete = true
  await onCores(left.length, async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const worker = openWorker(ground, name)
      let report: Report | null = null
      let tried = seed
      for (; tried < seed + schedules && !report?.violations.length; tried++) report = await worker.run({ seed: tried })
      worker.close()
      const rule = report?.violations[0]?.rule
      console.log(rule ? `${name} seed ${tried - 1}: ${rule}` : `${name}: not found in ${schedules} schedules`)
      isComplete &&= rule !== undefined
    }
  })
  return isComplete
}

async function onCores(atMost: number, work: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), atMost) }, work))
}

/** Returns whether the schedule was clean. */
function print(number: number, { error, violations, choices }: Report): boolean {
  if (error !== null) console.log(`seed ${number}: the schedule ran to its end\n  ${error}`)
  for (const { rule, text } of violations) console.log(`seed ${number}: ${rule}\n  ${text}`)
  for (const choice of choices) console.log(`    ${choice}`)
  return error === null && violations.length === 0
}

function readArguments() {
  try {
    const options = {
      schedules: { type: 'string' },
      seed: { type: 'string' },
      twice: { type: 'boolean' },
      plant: { type: 'string' },
    } as const
    const { schedules: all, seed: first, plant: name, twice: isTwice = false } = parseArgs({ options }).values
    if (name !== undefined && !['all', 'list', ...listFences()].includes(name))
      throw new Error(`There is no fence ${name}.`)
    return {
      seed: wholeNumber('--seed', first ?? String(name === undefined ? randomInt(1, 1_000_000) : 1)),
      schedules: wholeNumber(
        '--schedules',
        all ?? String(name !== undefined ? SCHEDULES_OF_PLANT : first === undefined ? SCHEDULES : 1),
      ),
      twice: isTwice,
      plant: name,
    }
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    return process.exit(NOT_UNDERSTOOD)
  }
}

function wholeNumber(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new Error(`${name} has to be a whole number from 1 on.`)
}
