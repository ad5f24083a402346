import { describe, expect, it } from 'vitest'
import { connectedExample, exampleSettings } from '../test-support/settings-example.ts'
import { connectionWords, resetWaitingWords, waitingWords } from './connection-words.ts'

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

  it('says nothing while nothing is configured', () => {
    expect(connectionWords(exampleSettings())).toBeNull()
  })
})

describe('waitingWords', () => {
  it('says nothing when nothing waits', () => {
    expect(waitingWords(connectedExample())).toBeNull()
  })

  it('says what held messages wait for', () => {
    expect(waitingWords(exampleSettings({ waitingMessages: 1 }))).toBe(
      '1 message is held until a mailbox is connected.',
    )
    expect(waitingWords(connectedExample({ status: 'reconnect-required', waitingMessages: 1200 }))).toBe(
      '1,200 messages are held until the mailbox is reconnected.',
    )
  })
})

it('says before a reset how many messages will be held', () => {
  expect(resetWaitingWords(2)).toMatch(/^2 messages are waiting and will be held/)
})
