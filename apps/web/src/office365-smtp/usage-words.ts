import type { Usage } from '@inforiver-mail/contract/message'

const BYTES_PER_MB = 1024 * 1024

/**
 * What is left of each limit of the mailbox that is switched on; null when none is. How many requests are under way at
 * once tells an admin nothing.
 */
export function usageWords(usage: Usage): string | null {
  const { messagesPerMinute, recipientsPerDay, uploadBytesPer5Minutes } = usage
  const parts = [
    leftWords(messagesPerMinute, 'messages a minute'),
    leftWords(recipientsPerDay, 'recipients a day'),
    leftWords(inMb(uploadBytesPer5Minutes), 'MB of attachments in 5 minutes'),
  ].filter((part) => part !== null)
  return parts.length > 0 ? `Left now: ${parts.join(', ')}.` : null
}

function leftWords(allowance: Usage['messagesPerMinute'], what: string): string | null {
  return allowance && `${allowance.left.toLocaleString('en')} of ${allowance.limit.toLocaleString('en')} ${what}`
}

function inMb(allowance: Usage['uploadBytesPer5Minutes']): Usage['uploadBytesPer5Minutes'] {
  return (
    allowance && {
      limit: Math.floor(allowance.limit / BYTES_PER_MB),
      left: Math.floor(allowance.left / BYTES_PER_MB),
    }
  )
}
