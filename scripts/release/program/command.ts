// What bin/inforiver-mail of a release runs.
import { ConfigurationError, readConfig } from '../../../apps/api/src/config.ts'
import { runMigrateCommand } from '../../../apps/api/src/migrate-command.ts'
import { runVaultCommand } from '../../../apps/api/src/vault-command.ts'
import { VERSION } from '../../../apps/api/src/version.ts'
import { runProduct } from '../../product-process.ts'
import { parseCommand, USAGE } from './parse-command.ts'

/** The statuses of sysexits.h for a command line that is not understood, and for a configuration that has to change. */
const STATUS = { usage: 64, configuration: 78, failed: 1 } as const

const command = parseCommand(process.argv.slice(2))
switch (command.name) {
  case 'not-understood':
    console.error(`${command.reason}\n\n${USAGE}`)
    process.exitCode = STATUS.usage
    break
  case 'help':
    console.log(USAGE)
    break
  case 'version':
    console.log(VERSION)
    break
  case 'start':
    await orExplain(() =>
      runProduct({
        readConfig: readConfigOrExit,
        simulator: new URL('simulator.js', import.meta.url),
        announces: true,
      }),
    )
    break
  case 'migrate':
    await orExplain(() => runMigrateCommand(readConfigOrExit()))
    break
  case 'vault':
    await orExplain(async () => {
      process.exitCode = await runVaultCommand(command.parameters, readConfigOrExit(), { print: console.log })
    })
    break
}

/** A configuration that cannot be read does not get better by starting again, and the status tells supervisors so. */
function readConfigOrExit() {
  try {
    return readConfig(process.env, process.cwd(), command.options)
  } catch (error) {
    return explain(error, STATUS.configuration)
  }
}

async function orExplain(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    explain(error, STATUS.failed)
  }
}

function explain(error: unknown, status: number): never {
  if (!(error instanceof ConfigurationError)) throw error
  console.error(`\n${error.message}\n`)
  process.exit(status)
}
