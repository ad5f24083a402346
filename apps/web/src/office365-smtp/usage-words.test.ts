import type { Usage } from '@inforiver-mail/contract/message'
import { expect, it } from 'vitest'
import { usageWords } from './usage-words.ts'

const unlimited: Usage = {
  messagesPerMinute: null,
  recipientsPerDay: null,
  uploadBytesPer5Minutes: null,
  concurrentRequests: null,
  pausedUntil: null,
  waitingMessages: 0,
  estimatedLastSentAt: null,
}

it('says what is left of each limit', () => {
  expect(
    usageWords({
      ...unlimited,
      messagesPerMinute: { limit: 30, left: 28 },
      recipientsPerDay: { limit: 10_000, left: 9_990 },
      uploadBytesPer5Minutes: { limit: 157_286_400, left: 157_286_400 },
      concurrentRequests: { limit: 4, left: 4 },
    }),
  ).toBe(
    'Left now: 28 of 30 messages a minute, 9,990 of 10,000 recipients a day, 150 of 150 MB of attachments in 5 minutes.',
  )
})

it('leaves out a limit that is switched off', () => {
  expect(usageWords({ ...unlimited, recipientsPerDay: { limit: 100, left: 3 } })).toBe(
    'Left now: 3 of 100 recipients a day.',
  )
})

it('says nothing of limits when all are switched off', () => {
  expect(usageWords(unlimited)).toBeNull()
})
