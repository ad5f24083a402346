// npm run mutate [-- FILE]: changes the decisions one expression at a time, and counts the changes that a test notices.
import { Stryker } from '@stryker-mutator/core'
import config from './stryker.config.json' with { type: 'json' }

const REQUIRED_PERCENT = 90

const [only] = process.argv.slice(2)
const files = config.mutate.filter((file) => only === undefined || file.endsWith(only))
if (files.length === 0) {
  console.error(`There is no decision ${only}. The decisions: ${config.mutate.join(', ')}`)
  process.exit(64)
}

const stryker = new Stryker({ configFile: 'scripts/mutate/stryker.config.json', mutate: files })
const mutants = await stryker.runMutationTest()

let isEnough = true
for (const file of files) {
  const own = mutants.filter(({ fileName, status }) => fileName.endsWith(file) && !status.endsWith('Error'))
  const survivors = own.filter(({ status }) => status !== 'Killed' && status !== 'Timeout')
  const percent = (100 * (own.length - survivors.length)) / own.length
  if (!(percent >= REQUIRED_PERCENT)) isEnough = false
  console.log(`${file} | ${percent.toFixed(1)} %`)
  if (only === undefined) continue
  for (const { location, replacement, mutatorName, status } of survivors)
    console.log(`  ${location.start.line}:${location.start.column} ${mutatorName} ${status}: ${replacement ?? ''}`)
}
process.exitCode = isEnough ? 0 : 1
