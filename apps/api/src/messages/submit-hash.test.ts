import { MessageInput } from '@inforiver-mail/contract/message-input'
import { expect, it } from 'vitest'
import { toSubmission } from './read-submission.ts'
import { hashSubmission } from './submit.ts'

it('hashes what has no type as octet-stream, as version 1.5 does', () => {
  const hashWith = (facts: object) => {
    const attachments = [{ filename: 'q3.pdf', content: 'YWJj', ...facts }]
    const input = MessageInput.parse({ to: ['max@contoso.com'], subject: 'Q3', text: 'The numbers.', attachments })
    return hashSubmission(toSubmission(input, []))
  }

  expect(hashWith({})).toBe(hashWith({ contentType: 'application/octet-stream' }))
  expect(hashWith({})).not.toBe(hashWith({ contentType: 'application/pdf' }))
})

it('recognises, after an upgrade, what version 1.5 accepted under an idempotency key', () => {
  const input = MessageInput.parse({
    to: ['max@contoso.com'],
    subject: 'Q3',
    text: 'The numbers.',
    attachments: [{ filename: 'q3.txt', contentType: 'text/plain', content: 'YWJj' }],
    sendAt: '2026-12-01T06:00:00Z',
    reference: 'r',
  })

  expect(hashSubmission(toSubmission(input, []))).toBe('_uNVkKFhTf-warZaY18-iMOBhlLRbzFzr8klgKy2sIs')
})
