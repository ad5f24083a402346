import { measureDelivery, medianCosts, printCosts, type Costs } from '../bench/costs.ts'
import { GRAPH_MS, type Setting } from '../bench/setting.ts'
import { deliverAll, WARM_MAILS } from '../testbed/submit.ts'
import type { Scoreboard } from '../bench/targets.ts'
import { MAX_MAILBOXES, startWithoutLimits, type Testbed } from '../testbed/testbed.ts'

const MAILS = 3_000
const ROUNDS = 3
const UNDER_SNAPSHOT = 40_000

export const SNAPSHOT_SETTING: Setting = {
  mailboxes: [MAX_MAILBOXES],
  graphMs: [GRAPH_MS],
  mails: MAILS,
  rounds: ROUNDS,
}

/**
 * Measures what a transaction costs that holds an old snapshot, such as a backup: until it ends, PostgreSQL keeps every
 * row version that was replaced or deleted meanwhile, and statements that read that part of a table walk over them.
 * Measured before, meanwhile and afterwards, since a process that has run for longer is faster.
 */
export async function benchSnapshot(testbed: Testbed, score: Scoreboard): Promise<void> {
  const { tenants, product } = await startWithoutLimits(testbed)
  const measure = async () => {
    const measured: Costs[] = []
    for (let round = 0; round < ROUNDS; round++)
      measured.push(await measureDelivery(testbed, product, { tenants, mails: MAILS }))
    return medianCosts(measured)
  }
  await deliverAll(testbed, product, { tenants, mails: WARM_MAILS })
  const before = await measure()
  const holder = await testbed.pool.connect()
  let meanwhile: Costs
  try {
    await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await holder.query('SELECT FROM tenants LIMIT 1')
    await deliverAll(testbed, product, { tenants, mails: UNDER_SNAPSHOT })
    meanwhile = await measure()
    await holder.query('ROLLBACK')
  } finally {
    holder.release(true)
  }
  await testbed.pool.query('VACUUM')
  const afterwards = await measure()
  printCosts('before', MAILS, before)
  printCosts(`after ${UNDER_SNAPSHOT} under a snapshot held open`, MAILS, meanwhile)
  printCosts('after its end and a VACUUM', MAILS, afterwards)
  const without = (before.seconds + afterwards.seconds) / 2
  score.note('rate under a snapshot held open, after 40,000 mails, over without', without / meanwhile.seconds)
  await product.stop()
}
