// node scripts/run.mjs PROGRAM: runs a program of the project on its own Node, after installing and building what is
// missing.
import { runUntilStopped } from './start/run-until-stopped.mjs'

await runUntilStopped(['--disable-warning=ExperimentalWarning', ...process.argv.slice(2)], 'everything')
