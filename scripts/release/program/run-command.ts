import { runBackupCommand } from '../../../apps/api/src/backup-command.ts'
import { rereadSecrets, type Config } from '../../../apps/api/src/configuration/config.ts'
import { runDoctorCommand } from '../../../apps/api/src/doctor-command.ts'
import { runMigrateCommand } from '../../../apps/api/src/migrate-command.ts'
import { runRestoreCommand } from '../../../apps/api/src/restore-command.ts'
import { runVaultCommand } from '../../../apps/api/src/vault-command.ts'
import { endWithFault, orEndLastingly } from '../../start/end-with-fault.ts'
import { exitOnSignals } from '../../start/exit-on-signals.ts'
import { runProduct } from '../../start/product-process.ts'
import { refuseDataOfAnotherAccount } from './data-owner.ts'
import type { Runnable } from './parse-command.ts'

/** Runs a command that needs the product's configuration. Where the operator has to change something, the process ends. */
export async function runCommand(command: Runnable, readConfig: () => Config): Promise<void> {
  if (command.name !== 'start') exitOnSignals() // the product itself stops in order
  const print = console.log
  try {
    switch (command.name) {
      case 'start':
        return await runProduct({
          readConfig: readConfigOrExit,
          rereadSecrets: () => rereadSecrets(process.env, process.cwd(), command.options),
          simulator: new URL('simulator.js', import.meta.url),
          announces: true,
        })
      case 'doctor':
        return exitWith(
          await runDoctorCommand(readConfig, {
            json: command.json,
            print,
            warn: console.error,
            account: process.getuid?.(),
          }),
        )
      case 'migrate':
        return await runMigrateCommand(readConfigOrExit(), { print })
      case 'vault':
        process.exitCode = await runVaultCommand(command.parameters, readConfigOrExit(), { print })
        return
      case 'backup':
        return await runBackupCommand(command.backup, readConfigOrExit(), { print })
      case 'restore':
        return await runRestoreCommand(command.restore, readConfigOrExit(), { print })
    }
  } catch (error) {
    endWithFault(error)
  }

  function readConfigOrExit() {
    return orEndLastingly(() => {
      const config = readConfig()
      refuseDataOfAnotherAccount(config.dataDirectory, process.getuid?.())
      return config
    })
  }
}

/** Ends the process once everything is printed, though connections may still hang. */
function exitWith(status: number): void {
  process.stdout.write('', () => process.exit(status))
}
