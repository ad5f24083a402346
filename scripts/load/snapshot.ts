import { measureCosts, printCosts, type Costs } from './costs.ts'
import { deliverAll } from './submit.ts'
import { NO_LIMITS, type Process, type Tenant, type Testbed } from './testbed.ts'

const MAILBOXES = 64
const SUBMITS_AT_ONCE = 64
const MAILS = 3_000
const UNDER_SNAPSHOT = 40_000

/**
 * Measures what a transaction costs that holds an old snapshot, such as a backup: until it ends, PostgreSQL keeps every
 * row version that was replaced or deleted meanwhile, and statements that read that part of a table walk over them.
 */
export async function benchSnapshot(testbed: Testbed): Promise<void> {
  const tenants = await testbed.addTenants(MAILBOXES)
  const product = await testbed.start('all', NO_LIMITS)
  await deliver(testbed, product, tenants, MAILS) // warm
  const before = await costs(testbed, product, tenants)
  const holder = await testbed.pool.connect()
  try {
    await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await holder.query('SELECT FROM tenants LIMIT 1')
    await deliver(testbed, product, tenants, UNDER_SNAPSHOT)
    const after = await costs(testbed, product, tenants)
    printCosts('before', MAILS, before)
    printCosts(`after ${UNDER_SNAPSHOT} under a snapshot held open`, MAILS, after)
    console.log(`rate after ${UNDER_SNAPSHOT} over before: ratio ${(before.seconds / after.seconds).toFixed(2)}`)
  } finally {
    holder.release(true)
  }
  await product.stop()
}

function costs(testbed: Testbed, product: Process, tenants: readonly Tenant[]): Promise<Costs> {
  return measureCosts(testbed, product, MAILS, () => deliver(testbed, product, tenants, MAILS))
}

function deliver(testbed: Testbed, product: Process, tenants: readonly Tenant[], mails: number): Promise<number> {
  return deliverAll(testbed, product, { tenants, mails, atOnce: SUBMITS_AT_ONCE })
}
