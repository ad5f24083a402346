import type { Message } from '@inforiver-mail/contract/message'

/** A message for tests: queued a moment ago, but for what is given. */
export function exampleMessage(given: Partial<Message> = {}): Message {
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
    waitingBecause: null,
    sentAt: null,
    attempts: [],
    heldBecause: null,
    possibleDuplicate: false,
    progress: null,
    problem: null,
    ...given,
  }
}
