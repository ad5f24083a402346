import { readConfig, type Config } from '../../apps/api/src/config.ts'
import { VERSION } from '../../apps/api/src/version.ts'
import { parseCommand, USAGE, type Command } from '../release/program/parse-command.ts'

const STATUS_USAGE = 64
const HELP = `In the repository npm start is the first of these, and npm run doctor -- --json is inforiver-mail doctor --json:

${USAGE}`

type Runnable = Exclude<Command, { name: 'not-understood' | 'help' | 'version' }>

/**
 * Reads the command line of a command of npm, which takes what the command of a release does. Without --demo it is the
 * demo where no app registration is configured. Returns null once it has said why there is nothing to run.
 */
export function readCommand(
  words: readonly string[],
): { readonly command: Runnable; readonly readConfig: () => Config } | null {
  const command = parseCommand(words)
  switch (command.name) {
    case 'not-understood':
      console.error(`${command.reason}\n\n${HELP}`)
      process.exitCode = STATUS_USAGE
      return null
    case 'help':
      console.log(HELP)
      return null
    case 'version':
      console.log(VERSION)
      return null
    default: {
      const { environmentFile, demo } = command.options
      return {
        command,
        readConfig: () => readConfig(process.env, process.cwd(), { environmentFile, ...(demo && { demo }) }),
      }
    }
  }
}
