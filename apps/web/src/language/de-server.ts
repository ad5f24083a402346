import { serverChecks } from './de/server-checks.ts'
import { serverDeliveries } from './de/server-deliveries.ts'
import { serverEntra } from './de/server-entra.ts'
import { serverFaults } from './de/server-faults.ts'
import { serverGraph } from './de/server-graph.ts'
import { serverProblems } from './de/server-problems.ts'

/** German for the sentences of the server, which are English there. `scripts/test/wording.test.ts` compares both. */
export const deServer: Readonly<Record<string, string>> = {
  ...serverChecks,
  ...serverDeliveries,
  ...serverEntra,
  ...serverFaults,
  ...serverGraph,
  ...serverProblems,
}
