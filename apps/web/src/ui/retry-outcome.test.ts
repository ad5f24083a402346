import { expect, it } from 'vitest'
import { english, german } from '../test-support/languages.ts'
import { retryOutcome } from './retry-outcome.ts'

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
