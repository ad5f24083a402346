import type { WaitingBecause } from '@inforiver-mail/contract/message'
import type { MailboxLimits } from '../mailbox/limits.ts'
import { bucketOfMs, DAY_WINDOW, RATE_WINDOW } from '../usage-windows.ts'

// Which message of a mailbox leaves next, and when. Pure: time is an argument, in ms on any one scale.
//
// Order. What is due of one service in one priority is a lane. High leaves before normal before low, but of any ten
// messages one is of each lower priority that waits. Within a priority the services take turns, by name.
//
// Pace. While more is due than the limit of a minute still lets out, messages leave in places that are evenly apart; what
// fits leaves at once. Nothing is made up for after a pause.
//
// Limits. A message whose recipients do not fit what is left of the day holds up those behind it, or it would be passed by
// for ever; one with more recipients than a day allows gets a day to itself. Large messages leave one of the concurrent
// requests to the others. A limit of 0 means no limit.

/** The value of `message_queue.priority`: 0 high, 1 normal, 2 low. */
export type Rank = 0 | 1 | 2

export interface Candidate {
  readonly recipients: number
  /** Its files are uploaded, which takes long. */
  readonly isLarge: boolean
}

/** The front of a lane. */
export interface LaneHead<Message extends Candidate> {
  readonly rank: Rank
  readonly service: string
  readonly first: Message
  /** The first that is not large; null where all that is known of the lane is large. */
  readonly firstSmall: Message | null
}

/** Something that a limit counts until it is freed. */
export interface Used {
  readonly count: number
  readonly freedAt: number
}

/** What has to be known between two messages to keep the order. */
export interface Turns {
  /** How many have left while a normal, or low, one waited, since the last of that priority left. */
  readonly normalPassed: number
  readonly lowPassed: number
  /** The service that had the last turn, by rank. */
  readonly lastService: readonly [high: string, normal: string, low: string]
}

export const NO_TURNS: Turns = { normalPassed: 0, lowPassed: 0, lastService: ['', '', ''] }

/** What decides when a mailbox may send. */
export interface Mailbox {
  readonly pausedUntil: number | null
  /** Requests of any kind under way, and those among them that upload. */
  readonly requests: number
  readonly uploads: number
  /** Messages that the limit of a minute counts, and recipients that the limit of a day counts; oldest first. */
  readonly messages: readonly Used[]
  readonly recipients: readonly Used[]
  /** When the next place comes; null where the last message left at once. */
  readonly nextPlaceAt: number | null
  readonly turns: Turns
}

export interface Leaving<Message extends Candidate> {
  readonly message: Message
  readonly rank: Rank
  readonly service: string
  readonly isPaced: boolean
}

export type Next<Message extends Candidate> =
  | Leaving<Message>
  /** `until` is null where that depends on the answer to a request. */
  | { readonly message: null; readonly because: WaitingBecause | null; readonly until: number | null }

/** Of nine messages that pass a lower priority which waits, one is its own. */
const PASSED_AT_MOST = 8
/** What a priority is owed does not grow beyond this. */
const OWED_AT_MOST = PASSED_AT_MOST + 1
/** A place that was missed for longer is not made up for. */
const LATE_AT_MOST_MS = 250

/**
 * @param heads the lanes in which something is due, in the order of their services
 * @param due how many messages are due in all; it need not be exact above the limit of a minute
 */
export function nextToLeave<Message extends Candidate>(
  mailbox: Mailbox,
  heads: readonly LaneHead<Message>[],
  due: number,
  limits: MailboxLimits,
  now: number,
): Next<Message> {
  if (mailbox.pausedUntil !== null && mailbox.pausedUntil > now) return wait('mailbox-paused', mailbox.pausedUntil)
  if (heads.length === 0) return wait(null, null)
  const { concurrency, messagesPerMinute } = limits
  if (concurrency > 0 && mailbox.requests >= concurrency) return wait('requests-at-once', null)
  const mayUpload = concurrency < 2 || mailbox.uploads < concurrency - 1
  const chosen = choose(mailbox.turns, mayUpload ? heads : heads.filter(({ firstSmall }) => firstSmall !== null))
  if (chosen === null) return wait('requests-at-once', null)
  const message = mayUpload ? chosen.first : (chosen.firstSmall ?? chosen.first)
  const byMinute = Math.max(minuteAllowsAt(mailbox, messagesPerMinute, now), mailbox.nextPlaceAt ?? now)
  const byDay = dayAllowsAt(mailbox, message.recipients, limits, now)
  if (byDay > now && byDay >= byMinute) return wait('recipients-per-day', byDay)
  if (byMinute > now) return wait('messages-per-minute', byMinute)
  const isPaced = messagesPerMinute > 0 && due > messagesPerMinute - usedAt(mailbox.messages, now)
  return { message, rank: chosen.rank, service: chosen.service, isPaced }
}

/** The mailbox once the message that `nextToLeave` chose among `heads` has left; its request is not under way yet. */
export function afterLeaving<Message extends Candidate>(
  mailbox: Mailbox,
  { message, rank, service, isPaced }: Leaving<Message>,
  heads: readonly LaneHead<Message>[],
  { messagesPerMinute, recipientsPerDay }: MailboxLimits,
  now: number,
): Mailbox {
  const { turns } = mailbox
  const waits = (lower: Rank) => heads.some((head) => head.rank === lower)
  const passed = (before: number, lower: Rank) => (waits(lower) ? passedAfter(before, rank === lower) : 0)
  const [high, normal, low] = turns.lastService
  return {
    ...mailbox,
    messages: messagesPerMinute > 0 ? counted(mailbox.messages, 1, bucketOfMs(now) + RATE_WINDOW.ms, now) : [],
    recipients:
      recipientsPerDay > 0 ? counted(mailbox.recipients, message.recipients, minuteOf(now) + DAY_WINDOW.ms, now) : [],
    nextPlaceAt: isPaced ? placeAfter(mailbox.nextPlaceAt, 60_000 / messagesPerMinute, now) : null,
    turns: {
      normalPassed: passed(turns.normalPassed, 1),
      lowPassed: passed(turns.lowPassed, 2),
      lastService: [rank === 0 ? service : high, rank === 1 ? service : normal, rank === 2 ? service : low],
    },
  }
}

/** A timer that fires late delays one message, not all that follow. */
function placeAfter(place: number | null, apartMs: number, now: number): number {
  return (place !== null && now - place < LATE_AT_MOST_MS ? place : now) + apartMs
}

/** Returns null where there are no lanes. */
function choose<Message extends Candidate>(
  { normalPassed, lowPassed, lastService }: Turns,
  heads: readonly LaneHead<Message>[],
): LaneHead<Message> | null {
  const [high, normal, low] = ([0, 1, 2] as const).map((rank) => {
    const waiting = heads.filter((head) => head.rank === rank)
    return waiting.find(({ service }) => service > lastService[rank]) ?? waiting[0]
  })
  // A high one that has just come does not wait for both shares: after a normal one it leaves before the low one.
  const isLowOwed = lowPassed >= PASSED_AT_MOST + (high && normalPassed === 0 ? 1 : 0)
  if (low && isLowOwed) return low
  if (normal && normalPassed >= PASSED_AT_MOST) return normal
  return high ?? normal ?? low ?? null
}

function passedAfter(passed: number, isItsTurn: boolean): number {
  const next = passed + 1 - (isItsTurn ? PASSED_AT_MOST + 1 : 0)
  return Math.min(OWED_AT_MOST, Math.max(0, next))
}

function minuteAllowsAt({ messages }: Mailbox, limit: number, now: number): number {
  return limit === 0 ? now : freedAt(messages, limit - 1, now)
}

function dayAllowsAt({ recipients }: Mailbox, wanted: number, { recipientsPerDay: limit }: MailboxLimits, now: number) {
  return limit === 0 ? now : freedAt(recipients, Math.max(0, limit - wanted), now)
}

/** When at most `atMost` of what was used still counts. */
function freedAt(used: readonly Used[], atMost: number, now: number): number {
  let counts = usedAt(used, now)
  for (const { count, freedAt: at } of used) {
    if (counts <= atMost) break
    if (at <= now) continue
    counts -= count
    if (counts <= atMost) return at
  }
  return now
}

function usedAt(used: readonly Used[], now: number): number {
  return used.reduce((sum, { count, freedAt: at }) => (at > now ? sum + count : sum), 0)
}

/** Adds up what is freed together, so that the list stays short however much is sent. */
function counted(used: readonly Used[], count: number, freed: number, now: number): readonly Used[] {
  const isAnyFree = used[0] !== undefined && used[0].freedAt <= now
  const counting = isAnyFree ? used.filter(({ freedAt: at }) => at > now) : used
  const last = counting.at(-1)
  return last && last.freedAt >= freed
    ? counting.with(counting.length - 1, { count: last.count + count, freedAt: last.freedAt })
    : [...counting, { count, freedAt: freed }]
}

function minuteOf(ms: number): number {
  return ms - (ms % 60_000)
}

function wait(because: WaitingBecause | null, until: number | null) {
  return { message: null, because, until } as const
}
