import { totalsOf } from './totals.ts'
import { bucketOf, bucketOfMs, RATE_WINDOW, type Counted } from './usage-windows.ts'

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
   AND coalesce((${totalsOf(tenant, 'sending > 0')})
             OR (SELECT true FROM mailbox_usage left_since
                  WHERE left_since.tenant_id = ${tenant} AND left_since.started_at >= ${bucketOf('turns.placed_at')} AND left_since.messages > 0 LIMIT 1), false))`
}

/** What the limit of a minute knows of a mailbox. */
export interface MinuteUsed {
  /** What the limit counts, and when each stops counting; oldest first. Messages being sent count as sent now. */
  readonly counted: readonly Counted[]
  /** The earliest time at which anything may leave. */
  readonly from: Date
  /** When the next place comes; null when none is ahead. */
  readonly nextPlaceAt: Date | null
}

/** Puts together what the limit of a minute knows of a mailbox. `counted` leaves out the messages being sent. */
export function minuteUsed(mailbox: {
  readonly now: Date
  readonly pausedUntil: Date | null
  readonly nextPlaceAt: Date | null
  readonly sending: number
  readonly counted: readonly Counted[]
}): MinuteUsed {
  const { now, pausedUntil, nextPlaceAt, sending, counted } = mailbox
  return {
    from: pausedUntil ?? now,
    nextPlaceAt,
    counted: [...counted, { count: sending, freedAt: new Date(bucketOfMs(now.getTime()) + RATE_WINDOW.ms) }],
  }
}

/** Further messages are estimated at the rate of the limit. */
const PLANNED_AT_MOST = 10_000

/**
 * Plans when each of `waiting` due messages leaves by the limit of a minute, in ms since 1970, as claims decide it.
 *
 * @param messagesPerMinute at least 1
 * @returns the times in the order of leaving, of 10,000 messages at most
 */
export function planDepartures(waiting: number, messagesPerMinute: number, used: MinuteUsed): number[] {
  const { messagesPerPlace, msPerMessage } = paceOf(messagesPerMinute)
  const departures: number[] = []
  const counted = used.counted.map(({ count, freedAt }) => ({ count, freedMs: freedAt.getTime() }))
  let isUsed = counted.reduce((sum, { count }) => sum + count, 0)
  let oldest = 0
  let atMs = used.from.getTime()
  let placeMs = used.nextPlaceAt?.getTime() ?? atMs
  const leave = (count: number) => {
    for (let each = 0; each < count; each++) departures.push(atMs)
    counted.push({ count, freedMs: bucketOfMs(atMs) + RATE_WINDOW.ms })
    isUsed += count
  }
  while (departures.length < Math.min(waiting, PLANNED_AT_MOST)) {
    atMs = Math.max(atMs, placeMs)
    for (let next = counted[oldest]; next && next.freedMs <= atMs; next = counted[++oldest]) isUsed -= next.count
    const left = messagesPerMinute - isUsed
    const rest = waiting - departures.length
    if (left <= 0) {
      atMs = counted[oldest]?.freedMs ?? atMs
    } else if (rest <= left) {
      leave(Math.min(rest, PLANNED_AT_MOST))
    } else {
      const taken = Math.min(messagesPerPlace, left)
      leave(taken)
      placeMs = Math.round(atMs + taken * msPerMessage)
    }
  }
  return departures
}

/** Estimates when the last of `waiting` messages leaves by the limit of a minute, in ms since 1970. */
export function lastDeparture(waiting: number, messagesPerMinute: number, used: MinuteUsed): number {
  const departures = planDepartures(waiting, messagesPerMinute, used)
  const further = Math.max(0, waiting - departures.length)
  return (departures.at(-1) ?? used.from.getTime()) + (further * RATE_WINDOW.ms) / messagesPerMinute
}
