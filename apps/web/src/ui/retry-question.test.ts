import { MAX_EXACT_TOTAL } from '@inforiver-mail/contract/message-list'
import { expect, it } from 'vitest'
import { english, german } from '../test-support/languages.ts'
import { countText, retryOutcome } from './retry-question.tsx'

it.each([
  [1, false, '1 message', '1 Nachricht'],
  [MAX_EXACT_TOTAL, false, '10,000 messages', '10.000 Nachrichten'],
  [12_000, true, 'about 12,000 messages', 'etwa 12.000 Nachrichten'],
])('says how many messages there are: %i, estimated: %s', (count, isEstimate, inEnglish, inGerman) => {
  expect(countText(count, isEstimate, english)).toBe(inEnglish)
  expect(countText(count, isEstimate, german)).toBe(inGerman)
})

it('names no number where counting ended before the last message', () => {
  expect(countText(MAX_EXACT_TOTAL + 1, true, english)).toBe('more than 10,000 messages')
  expect(countText(MAX_EXACT_TOTAL + 1, true, german)).toBe('mehr als 10.000 Nachrichten')
})

it('is a success only where all messages are retried', () => {
  expect(retryOutcome({ count: 3, expired: 0, withoutContent: 0, notAllowed: 0 }, english)).toEqual({
    intent: 'success',
    title: '3 messages will be queued again',
    lines: [],
  })
  expect(retryOutcome({ count: 0, expired: 0, withoutContent: 0, notAllowed: 0 }, english)).toMatchObject({
    intent: 'warning',
    title: 'None of them could be queued again',
  })
})

it('says how many could not be retried, and why', () => {
  expect(retryOutcome({ count: 0, expired: 1, withoutContent: 10_463, notAllowed: 2 }, english)).toEqual({
    intent: 'warning',
    title: 'None of them could be queued again',
    lines: [
      '1 message is not sent any more: it has expired.',
      '10,463 messages can no longer be sent: their content is deleted, so their services have to submit them again.',
      '2 messages are not sent: the recipients policy does not allow a recipient any more.',
    ],
  })
  expect(retryOutcome({ count: 1, expired: 0, withoutContent: 2, notAllowed: 0 }, german)).toMatchObject({
    intent: 'warning',
    title: '1 Nachricht wird wieder eingereiht',
    lines: [expect.stringContaining('2 Nachrichten können nicht mehr gesendet werden')],
  })
})
