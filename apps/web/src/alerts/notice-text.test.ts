import { AlertType } from '@inforiver-mail/contract/notice'
import { expect, it } from 'vitest'
import { english, german } from '../test-support/languages.ts'
import { noticeLine } from './notice-text.ts'

const VALUES = { fromEmail: 'reports@contoso.com', code: '5.7.233', kind: 'secret', daysLeft: 3, count: 22 }

it.each(AlertType.options)('has a line for %s in both languages', (type) => {
  const lines = [english, german].map((t) => noticeLine({ type, values: VALUES, title: 'Server' }, {}, t))

  expect(lines.map(({ isEnglish }) => isEnglish)).toEqual([false, false])
  expect(new Set(lines.map(({ text }) => text)).size).toBe(2)
})

it('names the most frequent causes of what failed, with their counts', () => {
  const failed = { expired: 1, 'recipient-refused': 20, ErrorNew: 2 }

  expect(noticeLine({ type: 'messages.failed', values: VALUES, title: '' }, failed, english).text).toBe(
    '22 messages failed: A recipient was refused (20), ErrorNew (2)',
  )
})

it('shows the server’s title where a value is missing, as in what an older version stored', () => {
  const notice = { type: 'mailbox.recovered', values: {}, title: 'Mail leaves from x again' } as const

  expect(noticeLine(notice, {}, german)).toEqual({ text: 'Mail leaves from x again', isEnglish: true })
})

it('takes no type of a newer version for the one that it comes as', () => {
  const notice = {
    type: 'mailbox.app-misconfigured',
    values: { newer: 'mailbox.full' },
    title: 'A newer version',
  } as const

  expect(noticeLine(notice, {}, german).text).toBe('A newer version')
})
