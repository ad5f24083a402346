import type { Usage } from '@inforiver-mail/contract/usage'
import type { MailboxLimits } from '../queue/limits.ts'
import { lastDeparture, minuteUsed } from '../queue/pace.ts'
import { UPLOAD_WINDOW } from '../queue/usage-windows.ts'
import type { MailboxState } from '../queue/usage.ts'

const DAY_MS = 24 * 60 * 60_000

/** Computes what is left of each limit and of the room, and when the last waiting message leaves at this rate. */
export function toUsage(state: MailboxState, limits: MailboxLimits, storageBytes: number): Usage {
  const waitingMessages = state.queued + state.sending
  const sentLastMinute = state.sentLastMinute.reduce((sum, { count }) => sum + count, 0)
  return {
    messagesPerMinute: allowance(limits.messagesPerMinute, sentLastMinute + state.sending),
    recipientsPerDay: allowance(limits.recipientsPerDay, state.recipientsLastDay + state.recipientsSending),
    uploadBytesPer5Minutes: allowance(limits.uploadBytesPer5Minutes, state.uploadedBytes),
    concurrentRequests: allowance(limits.concurrency, state.sending),
    pausedUntil: state.pausedUntil?.toISOString() ?? null,
    pausedBecause: state.pausedBecause,
    waitingMessages,
    estimatedLastSentAt: estimateLast(state, limits)?.toISOString() ?? null,
    storage: { usedBytes: state.storedBytes, limitBytes: storageBytes },
  }
}

function allowance(limit: number, used: number): { limit: number; left: number } | null {
  return limit === 0 ? null : { limit, left: Math.max(0, limit - used) }
}

/**
 * Estimates by the limit that takes longest, but not before a pause ends and the last message is tried again. Returns null
 * when nothing waits, nothing limits it, or nothing can leave.
 */
function estimateLast(state: MailboxState, limits: MailboxLimits): Date | null {
  const { now } = state
  const { pausedUntil, sentLastMinute, nextPlaceAt, sending, uploadedBytes, bytesToUpload, lastAttemptAt } = state
  const { messagesPerMinute, uploadBytesPer5Minutes } = limits
  const leaving = state.queued + state.sending
  if (leaving === 0 || !state.canLeave) return null
  const fromMs = (pausedUntil ?? now).getTime()
  const moments = [
    ...(messagesPerMinute > 0
      ? [
          lastDeparture(
            state.queued,
            messagesPerMinute,
            minuteUsed({ now, pausedUntil, nextPlaceAt, sending, counted: sentLastMinute }),
          ),
        ]
      : []),
    ...(uploadBytesPer5Minutes > 0 && bytesToUpload > 0
      ? [fromMs + fullSpans(uploadedBytes + bytesToUpload, uploadBytesPer5Minutes) * UPLOAD_WINDOW.ms]
      : []),
    ...recipientsAllowedAt(state, limits, fromMs),
    ...(lastAttemptAt && lastAttemptAt > now ? [lastAttemptAt.getTime()] : []),
    ...(pausedUntil ? [pausedUntil.getTime()] : []),
  ]
  return moments.length === 0 ? null : new Date(Math.max(...moments))
}

/** The limit of recipients allows the last message as soon as enough of what was sent is a day old. */
function recipientsAllowedAt(
  { recipientsLastDay, recipientsByHour, recipientsQueued, recipientsSending }: MailboxState,
  { recipientsPerDay }: MailboxLimits,
  fromMs: number,
): number[] {
  const leaving = recipientsQueued + recipientsSending
  if (recipientsPerDay === 0) return []
  const fullDaysMs = fullSpans(leaving, recipientsPerDay) * DAY_MS
  const excess = recipientsLastDay + leaving - recipientsPerDay * (fullDaysMs / DAY_MS + 1)
  if (excess <= 0) return [fromMs + fullDaysMs]
  let freed = 0
  const hour = recipientsByHour.find(({ recipients }) => (freed += recipients) >= excess)
  return [Math.max(fromMs, (hour?.until.getTime() ?? fromMs) + DAY_MS) + fullDaysMs]
}

/** Counts the full spans of a limit that pass before the last of `used` items. */
function fullSpans(used: number, limit: number): number {
  return Math.max(0, Math.ceil(used / limit) - 1)
}
