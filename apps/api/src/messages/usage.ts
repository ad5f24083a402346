import type { Usage } from '@inforiver-mail/contract/usage'
import type { Registry } from 'prom-client'
import { measureTogether } from '../http/metrics.ts'
import type { StorageUse } from '../queue/intake/storage.ts'
import type { MailboxLimits } from '../queue/mailbox/limits.ts'
import type { MailboxState } from '../queue/records/departures.ts'

/** Computes what is left of each limit and of the room. Messages being sent use up what they will count. */
export function toUsage(state: MailboxState, limits: MailboxLimits, storageBytes: number): Usage {
  const { sending } = state
  return {
    messagesPerMinute: allowance(limits.messagesPerMinute, state.messagesLastMinute + sending),
    recipientsPerDay: allowance(limits.recipientsPerDay, state.recipientsLastDay + state.recipientsSending),
    uploadBytesPer5Minutes: allowance(limits.uploadBytesPer5Minutes, state.uploadedBytes),
    concurrentRequests: allowance(limits.concurrency, sending),
    pausedUntil: state.pausedUntil?.toISOString() ?? null,
    pausedBecause: state.pausedBecause,
    waitingMessages: state.waiting,
    estimatedLastSentAt: state.lastLeavesAt?.toISOString() ?? null,
    storage: { usedBytes: state.storedBytes, limitBytes: storageBytes },
  }
}

function allowance(limit: number, used: number): { limit: number; left: number } | null {
  return limit === 0 ? null : { limit, left: Math.max(0, limit - used) }
}

/** Measures how full the storage is, equal in every process. */
export function measureStorage(registry: Registry, read: () => Promise<StorageUse>): void {
  measureTogether(registry, read, [
    {
      name: 'inforiver_mail_storage_bytes',
      help: 'What stored messages occupy.',
      valueOf: ({ usedBytes }) => usedBytes,
    },
    {
      name: 'inforiver_mail_storage_limit_bytes',
      help: 'The most that stored messages may occupy.',
      valueOf: ({ limitBytes }) => limitBytes,
    },
  ])
}
