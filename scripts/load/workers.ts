import { MAX_IN_FLIGHT } from '../../apps/api/src/delivery/in-flight.ts'
import { median } from '../bench/costs.ts'
import type { Setting } from '../bench/setting.ts'
import { describeStandstill, watchStandstill } from './standstill.ts'
import { deliverAll, submitAll, untilSent } from '../testbed/submit.ts'
import type { Scoreboard } from '../bench/targets.ts'
import {
  MAX_MAILBOXES,
  NO_LIMITS,
  startWithoutLimits,
  type Process,
  type Tenant,
  type Testbed,
} from '../testbed/testbed.ts'

const MAILS = 6_000
/** Mails that each worker sends before it is measured. */
const WARM = 6_000
/** How often each rate is measured that has a target. */
const ROUNDS = 3
const FAST_GRAPH_MS = 5
const GRAPH_MS = 100
/** Slow enough that two workers on two cores wait for Microsoft, and not for a core, also with 192 in flight each. */
const SLOW_GRAPH_MS = 300

export const WORKERS_SETTING: Setting = {
  mailboxes: [MAX_MAILBOXES],
  graphMs: [GRAPH_MS, SLOW_GRAPH_MS],
  mails: MAILS,
  rounds: ROUNDS,
}

/** Measures one worker, and two, where what is under way at once sets the rate. */
export async function benchWorkers(testbed: Testbed, score: Scoreboard): Promise<void> {
  const { tenants, product: api } = await startWithoutLimits(testbed, 'api')
  const workers: Process[] = []
  const answerAfter = (latencyMs: number) => testbed.control('PATCH', '/settings', { latencyMs })
  const startWorkers = async (count: number, limits: Record<string, string>) => {
    for (let nth = 0; nth < count; nth++) workers.push(await testbed.start('worker', limits))
    await answerAfter(FAST_GRAPH_MS)
    await deliverAll(testbed, api, { tenants, mails: count * WARM })
  }
  const stopWorkers = () => Promise.all(workers.splice(0).map((worker) => worker.stop()))
  const rateAt = async (latencyMs: number, rounds = 1) => {
    await answerAfter(latencyMs)
    const rates: number[] = []
    while (rates.length < rounds) rates.push(await drainRate(testbed, api, workers, tenants))
    return median(rates)
  }

  await startWorkers(1, NO_LIMITS)
  const one = await rateAt(GRAPH_MS, ROUNDS)
  const possible = MAX_IN_FLIGHT / (GRAPH_MS / 1_000)
  console.log(
    `one worker, answered after ${GRAPH_MS} ms: ${one.toFixed(0)} a second, of ${possible} that ${MAX_IN_FLIGHT} at once allow`,
  )
  score.note('one worker at 100 ms over what 192 in flight allow', one / possible)
  const oneSlow = await rateAt(SLOW_GRAPH_MS)
  await startWorkers(1, NO_LIMITS)
  const twoSlow = await rateAt(SLOW_GRAPH_MS)
  console.log(
    `${MAX_IN_FLIGHT} in flight for each worker, answered after ${SLOW_GRAPH_MS} ms: one ${oneSlow.toFixed(0)} a second, two ${twoSlow.toFixed(0)}: ratio ${(twoSlow / oneSlow).toFixed(2)}`,
  )
  await stopWorkers()

  // Workers have no limit of 64, so each of the 64 mailboxes has one: a request at once for one worker, two for two.
  const rateOf64 = async (count: number) => {
    await startWorkers(count, { ...NO_LIMITS, MAILBOX_CONCURRENCY: String((count * 64) / MAX_MAILBOXES) })
    const rate = await rateAt(GRAPH_MS, ROUNDS)
    await stopWorkers()
    return rate
  }
  const [oneOf64, twoOf64] = [await rateOf64(1), await rateOf64(2)]
  console.log(
    `64 in flight for each worker, answered after ${GRAPH_MS} ms: one ${oneOf64.toFixed(0)} a second, two ${twoOf64.toFixed(0)}`,
  )
  score.note('two workers over one at 100 ms, 64 in flight each', twoOf64 / oneOf64)
  await api.stop()
}

/** Submits mails while the workers stand still, and measures how many they send in a second. */
async function drainRate(
  testbed: Testbed,
  api: Process,
  workers: readonly Process[],
  tenants: readonly Tenant[],
): Promise<number> {
  for (const worker of workers) worker.freeze()
  await submitAll(api, { tenants, mails: MAILS })
  const watch = watchStandstill(testbed)
  const startedAt = performance.now()
  for (const worker of workers) worker.resume()
  await untilSent(testbed, tenants)
  const rate = (1_000 * MAILS) / (performance.now() - startedAt)
  const standstill = describeStandstill(rate, await watch.stop())
  if (standstill !== null) console.log(`  ${standstill}`)
  return rate
}
