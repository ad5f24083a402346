// npm run vault -- status | rotate | forget: shows what seals the stored secrets, and changes it. The command itself is
// `vault-command.ts` of the API.
import { ConfigurationError, readConfig } from '../apps/api/src/config.ts'
import { runVaultCommand } from '../apps/api/src/vault-command.ts'
import { exitOnSignals } from './exit-on-signals.ts'

exitOnSignals()
try {
  process.exitCode = await runVaultCommand(process.argv.slice(2), readConfig(), { print: console.log })
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error
  console.error(`\n${error.message}\n`)
  process.exitCode = 1
}
