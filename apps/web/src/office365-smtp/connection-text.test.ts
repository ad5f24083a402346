import type { Usage } from '@inforiver-mail/contract/message'
import { describe, expect, it } from 'vitest'
import { connectedExample, exampleSettings } from '../test-support/examples.ts'
import {
  connectionText,
  meanwhileText,
  onTheWireText,
  resetWaitingText,
  usageText,
  waitingText,
} from './connection-text.ts'

const MISCONFIGURED = {
  code: 'app-misconfigured',
  title: 'The client secret has expired',
  detail: '',
  action: '',
  since: '2026-11-24T10:00:00.000Z',
  correlationId: null,
} as const

describe('connectionText', () => {
  it('names the sender and the delegate of a delegated mailbox', () => {
    expect(connectionText(connectedExample())).toBe("Sends as reports@contoso.com with Ada Admin's access.")
  })

  it("says that the mailbox is the person's own", () => {
    const settings = connectedExample({ fromEmail: 'ada@contoso.com', mailbox: 'own' })
    expect(connectionText(settings)).toBe("Sends as ada@contoso.com, Ada Admin's own mailbox.")
  })

  it('names nobody when the application itself has the access', () => {
    const settings = connectedExample({ mailbox: 'application', connectedAs: null })
    expect(connectionText(settings)).toBe("Sends as reports@contoso.com with the application's own access.")
  })

  it('does not claim to send while a reconnect is required', () => {
    expect(connectionText(connectedExample({ status: 'reconnect-required' }))).toMatch(/^Nothing is sent/)
  })

  it('does not claim to send while the app registration does not work', () => {
    expect(connectionText(connectedExample({ problem: MISCONFIGURED }))).toBe(
      'Nothing is sent as reports@contoso.com until the app registration works again.',
    )
  })

  it('says nothing while nothing is configured', () => {
    expect(connectionText(exampleSettings())).toBeNull()
  })
})

describe('waitingText', () => {
  it('says nothing when nothing waits', () => {
    expect(waitingText(connectedExample())).toBeNull()
  })

  it('says what messages wait for, in words that are true of scheduled ones as well', () => {
    expect(waitingText(exampleSettings({ waitingMessages: 1 }))).toBe(
      '1 message waits and cannot leave until a mailbox is connected.',
    )
    expect(waitingText(connectedExample({ status: 'reconnect-required', waitingMessages: 1200 }))).toBe(
      '1,200 messages wait and cannot leave until the mailbox is reconnected.',
    )
    expect(waitingText(connectedExample({ problem: MISCONFIGURED, waitingMessages: 1 }))).toBe(
      '1 message waits and cannot leave until the app registration works again.',
    )
  })

  it('says that messages are under way when nothing stands in their way', () => {
    expect(waitingText(connectedExample({ waitingMessages: 5 }), 2)).toBe('2 messages wait to be sent.')
  })

  it('says nothing of messages that are only scheduled or held when nothing stands in their way', () => {
    expect(waitingText(connectedExample({ waitingMessages: 5 }), 0)).toBeNull()
  })
})

describe('meanwhileText', () => {
  it('says how long mail keeps leaving from the sender as it is', () => {
    expect(meanwhileText(connectedExample(), true)).toMatch(/^Mail keeps leaving .* until this completes\./)
    expect(meanwhileText(connectedExample(), false)).toMatch(/^Mail keeps leaving .* meanwhile\./)
  })

  it('does not claim that mail leaves while it does not', () => {
    expect(meanwhileText(connectedExample({ status: 'reconnect-required' }), true)).toMatch(
      /^Messages stay held until this completes\./,
    )
    expect(meanwhileText(connectedExample({ problem: MISCONFIGURED }), true)).toMatch(
      /^Messages stay held until the app registration works again\./,
    )
  })

  it('says nothing while nothing is configured', () => {
    expect(meanwhileText(exampleSettings(), false)).toBeNull()
  })
})

it('says before a reset how many messages it leaves waiting', () => {
  expect(resetWaitingText(2)).toMatch(/^2 messages wait and cannot leave/)
})

describe('onTheWireText', () => {
  it('says nothing when nothing was on its way', () => {
    expect(onTheWireText(0, 'ada@contoso.com')).toBeNull()
  })

  it('says how many messages may have left from the old sender', () => {
    expect(onTheWireText(1, 'ada@contoso.com')).toBe(
      '1 message was already on its way to Microsoft and could not be recalled: it may have left from ada@contoso.com.',
    )
    expect(onTheWireText(3, 'the old sender')).toBe(
      '3 messages were already on their way to Microsoft and could not be recalled: they may have left from the old sender.',
    )
  })
})

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
    usageText({
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
  expect(usageText({ ...unlimited, recipientsPerDay: { limit: 100, left: 3 } })).toBe(
    'Left now: 3 of 100 recipients a day.',
  )
})

it('says nothing of limits when all are switched off', () => {
  expect(usageText(unlimited)).toBeNull()
})
