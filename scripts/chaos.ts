import { runStorms } from './load/storm.ts'
import { runTokenTrouble } from './load/token-trouble.ts'
import { runKilledUploads } from './load/killed-uploads.ts'

const RUNS: Readonly<Record<string, () => Promise<boolean>>> = {
  storm: () => runStorms(messages),
  uploads: runKilledUploads,
  tokens: runTokenTrouble,
}

const wanted = process.argv.slice(2).filter((parameter) => !/^\d+$/.test(parameter))
/** Of the storm; fewer for a quick look. */
const messages = Number(process.argv.slice(2).find((parameter) => /^\d+$/.test(parameter)) ?? 2_000)

const unknown = wanted.filter((name) => !(name in RUNS))
if (unknown.length > 0) {
  console.error(`There is no chaos ${unknown.join(', ')}. There are: ${Object.keys(RUNS).join(', ')}.`)
  process.exit(1)
}
let failed = false
for (const [name, run] of Object.entries(RUNS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  if (!(await run())) failed = true
}
process.exit(failed ? 1 : 0)
