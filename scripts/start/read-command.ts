import { readConfig, type Config } from '../../apps/api/src/configuration/config.ts'
import { understand, type Runnable } from '../release/program/parse-command.ts'

const INTRODUCTION =
  'In the repository npm start is the first of these, and npm run doctor -- --json is inforiver-mail doctor --json:\n\n'

/**
 * Reads the command line of a command of npm, which takes what the command of a release does. Without --demo it is the
 * demo where no app registration is configured. Returns null once it has said why there is nothing to run.
 */
export function readCommand(
  words: readonly string[],
): { readonly command: Runnable; readonly readConfig: () => Config } | null {
  const command = understand(words, INTRODUCTION)
  if (command === null) return null
  const { environmentFile, demo } = command.options
  return {
    command,
    readConfig: () => readConfig(process.env, process.cwd(), { environmentFile, ...(demo && { demo }) }),
  }
}
