import type { WaitingBecause } from '@inforiver-mail/contract/message'
import type { MailboxLimits } from './limits.ts'

// A queued message that is due leaves with the next claim, unless a pause or a limit of its mailbox keeps it. What the
// claim looks at is looked at here as well, so that a message says why it waits, and when it leaves at the earliest.
// Limits look back over a span: what they count is free again when it is as old as the span.

const MINUTE_SPAN_MS = 70_000
const DAY_SPAN_MS = 24 * 60 * 60_000

/** What the claim looks at, of one mailbox. */
export interface MailboxQueue {
  readonly now: Date
  /** Null when it is not paused. */
  readonly pausedUntil: Date | null
  /** Messages under way. */
  readonly sending: number
  /** Those of them that are large. */
  readonly sendingLarge: number
  readonly recipientsSending: number
  /** Other requests to the mailbox under way. */
  readonly cleanups: number
  readonly uploadedBytes: number
  /** What the limits count besides, oldest first. */
  readonly messagesSent: readonly Counted[]
  readonly recipientsSent: readonly Counted[]
}

export interface Counted {
  readonly count: number
  /** When it is no longer counted. */
  readonly freedAt: Date
}

export interface QueuedMessage {
  readonly nextAttemptAt: Date
  readonly recipients: number
  readonly isLarge: boolean
  /** What its next request takes of the limit of uploads. */
  readonly nextUploadBytes: number
  /** Null while it is not due. */
  readonly place: Place | null
}

/** Among the messages of the mailbox that are due, in the order in which they leave; this one included. */
export interface Place {
  readonly messages: number
  readonly large: number
  readonly recipients: number
}

export interface Waiting {
  /** Null when nothing is in its way. */
  readonly because: WaitingBecause | null
  /** Never in the past. Null when it cannot be told. */
  readonly until: Date | null
}

export function explainWaiting(message: QueuedMessage, queue: MailboxQueue, limits: MailboxLimits): Waiting {
  const { now } = queue
  const from = later(now, queue.pausedUntil)
  if (message.nextAttemptAt > now) {
    if (message.nextAttemptAt < from) return { because: 'mailbox-paused', until: from }
    return { because: reasonOfDelay(message, queue, limits), until: message.nextAttemptAt }
  }
  const place = message.place ?? { messages: 1, large: message.isLarge ? 1 : 0, recipients: message.recipients }
  const byRate = rateAllowsAt(place, queue, limits, from)
  const byDay = dayAllowsAt(message, place, queue, limits, from)
  const until = later(byRate, byDay)
  if (from > now) return { because: 'mailbox-paused', until }
  if (byDay > now && byDay >= byRate) return { because: 'recipients-per-day', until }
  if (byRate > now) return { because: 'messages-per-minute', until }
  return isRoomFor(message, place, queue, limits)
    ? { because: null, until: now }
    : { because: 'requests-at-once', until: null }
}

/** Whether the limits that look over its whole day decide about one of these messages. */
export function dayMatters(
  places: readonly Place[],
  queue: Pick<MailboxQueue, 'recipientsSending'>,
  recipientsLastDay: number,
  { recipientsPerDay }: MailboxLimits,
): boolean {
  const used = queue.recipientsSending + recipientsLastDay
  return recipientsPerDay > 0 && places.some(({ recipients }) => used + recipients > recipientsPerDay)
}

/** A message that waits for the limit of uploads is due again when that has room; any other when it is tried again. */
function reasonOfDelay(
  { nextUploadBytes }: QueuedMessage,
  { uploadedBytes }: MailboxQueue,
  { uploadBytesPer5Minutes: limit }: MailboxLimits,
): WaitingBecause {
  const isUsedUp = limit > 0 && nextUploadBytes > 0 && uploadedBytes > 0 && uploadedBytes + nextUploadBytes > limit
  return isUsedUp ? 'uploads-per-5-minutes' : 'retry'
}

function rateAllowsAt(
  place: Place,
  { now, sending, messagesSent }: MailboxQueue,
  { messagesPerMinute }: MailboxLimits,
  from: Date,
): Date {
  if (messagesPerMinute === 0) return from
  const counted = [...messagesSent, { count: sending, freedAt: after(now, MINUTE_SPAN_MS) }]
  return allowedAt(place.messages, { limit: messagesPerMinute, spanMs: MINUTE_SPAN_MS, counted, from })
}

function dayAllowsAt(
  { recipients }: QueuedMessage,
  place: Place,
  { now, recipientsSending, recipientsSent }: MailboxQueue,
  { recipientsPerDay }: MailboxLimits,
  from: Date,
): Date {
  if (recipientsPerDay === 0) return from
  const counted = [...recipientsSent, { count: recipientsSending, freedAt: after(now, DAY_SPAN_MS) }]
  // One with more recipients than a day allows leaves on a day of its own.
  const wanted = place.recipients - recipients + Math.min(recipients, recipientsPerDay)
  return allowedAt(wanted, { limit: recipientsPerDay, spanMs: DAY_SPAN_MS, counted, from })
}

/** When so many more fit the limit, each taking the place of what is no longer counted, and being counted itself then. */
function allowedAt(
  wanted: number,
  limited: {
    readonly limit: number
    readonly spanMs: number
    readonly counted: readonly Counted[]
    readonly from: Date
  },
): Date {
  const { limit, spanMs, from } = limited
  const counted = limited.counted.filter(({ count, freedAt }) => count > 0 && freedAt > from)
  const used = counted.reduce((sum, { count }) => sum + count, 0)
  const free = Math.max(0, limit - used)
  const excess = wanted - (limit - used)
  if (excess <= 0) return from
  // What leaves now is free again a span later; after that everything repeats.
  const freed = [...counted, { count: free, freedAt: after(from, spanMs) }].filter(({ count }) => count > 0)
  const inAll = used + free
  const spans = Math.floor((excess - 1) / inAll)
  let rest = excess - spans * inAll
  const last = freed.find(({ count }) => (rest -= count) <= 0)
  return after(last?.freedAt ?? from, spans * spanMs)
}

function isRoomFor(message: QueuedMessage, place: Place, queue: MailboxQueue, { concurrency }: MailboxLimits): boolean {
  if (concurrency === 0) return true
  if (place.messages > concurrency - queue.sending - queue.cleanups) return false
  return !message.isLarge || concurrency < 2 || place.large <= concurrency - 1 - queue.sendingLarge
}

function later(one: Date, other: Date | null): Date {
  return other !== null && other > one ? other : one
}

function after(date: Date, ms: number): Date {
  return new Date(date.getTime() + ms)
}
