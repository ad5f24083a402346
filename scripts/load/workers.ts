import { MAX_IN_FLIGHT } from '../../apps/api/src/delivery/in-flight.ts'
import { submitAll, untilSent } from './submit.ts'
import { NO_LIMITS, startWithoutLimits, type Process, type Tenant, type Testbed } from './testbed.ts'

const MAILS = 6_000
const GRAPH_MS = 100
/** Slow enough that two workers on two cores wait for Microsoft, and not for a core. */
const SLOW_GRAPH_MS = 300

/** Measures one worker, and two, where what is under way at once sets the rate. */
export async function benchWorkers(testbed: Testbed): Promise<void> {
  const { tenants, product: api } = await startWithoutLimits(testbed, 'api')
  const workers = [await testbed.start('worker', NO_LIMITS)]
  const rateAt = async (latencyMs: number) => {
    await testbed.control('PATCH', '/settings', { latencyMs })
    return drainRate(testbed, api, tenants)
  }
  const one = await rateAt(GRAPH_MS)
  const possible = MAX_IN_FLIGHT / (GRAPH_MS / 1_000)
  console.log(
    `one worker, answered after ${GRAPH_MS} ms: ${one.toFixed(0)} a second, of ${possible} that ${MAX_IN_FLIGHT} at once allow: ratio ${(one / possible).toFixed(2)}`,
  )
  const oneSlow = await rateAt(SLOW_GRAPH_MS)
  workers.push(await testbed.start('worker', NO_LIMITS))
  const twoSlow = await rateAt(SLOW_GRAPH_MS)
  console.log(
    `answered after ${SLOW_GRAPH_MS} ms: one worker ${oneSlow.toFixed(0)} a second, two ${twoSlow.toFixed(0)}: ratio ${(twoSlow / oneSlow).toFixed(2)}`,
  )
  for (const worker of workers) await worker.stop()
  await api.stop()
}

/** Submits mails, and measures from the last submit on how many are sent in a second. */
async function drainRate(testbed: Testbed, api: Process, tenants: readonly Tenant[]): Promise<number> {
  await submitAll(api, { tenants, mails: MAILS })
  const { rows } = await testbed.pool.query<{ left: number }>(
    'SELECT sum(queued + sending)::int AS left FROM mailbox_totals WHERE tenant_id = ANY ($1)',
    [tenants.map(({ id }) => id)],
  )
  const startedAt = performance.now()
  await untilSent(testbed, tenants)
  return (1_000 * (rows[0]?.left ?? 0)) / (performance.now() - startedAt)
}
