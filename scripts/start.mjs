// npm start: the product as people run it, with the simulator at its side where no app registration is configured.
import { NODE_FLAGS } from './start/node-flags.mjs'
import { runUntilStopped } from './start/run-until-stopped.mjs'

await runUntilStopped([...NODE_FLAGS, 'scripts/launch.ts', ...process.argv.slice(2)], 'product')
