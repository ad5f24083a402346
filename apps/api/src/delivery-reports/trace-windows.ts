import type { AwaitedMessage } from '../queue/reports/awaited-reports.ts'
import type { TraceProgress, TraceWindow } from './trace-store.ts'

// Which rows of the message trace are asked for. What was sent in the last hour is looked at in every poll, because rows
// appear up to an hour late; what was sent before that every five minutes, because a delivery that Microsoft tries again
// ends hours later, and a message in doubt may have been sent at any time since it was accepted. No request is made about
// a single message where a window covers several. Pure.

const MINUTE_MS = 60_000
const RECENT_MS = 60 * MINUTE_MS
/** A message in doubt is waited for an hour, so that the trace has to be asked about it more often than that. */
export const SWEEP_EVERY_MS = 5 * MINUTE_MS
/** Exchange and this product may record times of sending that are this far apart. */
const SLACK_MS = 5 * MINUTE_MS
/** Older messages that are further apart than this are asked for by windows of their own. */
const GAP_MS = 30 * MINUTE_MS
const DAY_MS = 24 * 60 * MINUTE_MS

type SweepProgress = Pick<TraceProgress, 'sweptAt' | 'sweptDownTo' | 'sweptSender'>

/** Returns the window for what was sent in the last hour from the current sender; null when nothing of it is awaited. */
export function recentWindow(awaited: readonly AwaitedMessage[], now: Date): TraceWindow | null {
  const [newest] = awaited
  const oldest = awaited.findLast((message) => isRecent(message, newest, now))
  if (!newest || !oldest) return null
  const from = new Date(oldest.sentAt.getTime() - SLACK_MS)
  return newWindow('recent', newest, { from, to: now, isAlone: false })
}

/**
 * Returns the next window of a look at older messages, from the newest back to those of a day ago; null when none is due.
 * `progress` is how the look stands afterwards.
 */
export function lateWindow(
  progress: SweepProgress,
  awaited: readonly AwaitedMessage[],
  now: Date,
): { readonly window: TraceWindow | null; readonly progress: SweepProgress } {
  const { sweptAt, sweptDownTo } = progress
  const isDue = sweptDownTo !== null || sweptAt === null || now.getTime() - sweptAt.getTime() >= SWEEP_EVERY_MS
  if (!isDue) return { window: null, progress }
  const [newest] = awaited
  const old = awaited.filter((message) => !isRecent(message, newest, now) || isLongInDoubt(message, now))
  const late = old
    .map(sinceAccepted)
    .toSorted(bySentAtAndSender)
    .filter((message) => isLeft(message, progress))
  const [first] = late
  if (!first) return { window: null, progress: { sweptAt: now, sweptDownTo: null, sweptSender: null } }
  const endOfSender = late.findIndex(({ fromEmail }) => fromEmail !== first.fromEmail)
  const ofSender = endOfSender === -1 ? late : late.slice(0, endOfSender)
  const inDoubt = ofSender.filter(({ inDoubtSince }) => inDoubtSince !== null)
  const oldestInDoubt = inDoubt.at(-1)
  if (oldestInDoubt) {
    const isAlone = inDoubt.length === 1 && oldestInDoubt === first
    // What is still in doubt was sent within the last day, however long it had waited before.
    const from = new Date(Math.max(oldestInDoubt.sentAt.getTime(), now.getTime() - DAY_MS) - SLACK_MS)
    return {
      window: newWindow('late', first, { from, to: now, isAlone }),
      progress: { sweptAt, sweptDownTo: oldestInDoubt.sentAt, sweptSender: first.fromEmail },
    }
  }
  const gap = ofSender.findIndex(({ sentAt: at }, index) => {
    const { sentAt: before } = ofSender[index - 1] ?? first
    return before.getTime() - at.getTime() > GAP_MS
  })
  const together = gap === -1 ? ofSender : ofSender.slice(0, gap)
  const last = together.at(-1) ?? first
  // One message alone is found whenever Exchange has received it, and under whatever address it knows the sender.
  const isAlone = together.length === 1
  const from = new Date(last.sentAt.getTime() - (isAlone ? DAY_MS : SLACK_MS))
  const to = new Date(Math.min(first.sentAt.getTime() + SLACK_MS, now.getTime()))
  return {
    window: newWindow('late', first, { from, to, isAlone }),
    progress: { sweptAt, sweptDownTo: last.sentAt, sweptSender: first.fromEmail },
  }
}

/** @param isAlone whether the rows of this message alone are asked for, in place of all of its sender */
function newWindow(
  kind: TraceWindow['kind'],
  { fromEmail, internetMessageId }: AwaitedMessage,
  { from, to, isAlone }: { readonly from: Date; readonly to: Date; readonly isAlone: boolean },
): TraceWindow {
  const messageId = isAlone ? internetMessageId : null
  return { kind, from, to, sender: fromEmail, messageId, next: null, pages: 0, failures: 0 }
}

/** The newest first; of what was sent at one time, sender by sender. */
function bySentAtAndSender(a: AwaitedMessage, b: AwaitedMessage): number {
  return b.sentAt.getTime() - a.sentAt.getTime() || (a.fromEmail < b.fromEmail ? -1 : Number(a.fromEmail > b.fromEmail))
}

/** Whether a message comes after those that the current look has covered. */
function isLeft({ sentAt, fromEmail }: AwaitedMessage, { sweptDownTo, sweptSender }: SweepProgress): boolean {
  if (sweptDownTo === null || sentAt < sweptDownTo) return true
  return sentAt.getTime() === sweptDownTo.getTime() && sweptSender !== null && fromEmail > sweptSender
}

/** A message in doubt is asked for since the earliest time at which it may have been sent. */
function sinceAccepted(message: AwaitedMessage): AwaitedMessage {
  return message.inDoubtSince === null ? message : { ...message, sentAt: message.inDoubtSince }
}

function isLongInDoubt({ inDoubtSince }: AwaitedMessage, now: Date): boolean {
  return inDoubtSince !== null && now.getTime() - inDoubtSince.getTime() > RECENT_MS - SLACK_MS
}

function isRecent({ sentAt, fromEmail }: AwaitedMessage, newest: AwaitedMessage | undefined, now: Date): boolean {
  return now.getTime() - sentAt.getTime() <= RECENT_MS && fromEmail === newest?.fromEmail
}
