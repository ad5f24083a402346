import type { Message } from '@inforiver-mail/contract/message'
import { expect, it } from 'vitest'
import { messageText } from './message-words.ts'

function message(given: Partial<Message>): Message {
  return {
    id: `msg_${'0'.repeat(32)}`,
    status: 'queued',
    from: 'reports@contoso.com',
    to: [{ address: 'cfo@contoso.com' }],
    subject: 'Test',
    reference: null,
    createdAt: '2026-11-24T10:00:00.000Z',
    sendAt: null,
    nextAttemptAt: null,
    sentAt: null,
    attempts: [],
    heldBecause: null,
    possibleDuplicate: false,
    progress: null,
    problem: null,
    ...given,
  }
}

it('names sender and recipient of a mail that was sent', () => {
  expect(messageText(message({ status: 'sent' }))).toMatchObject({
    intent: 'success',
    detail: expect.stringContaining('From reports@contoso.com to cfo@contoso.com.'),
    busy: false,
  })
})

it('warns when a sent mail may arrive twice', () => {
  expect(messageText(message({ status: 'sent', possibleDuplicate: true })).detail).toContain('twice')
})

it("shows a failed mail's own title and detail", () => {
  const problem = {
    code: 'send-as-denied',
    title: 'Not allowed',
    detail: 'Grant Send As.',
    microsoftCode: null,
    requestId: null,
  } as const
  expect(messageText(message({ status: 'failed', problem }))).toMatchObject({
    intent: 'error',
    title: 'Not allowed',
    detail: 'Grant Send As.',
  })
})

it('says what a held mail waits for', () => {
  expect(messageText(message({ status: 'held', heldBecause: 'reconnect-required' })).detail).toContain('reconnected')
})

it('says why a queued mail is tried again', () => {
  const attempt = { at: '2026-11-24T10:00:00.000Z', outcome: 'throttled', code: null, detail: 'Busy.' } as const
  expect(messageText(message({ attempts: [attempt] }))).toMatchObject({ detail: 'Busy.', busy: true })
})
