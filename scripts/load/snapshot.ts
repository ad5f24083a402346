import { measureDelivery, printCosts } from './costs.ts'
import { deliverAll } from './submit.ts'
import { startWithoutLimits, type Testbed } from './testbed.ts'

const MAILS = 3_000
const UNDER_SNAPSHOT = 40_000

/**
 * Measures what a transaction costs that holds an old snapshot, such as a backup: until it ends, PostgreSQL keeps every
 * row version that was replaced or deleted meanwhile, and statements that read that part of a table walk over them.
 */
export async function benchSnapshot(testbed: Testbed): Promise<void> {
  const { tenants, product } = await startWithoutLimits(testbed)
  const load = { tenants, mails: MAILS }
  await deliverAll(testbed, product, load) // warm
  const before = await measureDelivery(testbed, product, load)
  const holder = await testbed.pool.connect()
  try {
    await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await holder.query('SELECT FROM tenants LIMIT 1')
    await deliverAll(testbed, product, { tenants, mails: UNDER_SNAPSHOT })
    const after = await measureDelivery(testbed, product, load)
    printCosts('before', MAILS, before)
    printCosts(`after ${UNDER_SNAPSHOT} under a snapshot held open`, MAILS, after)
    console.log(`rate after ${UNDER_SNAPSHOT} over before: ratio ${(before.seconds / after.seconds).toFixed(2)}`)
  } finally {
    holder.release(true)
  }
  await product.stop()
}
