import type { Usage } from '@inforiver-mail/contract/message'
import type { MailboxState } from './usage-store.ts'

/** Per mailbox; 0 stands for no limit. */
export interface UsageLimits {
  readonly concurrency: number
  readonly messagesPerMinute: number
  readonly recipientsPerDay: number
  readonly uploadBytesPer5Minutes: number
}

const MINUTE_MS = 60_000

/** What is left of each limit, and when the last waiting message leaves at this rate. */
export function toUsage(state: MailboxState, limits: UsageLimits, now: Date): Usage {
  const waitingMessages = state.waiting + state.sending
  return {
    messagesPerMinute: allowance(limits.messagesPerMinute, state.sentLastMinute + state.sending),
    recipientsPerDay: allowance(limits.recipientsPerDay, state.recipientsLastDay),
    uploadBytesPer5Minutes: allowance(limits.uploadBytesPer5Minutes, 0),
    concurrentRequests: allowance(limits.concurrency, state.sending),
    pausedUntil: state.pausedUntil?.toISOString() ?? null,
    waitingMessages,
    estimatedLastSentAt: estimateLast(waitingMessages, state, limits, now)?.toISOString() ?? null,
  }
}

function allowance(limit: number, used: number): { limit: number; left: number } | null {
  return limit === 0 ? null : { limit, left: Math.max(0, limit - used) }
}

function estimateLast(
  waiting: number,
  { pausedUntil, sentLastMinute }: MailboxState,
  { messagesPerMinute }: UsageLimits,
  now: Date,
): Date | null {
  if (waiting === 0 || messagesPerMinute === 0) return null
  const start = pausedUntil ?? now
  const fullMinutes = Math.ceil((waiting + sentLastMinute) / messagesPerMinute) - 1
  return new Date(start.getTime() + Math.max(0, fullMinutes) * MINUTE_MS)
}
