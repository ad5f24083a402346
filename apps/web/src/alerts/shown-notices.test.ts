import { AlertType, type Notice } from '@inforiver-mail/contract/notice'
import { expect, it } from 'vitest'
import { PAGES } from '../routes.ts'
import { english, german } from '../test-support/languages.ts'
import { fold, NOTICE_DISPLAY, noticeLine, noticesOn } from './shown-notices.ts'

const text = { values: {}, title: 'Title', detail: 'Detail.', action: 'Action.', at: '2026-11-24T10:00:00.000Z' }
const RECONNECT: Notice = { id: `alt_${'1'.repeat(32)}`, type: 'mailbox.reconnect-required', ...text }
const MISCONFIGURED: Notice = { id: `alt_${'2'.repeat(32)}`, type: 'mailbox.app-misconfigured', ...text }
const RECOVERED: Notice = { id: `alt_${'5'.repeat(32)}`, type: 'mailbox.recovered', ...text }
const EXPIRING: Notice = { id: `alt_${'4'.repeat(32)}`, type: 'secret.expiring', ...text }
const FAILED: Notice = { id: `alt_${'3'.repeat(32)}`, type: 'messages.failed', ...text }
const PAUSED: Notice = { id: `alt_${'6'.repeat(32)}`, type: 'quota.exceeded', ...text }
const ALL = [RECONNECT, MISCONFIGURED, RECOVERED, EXPIRING, PAUSED, FAILED]

it('leaves out on the settings page what that page shows itself', () => {
  expect(noticesOn(PAGES.office365Smtp, ALL)).toEqual([FAILED])
})

it('shows all of them on every other page', () => {
  expect(noticesOn(PAGES.messages, ALL)).toEqual(ALL)
})

it('shows the two most urgent, the newest first, and the rest once it is unfolded', () => {
  const newestFirst = [RECOVERED, EXPIRING, FAILED, RECONNECT]

  expect(fold(newestFirst, false)).toEqual({ shown: [RECONNECT, EXPIRING], more: 2 })
  expect(fold(newestFirst, true)).toEqual({ shown: [RECONNECT, EXPIRING, FAILED, RECOVERED], more: 2 })
  expect(fold([FAILED], false)).toEqual({ shown: [FAILED], more: 0 })
})

it('leads from failed messages to those that the notice counts', () => {
  const { hrefOf } = NOTICE_DISPLAY['messages.failed']

  expect(hrefOf({ values: { since: '2026-11-24T10:00:00.000Z' } })).toBe(
    '/messages?status=failed&failedFrom=2026-11-24T10%3A00%3A00.000Z',
  )
  expect(hrefOf(FAILED)).toBe('/messages?status=failed')
})

const VALUES = {
  fromEmail: 'reports@contoso.com',
  code: '5.7.233',
  kind: 'secret',
  daysLeft: 3,
  count: 22,
  percent: 83,
  host: 'graph.microsoft.com',
  status: 403,
  contentType: 'text/plain',
  excerpt: 'none',
}

it.each([
  [true, 'E-Mails von reports@contoso.com, die wie große als Entwurf gesendet werden, warten: Microsoft lehnt sie ab'],
  [false, 'E-Mails von reports@contoso.com warten: Microsoft lehnt sie ab'],
])('says which mail is refused, by draft only: %s', (byDraft, text) => {
  const notice = { type: 'mailbox.refused', values: { ...VALUES, byDraft }, title: 'Server' } as const
  expect(noticeLine(notice, german)).toEqual({ text })
})

it('says who has to act where something answers in Microsoft’s place', () => {
  const { text } = noticeLine({ type: 'microsoft.unreachable', values: VALUES, title: 'Server' }, english)

  expect(text).toContain('for graph.microsoft.com: HTTP 403 (text/plain). Whoever operates Inforiver Mail has to check')
})

it.each(AlertType.options)('has a line for %s in both languages', (type) => {
  const lines = [english, german].map((t) => noticeLine({ type, values: VALUES, title: 'Server' }, t))

  expect(lines.map(({ lang }) => lang)).toEqual([undefined, undefined])
  expect(new Set(lines.map(({ text }) => text)).size).toBe(2)
})

it('names the most frequent causes of what failed and counts the rest: together as many as failed', () => {
  const lineOf = (values: Record<string, number>) =>
    noticeLine({ type: 'messages.failed', values, title: 'Messages failed' }, english).text

  expect(lineOf({ count: 25, 'cause.expired': 1, 'cause.recipient-refused': 20, 'cause.ErrorNew': 2 })).toBe(
    'Messages failed: A recipient was refused (20), ErrorNew (2), other causes (3)',
  )
  expect(lineOf({ count: 22, 'cause.ErrorInvalidRecipients': 22 })).toBe('Messages failed: Invalid recipient')
  expect(lineOf({ count: 3 })).toBe('Messages failed')
})

it('names the services that hold most of the storage', () => {
  const values = { percent: 83, 'service.alerts': 1_048_576, 'service.reports': 8_589_934_592, 'service.x': 1 }

  expect(noticeLine({ type: 'storage.nearly-full', values, title: 'Nearly full' }, english).text).toBe(
    'Nearly full: reports (8,192 MB), alerts (1 MB)',
  )
})

it('shows the server’s title where a value is missing, as in what an older version stored', () => {
  const notice = { type: 'mailbox.recovered', values: {}, title: 'Mail leaves from x again' } as const

  expect(noticeLine(notice, german)).toEqual({ text: 'Mail leaves from x again', lang: 'en' })
})

it('takes no type of a newer version for the one that it comes as', () => {
  const notice = {
    type: 'mailbox.app-misconfigured',
    values: { newer: 'mailbox.full' },
    title: 'A newer version',
  } as const

  expect(noticeLine(notice, german).text).toBe('A newer version')
})
