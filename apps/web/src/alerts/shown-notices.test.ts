import type { Notice } from '@inforiver-mail/contract/notice'
import { expect, it } from 'vitest'
import { PAGES } from '../routes.ts'
import { noticesOn } from './shown-notices.ts'

const words = { title: 'Title', detail: 'Detail.', action: 'Action.', at: '2026-11-24T10:00:00.000Z' }
const RECONNECT: Notice = { id: `alt_${'1'.repeat(32)}`, type: 'mailbox.reconnect-required', ...words }
const MISCONFIGURED: Notice = { id: `alt_${'2'.repeat(32)}`, type: 'mailbox.app-misconfigured', ...words }
const RECOVERED: Notice = { id: `alt_${'5'.repeat(32)}`, type: 'mailbox.recovered', ...words }
const EXPIRING: Notice = { id: `alt_${'4'.repeat(32)}`, type: 'secret.expiring', ...words }
const FAILED: Notice = { id: `alt_${'3'.repeat(32)}`, type: 'message.failed', ...words }

it('does not repeat on the settings page what that page says by itself', () => {
  expect(noticesOn(PAGES.office365Smtp, [RECONNECT, MISCONFIGURED, RECOVERED, EXPIRING, FAILED])).toEqual([FAILED])
})

it('says everything on the other pages', () => {
  expect(noticesOn(PAGES.messages, [RECONNECT, MISCONFIGURED, RECOVERED, EXPIRING, FAILED])).toEqual([
    RECONNECT,
    MISCONFIGURED,
    RECOVERED,
    EXPIRING,
    FAILED,
  ])
})
