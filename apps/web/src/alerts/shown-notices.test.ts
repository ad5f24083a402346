import type { Notice } from '@inforiver-mail/contract/notice'
import { expect, it } from 'vitest'
import { PAGES } from '../routes.ts'
import { fold, NOTICE_DISPLAY, noticesOn } from './shown-notices.ts'

const text = { values: {}, title: 'Title', detail: 'Detail.', action: 'Action.', at: '2026-11-24T10:00:00.000Z' }
const RECONNECT: Notice = { id: `alt_${'1'.repeat(32)}`, type: 'mailbox.reconnect-required', ...text }
const MISCONFIGURED: Notice = { id: `alt_${'2'.repeat(32)}`, type: 'mailbox.app-misconfigured', ...text }
const RECOVERED: Notice = { id: `alt_${'5'.repeat(32)}`, type: 'mailbox.recovered', ...text }
const EXPIRING: Notice = { id: `alt_${'4'.repeat(32)}`, type: 'secret.expiring', ...text }
const FAILED: Notice = { id: `alt_${'3'.repeat(32)}`, type: 'messages.failed', ...text }
const ALL = [RECONNECT, MISCONFIGURED, RECOVERED, EXPIRING, FAILED]

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
