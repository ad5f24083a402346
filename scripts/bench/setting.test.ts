import { expect, it } from 'vitest'
import { describeSetting } from './setting.ts'

it('says how many mailboxes and mails are measured, how often, and when Graph answers', () => {
  expect(describeSetting({ mailboxes: [64], graphMs: [5], mails: 4_000, rounds: 3 })).toBe(
    '64 mailboxes; Graph answers after 5 ms; 4,000 mails, 3 times',
  )
  expect(describeSetting({ mailboxes: [64, 8], graphMs: [100, 300], mails: 6_000, rounds: 1 })).toBe(
    '64 and 8 mailboxes; Graph answers after 100 and 300 ms; 6,000 mails',
  )
})

it('leaves out what a bench does not have', () => {
  expect(describeSetting({ mailboxes: [1], graphMs: [], mails: '1,000 submits', rounds: 4 })).toBe(
    '1 mailbox; 1,000 submits, 4 times',
  )
  expect(describeSetting({ mailboxes: [], graphMs: [], mails: '1,000 tokens', rounds: 9 })).toBe(
    '1,000 tokens, 9 times',
  )
})
