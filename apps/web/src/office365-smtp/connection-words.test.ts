import { describe, expect, it } from 'vitest'
import { connectedExample, exampleSettings } from '../test-support/settings-example.ts'
import { connectionWords, meanwhileWords, onTheWireWords, resetWaitingWords, waitingWords } from './connection-words.ts'

const MISCONFIGURED = {
  code: 'app-misconfigured',
  title: 'The client secret has expired',
  detail: '',
  action: '',
  since: '2026-11-24T10:00:00.000Z',
  correlationId: null,
} as const

describe('connectionWords', () => {
  it('names the sender and the delegate of a delegated mailbox', () => {
    expect(connectionWords(connectedExample())).toBe("Sends as reports@contoso.com with Ada Admin's access.")
  })

  it("says that the mailbox is the person's own", () => {
    const settings = connectedExample({ fromEmail: 'ada@contoso.com', mailbox: 'own' })
    expect(connectionWords(settings)).toBe("Sends as ada@contoso.com, Ada Admin's own mailbox.")
  })

  it('names nobody when the application itself has the access', () => {
    const settings = connectedExample({ mailbox: 'application', connectedAs: null })
    expect(connectionWords(settings)).toBe("Sends as reports@contoso.com with the application's own access.")
  })

  it('does not claim to send while a reconnect is required', () => {
    expect(connectionWords(connectedExample({ status: 'reconnect-required' }))).toMatch(/^Nothing is sent/)
  })

  it('does not claim to send while the app registration does not work', () => {
    expect(connectionWords(connectedExample({ problem: MISCONFIGURED }))).toBe(
      'Nothing is sent as reports@contoso.com until the app registration works again.',
    )
  })

  it('says nothing while nothing is configured', () => {
    expect(connectionWords(exampleSettings())).toBeNull()
  })
})

describe('waitingWords', () => {
  it('says nothing when nothing waits', () => {
    expect(waitingWords(connectedExample())).toBeNull()
  })

  it('says what messages wait for, in words that are true of scheduled ones as well', () => {
    expect(waitingWords(exampleSettings({ waitingMessages: 1 }))).toBe(
      '1 message waits and cannot leave until a mailbox is connected.',
    )
    expect(waitingWords(connectedExample({ status: 'reconnect-required', waitingMessages: 1200 }))).toBe(
      '1,200 messages wait and cannot leave until the mailbox is reconnected.',
    )
    expect(waitingWords(connectedExample({ problem: MISCONFIGURED, waitingMessages: 1 }))).toBe(
      '1 message waits and cannot leave until the app registration works again.',
    )
  })

  it('says that messages are under way when nothing stands in their way', () => {
    expect(waitingWords(connectedExample({ waitingMessages: 5 }), 2)).toBe('2 messages wait to be sent.')
  })

  it('says nothing of messages that are only scheduled or held when nothing stands in their way', () => {
    expect(waitingWords(connectedExample({ waitingMessages: 5 }), 0)).toBeNull()
  })
})

describe('meanwhileWords', () => {
  it('says how long mail keeps leaving from the sender as it is', () => {
    expect(meanwhileWords(connectedExample(), true)).toMatch(/^Mail keeps leaving .* until this completes\./)
    expect(meanwhileWords(connectedExample(), false)).toMatch(/^Mail keeps leaving .* meanwhile\./)
  })

  it('does not claim that mail leaves while it does not', () => {
    expect(meanwhileWords(connectedExample({ status: 'reconnect-required' }), true)).toMatch(
      /^Messages stay held until this completes\./,
    )
    expect(meanwhileWords(connectedExample({ problem: MISCONFIGURED }), true)).toMatch(
      /^Messages stay held until the app registration works again\./,
    )
  })

  it('says nothing while nothing is configured', () => {
    expect(meanwhileWords(exampleSettings(), false)).toBeNull()
  })
})

it('says before a reset how many messages it leaves waiting', () => {
  expect(resetWaitingWords(2)).toMatch(/^2 messages wait and cannot leave/)
})

describe('onTheWireWords', () => {
  it('says nothing when nothing was on its way', () => {
    expect(onTheWireWords(0, 'ada@contoso.com')).toBeNull()
  })

  it('says how many messages may have left from the old sender', () => {
    expect(onTheWireWords(1, 'ada@contoso.com')).toBe(
      '1 message was already on its way to Microsoft and could not be recalled: it may have left from ada@contoso.com.',
    )
    expect(onTheWireWords(3, 'the old sender')).toBe(
      '3 messages were already on their way to Microsoft and could not be recalled: they may have left from the old sender.',
    )
  })
})
