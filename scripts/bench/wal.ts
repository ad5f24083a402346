import { BLOCK_MESSAGES } from '../../apps/api/src/queue/search-postings.ts'
import { measureCosts, measureDelivery } from './costs.ts'
import { GRAPH_MS, grouped, type Setting } from './setting.ts'
import { deliverAll, untilIndexed } from '../testbed/submit.ts'
import type { Scoreboard } from './targets.ts'
import { MAX_MAILBOXES, startWithoutLimits, type Testbed } from '../testbed/testbed.ts'

/** What a mail wrote to the log before its row, its content and its place in the queue were apart. */
const WAL_OF_ONE_ROW = 7_400
/** With this few mailboxes each completes a block of the search index; with all 64 it would take 250,000 mails. */
const FEW_MAILBOXES = 8
/** Mails for each mailbox. Those that warm it and those measured without the index make no block yet. */
const WARM = 192
const WITHOUT_INDEX = 128
const WITHOUT_INDEX_OF_FEW = 1_600

export const WAL_SETTING: Setting = {
  mailboxes: [MAX_MAILBOXES, FEW_MAILBOXES],
  graphMs: [GRAPH_MS],
  mails: `${grouped(MAX_MAILBOXES * WITHOUT_INDEX)} and ${grouped(FEW_MAILBOXES * WITHOUT_INDEX_OF_FEW)} mails`,
  rounds: 1,
}

/**
 * Measures what a mail writes to the log of PostgreSQL, with its place in the search index and without it. What is added
 * for a batch counts once for each of its mailboxes, so that with many of them a mail writes more.
 */
export async function benchWal(testbed: Testbed, score: Scoreboard): Promise<void> {
  const { tenants, product } = await startWithoutLimits(testbed)
  await deliverAll(testbed, product, { tenants, mails: MAX_MAILBOXES * WARM })
  const ofAll = await measureDelivery(testbed, product, { tenants, mails: MAX_MAILBOXES * WITHOUT_INDEX })

  const few = tenants.slice(0, FEW_MAILBOXES)
  const deliver = (each: number) => deliverAll(testbed, product, { tenants: few, mails: FEW_MAILBOXES * each })
  const ofFew = await measureDelivery(testbed, product, {
    tenants: few,
    mails: FEW_MAILBOXES * WITHOUT_INDEX_OF_FEW,
  })
  await deliver(BLOCK_MESSAGES - WARM - WITHOUT_INDEX - WITHOUT_INDEX_OF_FEW)
  await untilIndexed(testbed)
  const indexed = await measureCosts(testbed, product, FEW_MAILBOXES * BLOCK_MESSAGES, async () => {
    await deliver(BLOCK_MESSAGES)
    await untilIndexed(testbed)
  })

  const indexBytes = indexed.walBytes - ofFew.walBytes
  const kB = (bytes: number) => `${(bytes / 1_000).toFixed(2)} kB`
  console.log(
    `WAL for each mail without the search index: ${kB(ofAll.walBytes)} with ${MAX_MAILBOXES} mailboxes, ${kB(ofFew.walBytes)} with ${FEW_MAILBOXES}; its place in the index takes ${kB(indexBytes)} more`,
  )
  const inMailboxes = `${MAX_MAILBOXES} mailboxes`
  score.note('WAL of a mail over 7.4 kB', ofAll.walBytes / WAL_OF_ONE_ROW, inMailboxes)
  score.note(
    'WAL of a mail over 7.4 kB, with the search index',
    (ofAll.walBytes + indexBytes) / WAL_OF_ONE_ROW,
    inMailboxes,
  )
  await product.stop()
}
