import type { WaitingBecause } from '@inforiver-mail/contract/message'
import type { MailboxLimits } from '../mailbox/limits.ts'
import { DAY_WINDOW, RATE_WINDOW } from '../usage-windows.ts'
import { afterLeaving, nextToLeave, type Mailbox, type Rank } from './next.ts'
import { createWindow, type Lane } from './window.ts'

// When the messages that are due leave, if no others come and each request is answered at once: what `nextToLeave` lets
// out, by a clock that jumps from one wait to the next.

export interface Departure {
  readonly at: number
  /** What made it, or one before it, wait last; null where it leaves at once. */
  readonly because: WaitingBecause | null
  /** How many leave up to and including this one, and how many of them are large. */
  readonly place: number
  readonly large: number
}

export interface Plan {
  readonly departures: ReadonlyMap<string, Departure>
  /** The last of each priority: a message further behind leaves no earlier. */
  readonly lastOf: ReadonlyMap<Rank, Departure>
}

/**
 * @param mailbox requests under way are left out of account
 * @param lanes those in which something is due, in the order of their services
 */
export function planDepartures(mailbox: Mailbox, lanes: readonly Lane[], limits: MailboxLimits, now: number): Plan {
  const departures = new Map<string, Departure>()
  const lastOf = new Map<Rank, Departure>()
  const window = createWindow(lanes)
  const { heads } = window
  let due = lanes.reduce((sum, { messages }) => sum + messages.length, 0)
  let state: Mailbox = { ...mailbox, requests: 0, uploads: 0 }
  let because: WaitingBecause | null = null
  let [at, large] = [now, 0]
  while (heads.length > 0) {
    const next = nextToLeave(state, heads, due, limits, at)
    if (next.message === null) {
      // What waits for the end of a pause waits for it alone, whatever delays it then.
      if (because !== 'mailbox-paused') because = next.because
      at = next.until ?? at
      continue
    }
    state = afterLeaving(state, next, heads, limits, at)
    large += next.message.isLarge ? 1 : 0
    const departure = { at, because, place: departures.size + 1, large }
    departures.set(next.message.id, departure)
    lastOf.set(next.rank, departure)
    due -= 1
    window.take(next)
  }
  return { departures, lastOf }
}

/**
 * When the last message leaves. `rest` is what waits beside what the plan has, because it is due later or there is too much
 * of it: it is estimated at the rates of the limits.
 *
 * @param from when anything can leave
 */
export function lastDeparture(
  { lastOf }: Plan,
  rest: { readonly messages: number; readonly recipients: number },
  { messagesPerMinute, recipientsPerDay }: MailboxLimits,
  from: number,
): number {
  const last = Math.max(from, ...[...lastOf.values()].map(({ at }) => at))
  const byMinute = messagesPerMinute === 0 ? 0 : Math.floor(rest.messages / messagesPerMinute) * RATE_WINDOW.ms
  const byDay = recipientsPerDay === 0 ? 0 : Math.floor(rest.recipients / recipientsPerDay) * DAY_WINDOW.ms
  return last + Math.max(byMinute, byDay)
}
