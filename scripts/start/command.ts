// npm run doctor, npm run vault, npm run backup and npm run restore, as the commands of a release. What each does is in
// the `*-command.ts` of the API.
import { runBackupCommand } from '../../apps/api/src/backup-command.ts'
import { ConfigurationError } from '../../apps/api/src/config.ts'
import { runDoctorCommand } from '../../apps/api/src/doctor-command.ts'
import { runRestoreCommand } from '../../apps/api/src/restore-command.ts'
import { runVaultCommand } from '../../apps/api/src/vault-command.ts'
import { exitOnSignals } from './exit-on-signals.ts'
import { readCommand } from './read-command.ts'

exitOnSignals()
try {
  await run(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error
  console.error(`\n${error.message}\n`)
  process.exitCode = 1
}

async function run(words: readonly string[]): Promise<void> {
  const read = readCommand(words)
  if (read === null) return
  const { command, readConfig } = read
  const print = console.log
  switch (command.name) {
    case 'doctor': {
      const status = await runDoctorCommand(readConfig, { json: command.json, print, warn: console.error })
      process.stdout.write('', () => process.exit(status)) // connections may still hang
      return
    }
    case 'vault':
      process.exitCode = await runVaultCommand(command.parameters, readConfig(), { print })
      return
    case 'backup':
      return runBackupCommand(command.backup, readConfig(), { print })
    case 'restore':
      return runRestoreCommand(command.restore, readConfig(), { print })
    default:
      throw new Error(`No script of package.json runs ${command.name} by this program.`)
  }
}
