// Runs for npm start: the product in one process and, in the demo, the simulator in another.
import { endWithFault, orEndLastingly } from './start/end-with-fault.ts'
import { runProduct } from './start/product-process.ts'
import { readCommand } from './start/read-command.ts'

const UNDER_WATCH = '--under-watch'

/** Started by `npm run dev`, which keeps one simulator for many restarts, serves the page and prints its own announcement. */
const isUnderWatch = process.argv.includes(UNDER_WATCH)
const simulator = new URL('../apps/m365-simulator/src/serve.ts', import.meta.url)

try {
  const read = readCommand(['start', ...process.argv.slice(2).filter((word) => word !== UNDER_WATCH)])
  if (read)
    await runProduct({
      readConfig: () => orEndLastingly(read.readConfig),
      simulator: isUnderWatch ? null : simulator,
      announces: !isUnderWatch,
      servesPage: !isUnderWatch,
    })
} catch (error) {
  endWithFault(error)
}
