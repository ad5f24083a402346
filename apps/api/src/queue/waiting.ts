import type { WaitingBecause } from '@inforiver-mail/contract/message'
import type { MailboxLimits } from './limits.ts'
import { DAY_WINDOW, type Counted } from './usage-windows.ts'

// A queued message that is due leaves with the next claim, unless a pause or a limit of its mailbox delays it. These
// functions apply the rules of the claim, to explain why a message waits and when it can leave at the earliest.

/** The state of one mailbox that the claim decides by. */
export interface MailboxQueue {
  readonly now: Date
  /** Null when it is not paused. */
  readonly pausedUntil: Date | null
  /** Messages that are being sent. */
  readonly sending: number
  /** The large ones among them. */
  readonly sendingLarge: number
  readonly recipientsSending: number
  /** Deletions under way, which count as requests too. */
  readonly cleanups: number
  readonly uploadedBytes: number
  /** What the limit of a day counts besides the messages being sent, oldest first. */
  readonly recipientsSent: readonly Counted[]
  /** When the due messages leave by the limit of a minute, in ms since 1970 and in their order; empty without a limit. */
  readonly departures: readonly number[]
}

export interface QueuedMessage {
  readonly nextAttemptAt: Date
  readonly recipients: number
  readonly isLarge: boolean
  /** The bytes of its next request that the upload limit counts. */
  readonly nextUploadBytes: number
  /** Null while the message is not due. */
  readonly position: QueuePosition | null
}

/** Totals over the due messages of a mailbox up to and including this one, in the order in which they leave. */
export interface QueuePosition {
  readonly messages: number
  readonly large: number
  readonly recipients: number
}

export interface Waiting {
  /** Null when nothing delays the message. */
  readonly because: WaitingBecause | null
  /** Never in the past. Null when the time cannot be known. */
  readonly until: Date | null
}

/** Explains why a queued message waits, and when it can leave at the earliest. */
export function explainWaiting(message: QueuedMessage, queue: MailboxQueue, limits: MailboxLimits): Waiting {
  const { now } = queue
  const from = later(now, queue.pausedUntil)
  if (message.nextAttemptAt > now) {
    if (message.nextAttemptAt < from) return { because: 'mailbox-paused', until: from }
    return { because: reasonOfDelay(message, queue, limits), until: message.nextAttemptAt }
  }
  const position = message.position ?? { messages: 1, large: message.isLarge ? 1 : 0, recipients: message.recipients }
  const byRate = rateAllowsAt(position, queue, from)
  const byDay = dayAllowsAt(message, position, queue, limits, from)
  const until = later(byRate, byDay)
  if (from > now) return { because: 'mailbox-paused', until }
  if (byDay > now && byDay >= byRate) return { because: 'recipients-per-day', until }
  if (byRate > now) return { because: 'messages-per-minute', until }
  return isRoomFor(message, position, queue, limits)
    ? { because: null, until: now }
    : { because: 'requests-at-once', until: null }
}

/** Whether the limit of recipients a day may delay one of these messages. */
export function dayMatters(
  positions: readonly QueuePosition[],
  queue: Pick<MailboxQueue, 'recipientsSending'>,
  recipientsLastDay: number,
  { recipientsPerDay }: MailboxLimits,
): boolean {
  const used = queue.recipientsSending + recipientsLastDay
  return recipientsPerDay > 0 && positions.some(({ recipients }) => used + recipients > recipientsPerDay)
}

/** A message that is not due yet waits for a retry, or for room in the upload limit. */
function reasonOfDelay(
  { nextUploadBytes }: QueuedMessage,
  { uploadedBytes }: MailboxQueue,
  { uploadBytesPer5Minutes: limit }: MailboxLimits,
): WaitingBecause {
  const isUsedUp = limit > 0 && nextUploadBytes > 0 && uploadedBytes > 0 && uploadedBytes + nextUploadBytes > limit
  return isUsedUp ? 'uploads-per-5-minutes' : 'retry'
}

function rateAllowsAt({ messages }: QueuePosition, { departures }: MailboxQueue, from: Date): Date {
  const departure = departures[messages - 1] ?? departures.at(-1)
  return departure === undefined ? from : later(from, new Date(departure))
}

function dayAllowsAt(
  { recipients }: QueuedMessage,
  position: QueuePosition,
  { now, recipientsSending, recipientsSent }: MailboxQueue,
  { recipientsPerDay }: MailboxLimits,
  from: Date,
): Date {
  if (recipientsPerDay === 0) return from
  const counted = [...recipientsSent, { count: recipientsSending, freedAt: after(now, DAY_WINDOW.ms) }]
  // A message with more recipients than a day allows has a day to itself.
  const wanted = position.recipients - recipients + Math.min(recipients, recipientsPerDay)
  return allowedAt(wanted, { limit: recipientsPerDay, windowMs: DAY_WINDOW.ms, counted, from })
}

/**
 * When `wanted` more fit the limit, if each leaves as soon as something counted leaves the window, and is counted itself
 * from then on.
 */
function allowedAt(
  wanted: number,
  limited: {
    readonly limit: number
    readonly windowMs: number
    readonly counted: readonly Counted[]
    readonly from: Date
  },
): Date {
  const { limit, windowMs, from } = limited
  const counted = limited.counted.filter(({ count, freedAt }) => count > 0 && freedAt > from)
  const used = counted.reduce((sum, { count }) => sum + count, 0)
  const free = Math.max(0, limit - used)
  const excess = wanted - (limit - used)
  if (excess <= 0) return from
  // What leaves now is freed one window later; from then on the pattern repeats.
  const freed = [...counted, { count: free, freedAt: after(from, windowMs) }].filter(({ count }) => count > 0)
  const perWindow = used + free
  const windows = Math.floor((excess - 1) / perWindow)
  let rest = excess - windows * perWindow
  const last = freed.find(({ count }) => (rest -= count) <= 0)
  return after(last?.freedAt ?? from, windows * windowMs)
}

function isRoomFor(
  message: QueuedMessage,
  position: QueuePosition,
  queue: MailboxQueue,
  { concurrency }: MailboxLimits,
): boolean {
  if (concurrency === 0) return true
  if (position.messages > concurrency - queue.sending - queue.cleanups) return false
  return !message.isLarge || concurrency < 2 || position.large <= concurrency - 1 - queue.sendingLarge
}

function later(one: Date, other: Date | null): Date {
  return other !== null && other > one ? other : one
}

function after(date: Date, ms: number): Date {
  return new Date(date.getTime() + ms)
}
