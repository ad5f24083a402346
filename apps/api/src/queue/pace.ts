import { countersOf } from './counters.ts'
import { bucketOf } from './usage-windows.ts'

// While more waits than the limit of a minute lets out, messages leave one by one, in places that are evenly apart.

/** Places closer together would cost a claim for each message, so they take several messages each. */
const PLACES_PER_MINUTE = 240

/** How a limit of messages a minute is spent while more waits. */
export interface Pace {
  /** How many messages one place takes. */
  readonly messagesPerPlace: number
  /** How long each of them takes. */
  readonly msPerMessage: number
}

/** @param messagesPerMinute 0: no limit, and no pacing */
export function paceOf(messagesPerMinute: number): Pace {
  return {
    messagesPerPlace: Math.ceil(messagesPerMinute / PLACES_PER_MINUTE),
    msPerMessage: messagesPerMinute === 0 ? 0 : 60_000 / messagesPerMinute,
  }
}

/**
 * SQL for when the next place of a mailbox comes. Null if it has come, if nothing is paced, if the message that took the
 * last one did not leave after all, or if the clock was set back since.
 *
 * @param tenant SQL for the tenant's id
 */
export function placeAhead(tenant: string): string {
  // Scalar subqueries are evaluated for each mailbox by itself, whatever the planner thinks of these tables.
  return `(
SELECT turns.next_at FROM mailbox_turns turns
 WHERE turns.tenant_id = ${tenant} AND turns.next_at > mail_now() AND turns.placed_at <= mail_now()
   AND coalesce((${countersOf(tenant, 'sending > 0')})
             OR (SELECT true FROM mailbox_usage left_since
                  WHERE left_since.tenant_id = ${tenant} AND left_since.started_at >= ${bucketOf('turns.placed_at')} AND left_since.messages > 0 LIMIT 1), false))`
}
