import { expect, it } from 'vitest'
import { exampleMessage } from '../test-support/examples.ts'
import { messageText } from './test-message-text.ts'

it('names sender and recipient of a mail that was sent', () => {
  expect(messageText(exampleMessage({ status: 'sent' }))).toMatchObject({
    intent: 'success',
    detail: expect.stringContaining('From reports@contoso.com to cfo@contoso.com.'),
    busy: false,
  })
})

it('warns when a sent mail may arrive twice', () => {
  expect(messageText(exampleMessage({ status: 'sent', possibleDuplicate: true })).detail).toContain('twice')
})

it("shows a failed mail's own title and detail", () => {
  const problem = {
    code: 'send-as-denied',
    title: 'Not allowed',
    detail: 'Grant Send As.',
    microsoftCode: null,
    requestId: null,
  } as const
  expect(messageText(exampleMessage({ status: 'failed', problem }))).toMatchObject({
    intent: 'error',
    title: 'Not allowed',
    detail: 'Grant Send As.',
  })
})

it('says what a held mail waits for', () => {
  expect(messageText(exampleMessage({ status: 'held', heldBecause: 'reconnect-required' })).detail).toContain(
    'reconnected',
  )
})

it('says what keeps a mail that was not tried yet, and not that it is about to be sent', () => {
  expect(messageText(exampleMessage({ waitingBecause: 'messages-per-minute' }))).toMatchObject({
    title: 'The test mail waits',
    detail: expect.stringContaining('limited number of messages a minute'),
    busy: true,
  })
})

it('says that a mail which nothing keeps is about to be sent', () => {
  expect(messageText(exampleMessage()).title).toBe('The test mail is about to be sent')
})

it('says why a queued mail is tried again', () => {
  const attempt = {
    at: '2026-11-24T10:00:00.000Z',
    firstAt: '2026-11-24T10:00:00.000Z',
    count: 1,
    outcome: 'throttled',
    code: null,
    detail: 'Busy.',
  } as const
  expect(messageText(exampleMessage({ attempts: [attempt] }))).toMatchObject({ detail: 'Busy.', busy: true })
})
