// npm run doctor, npm run vault, npm run backup and npm run restore, as the commands of a release.
import { runCommand } from '../release/program/run-command.ts'
import { readCommand } from './read-command.ts'

const read = readCommand(process.argv.slice(2))
if (read !== null) await runCommand(read.command, read.readConfig)
