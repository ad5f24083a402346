// npm run doctor: checks the whole set-up, and changes no setting. The command itself is `doctor-command.ts` of the API.
import { parseArgs } from 'node:util'
import { readConfig } from '../apps/api/src/config.ts'
import { runDoctorCommand } from '../apps/api/src/doctor-command.ts'

const STATUS_USAGE = 64

let json = false
try {
  json = parseArgs({ options: { json: { type: 'boolean' } } }).values.json ?? false
} catch {
  console.error('npm run doctor [-- --json]    checks the whole set-up, and changes no setting')
  process.exit(STATUS_USAGE)
}
const status = await runDoctorCommand(readConfig, { json, print: console.log, warn: console.error })
process.stdout.write('', () => process.exit(status)) // connections may still hang
