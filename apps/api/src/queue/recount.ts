import type pg from 'pg'
import { inTransaction } from '../database/transaction.ts'
import { RECOUNT } from './counters.ts'

const DAY_MS = 24 * 60 * 60_000
/** In UTC. */
const NIGHT_BEGINS_MS = 2 * 60 * 60_000

/** By how much counters of a mailbox were wrong. */
export interface Drift {
  readonly tenantId: string
  readonly [column: string]: string | number
}

/** Returns a function that recounts once a night, whenever it is called, and returns what was wrong. */
export function createRecount(pool: pg.Pool): (now: Date) => Promise<readonly Drift[]> {
  let last: number | null = null
  return async (now) => {
    const night = Math.floor((now.getTime() - NIGHT_BEGINS_MS) / DAY_MS)
    const before = last ?? night
    last = night // one that fails waits for the next night: it reads everything that is stored
    if (night <= before) return []
    return inTransaction(pool, async (client) => {
      await client.query('SET LOCAL enable_seqscan = on') // by an index, a million rows take as many reads
      return (await client.query<Drift>(RECOUNT)).rows
    })
  }
}
