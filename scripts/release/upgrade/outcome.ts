import { setTimeout as delay } from 'node:timers/promises'
import { readArrivals } from '../../chaos/storm.ts'
import type { Testbed } from '../../testbed/testbed.ts'

const LOOK_EVERY_MS = 1_000
const DELIVERED_WITHIN_MS = 10 * 60_000

/**
 * A look at a mailbox for a message in doubt is due after up to four minutes, eleven in all. It is made sooner here: the
 * simulator shows a copy within this time. Workers of this release, and of the next, read these tables.
 */
const LOOK_NOW = `
UPDATE message_queue SET due_at = mail_now()
 WHERE state = 'queued' AND doubt = 'in-doubt' AND lease_owner IS NULL AND due_at > mail_now() + interval '2 seconds'`

/** Waits until every message has ended, and resolves to those that have not after ten minutes. */
export async function untilDelivered(testbed: Testbed): Promise<number> {
  const giveUpAt = Date.now() + DELIVERED_WITHIN_MS
  for (;;) {
    const { rows } = await testbed.pool.query<{ count: number }>('SELECT count(*)::int AS count FROM message_queue')
    const left = rows[0]?.count ?? 0
    if (left === 0 || Date.now() > giveUpAt) return left
    await delay(LOOK_EVERY_MS)
    await testbed.pool.query(LOOK_NOW)
  }
}

export interface Outcome {
  readonly lost: readonly string[]
  /** Arrived more than once. */
  readonly doubled: readonly string[]
  readonly arrived: number
}

/** Compares the accepted messages with those that the simulator took. */
export async function compareArrivals(testbed: Testbed, accepted: readonly string[]): Promise<Outcome> {
  const arrivals = await readArrivals(testbed)
  return {
    lost: accepted.filter((id) => !arrivals.has(id)),
    doubled: [...arrivals].flatMap(([id, count]) => (count > 1 ? [id] : [])),
    arrived: arrivals.size,
  }
}
