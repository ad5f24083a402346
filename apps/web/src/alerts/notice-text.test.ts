import { AlertType } from '@inforiver-mail/contract/notice'
import { expect, it } from 'vitest'
import { english, german } from '../test-support/languages.ts'
import { noticeLine } from './notice-text.ts'

const VALUES = { fromEmail: 'reports@contoso.com', code: '5.7.233', kind: 'secret', daysLeft: 3, count: 22 }

it.each(AlertType.options)('has a line for %s in both languages', (type) => {
  const lines = [english, german].map((t) => noticeLine({ type, values: VALUES, title: 'Server' }, t))

  expect(lines.map(({ isEnglish }) => isEnglish)).toEqual([false, false])
  expect(new Set(lines.map(({ text }) => text)).size).toBe(2)
})

it('names the most frequent causes of what failed and counts the rest: together as many as failed', () => {
  const lineOf = (values: Record<string, number>) =>
    noticeLine({ type: 'messages.failed', values, title: '' }, english).text

  expect(lineOf({ count: 25, 'cause.expired': 1, 'cause.recipient-refused': 20, 'cause.ErrorNew': 2 })).toBe(
    '25 messages failed: A recipient was refused (20), ErrorNew (2), other causes (3)',
  )
  expect(lineOf({ count: 22, 'cause.ErrorInvalidRecipients': 22 })).toBe('22 messages failed: Invalid recipient')
  expect(lineOf({ count: 3 })).toBe('3 messages failed')
})

it('shows the server’s title where a value is missing, as in what an older version stored', () => {
  const notice = { type: 'mailbox.recovered', values: {}, title: 'Mail leaves from x again' } as const

  expect(noticeLine(notice, german)).toEqual({ text: 'Mail leaves from x again', isEnglish: true })
})

it('takes no type of a newer version for the one that it comes as', () => {
  const notice = {
    type: 'mailbox.app-misconfigured',
    values: { newer: 'mailbox.full' },
    title: 'A newer version',
  } as const

  expect(noticeLine(notice, german).text).toBe('A newer version')
})
