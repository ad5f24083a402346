// What bin/inforiver-mail of a release runs. The product is loaded only where it is needed, since it takes a while.
import { understand } from './parse-command.ts'

const command = understand(process.argv.slice(2))
if (command !== null) {
  const { readConfig } = await import('../../../apps/api/src/configuration/config.ts')
  const { runCommand } = await import('./run-command.ts')
  await runCommand(command, () => readConfig(process.env, process.cwd(), command.options))
}
