import { BLOCK_MESSAGES } from '../../apps/api/src/queue/search-postings.ts'
import { measureCosts, measureDelivery } from './costs.ts'
import { deliverAll, untilIndexed } from './submit.ts'
import { startWithoutLimits, type Testbed } from './testbed.ts'

const MAILBOXES = 8
/** What a mail wrote to the log before its row, its content and its place in the queue were apart. */
const WAL_OF_ONE_ROW = 7_400
/** Mails for each mailbox: those that warm it and those measured without the index make no block yet. */
const WARM = 256
const WITHOUT_INDEX = 1_700

/** Measures what a mail writes to the log of PostgreSQL, with its place in the search index and without it. */
export async function benchWal(testbed: Testbed): Promise<void> {
  const { tenants, product } = await startWithoutLimits(testbed, 'all', MAILBOXES)
  await deliverAll(testbed, product, { tenants, mails: MAILBOXES * WARM })
  const without = await measureDelivery(testbed, product, { tenants, mails: MAILBOXES * WITHOUT_INDEX })
  await deliverAll(testbed, product, { tenants, mails: MAILBOXES * (BLOCK_MESSAGES - WARM - WITHOUT_INDEX) })
  await untilIndexed(testbed)
  const mails = MAILBOXES * BLOCK_MESSAGES
  const indexed = await measureCosts(testbed, product, mails, async () => {
    await deliverAll(testbed, product, { tenants, mails })
    await untilIndexed(testbed)
  })
  for (const [what, { walBytes }] of Object.entries({ without, with: indexed }))
    console.log(
      `WAL for each mail ${what} the search index: ${(walBytes / 1_000).toFixed(2)} kB; over the 7.4 kB of one row for all: ratio ${(walBytes / WAL_OF_ONE_ROW).toFixed(2)}`,
    )
  await product.stop()
}
