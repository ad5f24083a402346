// npm run backup -- --to FILE [--with-keys], npm run restore -- --from FILE [--no-resend] [--replace]: as the commands of
// a release. Without --demo it is the demo where no app registration is configured, as with npm start.
import { runBackupCommand } from '../apps/api/src/backup-command.ts'
import { ConfigurationError, readConfig } from '../apps/api/src/config.ts'
import { runRestoreCommand } from '../apps/api/src/restore-command.ts'
import { exitOnSignals } from './exit-on-signals.ts'
import { parseCommand } from './release/program/parse-command.ts'

const USAGE = `npm run backup -- --to FILE [--with-keys]
npm run restore -- --from FILE [--no-resend] [--replace]`

exitOnSignals()
try {
  const command = parseCommand(process.argv.slice(2))
  const { environmentFile, demo } = command.options
  const config = () => readConfig(process.env, process.cwd(), { environmentFile, ...(demo && { demo }) })
  if (command.name === 'backup') await runBackupCommand(command.backup, config(), { print: console.log })
  else if (command.name === 'restore') await runRestoreCommand(command.restore, config(), { print: console.log })
  else {
    console.error(`${command.name === 'not-understood' ? `${command.reason}\n\n` : ''}${USAGE}`)
    process.exitCode = 64
  }
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error
  console.error(`\n${error.message}\n`)
  process.exitCode = 1
}
