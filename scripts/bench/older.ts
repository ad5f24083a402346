import { NO_LIMITS, type Testbed } from '../testbed/testbed.ts'
import { describeCosts, measureCosts, medianCosts, type Costs } from './costs.ts'
import type { BenchDeps } from './guard-rails.ts'
import { deliver } from './peers.ts'

const MAILS = 12_000
const ROUNDS = 3

/** Measures submit and delivery together against another release, whose sources are in the folder `beside`, in turn. */
export async function benchOlder({ testbed, score, beside, openAnother }: BenchDeps): Promise<void> {
  if (beside === null)
    return console.log('There is no other release to measure: name the folder of its sources by --beside.')
  const another = await openAnother()
  const ours = await ready(testbed, () => testbed.start('all', NO_LIMITS))
  const theirs = await ready(another, () => another.startRelease(beside, 'all', NO_LIMITS))
  const costs: Record<'ours' | 'theirs', Costs[]> = { ours: [], theirs: [] }
  for (let round = 0; round < ROUNDS; round++) {
    costs.ours.push(await ours())
    costs.theirs.push(await theirs())
  }
  const [own, older] = [medianCosts(costs.ours), medianCosts(costs.theirs)]
  console.log(`this release: ${describeCosts(own)}\nthe other release: ${describeCosts(older)}`)
  score.note('submit and delivery together over the other release', older.seconds / own.seconds)
  const processor = ({ processMs, postgresMs }: Costs) => processMs + postgresMs
  score.note('processor time of a mail over that in the other release', processor(own) / processor(older))
}

/** Starts a product and warms it up. Returns what measures a round. */
async function ready(testbed: Testbed, start: () => ReturnType<Testbed['start']>): Promise<() => Promise<Costs>> {
  const product = await start()
  const [tenant] = await testbed.addTenants(1)
  if (!tenant) throw new Error('There is no tenant.')
  await deliver(testbed, product, tenant, MAILS)
  return () => measureCosts(testbed, product, MAILS, () => deliver(testbed, product, tenant, MAILS))
}
