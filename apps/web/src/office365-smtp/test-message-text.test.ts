import type { Message } from '@inforiver-mail/contract/message'
import { expect, it } from 'vitest'
import { exampleMessage } from '../test-support/examples.ts'
import { english, german } from '../test-support/languages.ts'
import { messageText } from './test-message-text.ts'

const at = '2026-11-24T10:00:00.000Z'
const attempt = { at, firstAt: at, count: 1, outcome: 'throttled', code: null, values: {}, detail: 'Busy.' } as const
const problem = {
  code: 'send-as-denied',
  title: 'Not allowed',
  detail: 'Grant Send As.',
  microsoftCode: null,
  requestId: null,
  values: {},
} as const

it.each<[string, Partial<Message>, object]>([
  [
    'sender and recipient once it is sent',
    { status: 'sent' },
    {
      intent: 'success',
      detail: expect.stringContaining('From reports@contoso.com to cfo@contoso.com.'),
      busy: false,
    },
  ],
  [
    'that it may arrive twice',
    { status: 'sent', possibleDuplicate: true },
    { detail: expect.stringContaining('twice') },
  ],
  [
    'the problem of one that failed',
    { status: 'failed', problem },
    { intent: 'error', title: 'Not allowed', detail: 'Grant Send As.' },
  ],
  [
    'what a held one waits for',
    { status: 'held', heldBecause: 'reconnect-required' },
    { detail: expect.stringContaining('reconnected') },
  ],
  [
    'what a queued one waits for, and not that it is about to be sent',
    { waitingBecause: 'messages-per-minute' },
    {
      title: 'The test mail waits',
      detail: expect.stringContaining('limited number of messages a minute'),
      busy: true,
    },
  ],
  ['that it is about to be sent', {}, { title: 'The test mail is about to be sent' }],
  ['why it is tried again', { attempts: [attempt] }, { detail: 'Busy.', busy: true }],
])('says %s', (_what, message, text) => {
  expect(messageText(exampleMessage(message), english)).toMatchObject(text)
})

it('says in the page’s language why it failed, or in English that is marked as such', () => {
  const values = { title: 'gave-up.title', detail: ['tried-for-a-day'] }
  const failed = (values: Message['problem'] & object) =>
    messageText(exampleMessage({ status: 'failed', problem: values }), german)

  expect(failed({ ...problem, values })).toMatchObject({ title: expect.stringContaining('24 Stunden') })
  expect(failed({ ...problem, values }).lang).toBeUndefined()
  expect(failed(problem)).toMatchObject({ title: 'Not allowed', detail: 'Grant Send As.', lang: 'en' })
  expect(messageText(exampleMessage({ attempts: [attempt] }), german)).toMatchObject({ detail: 'Busy.', lang: 'en' })
})
