// What bin/inforiver-mail of a release runs. The product is loaded only where it is needed, since it takes a while.
import { VERSION } from '../../../apps/api/src/version.ts'
import { parseCommand, USAGE } from './parse-command.ts'

/** The status of sysexits.h for a command line that is not understood. */
const STATUS_USAGE = 64

const command = parseCommand(process.argv.slice(2))
switch (command.name) {
  case 'not-understood':
    console.error(`${command.reason}\n\n${USAGE}`)
    process.exitCode = STATUS_USAGE
    break
  case 'help':
    console.log(USAGE)
    break
  case 'version':
    console.log(VERSION)
    break
  case 'start':
  case 'doctor':
  case 'migrate':
  case 'vault':
  case 'backup':
  case 'restore': {
    const { runCommand } = await import('./run-command.ts')
    await runCommand(command)
  }
}
