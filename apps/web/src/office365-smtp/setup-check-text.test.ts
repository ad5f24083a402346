import { type Check, CheckStatus } from '@inforiver-mail/contract/setup-check'
import { expect, it } from 'vitest'
import { english, german } from '../test-support/languages.ts'
import { byUrgency, checkText, summaryText } from './setup-check-text.ts'

function check(given: Partial<Check> = {}): Check {
  const texts = { title: 'The clock is right', detail: 'It agrees.', action: null }
  return { id: 'clock', status: 'ok', code: 'clock-right', values: {}, ...texts, ...given }
}

it('shows the server’s English where the page has no words of its own for all of it', () => {
  const newer = check({ code: 'found-by-a-newer-version' as Check['code'], action: 'Act.' })

  expect(checkText(newer, german)).toEqual({
    title: newer.title,
    detail: newer.detail,
    action: 'Act.',
    isEnglish: true,
    quoted: null,
  })
})

it('says which part of a German text is the server’s English', () => {
  const faults = ['PORT has to be a number.', 'DATABASE_URL is missing.']
  const faulty = check({ id: 'configuration', status: 'failed', code: 'configuration-faults', values: { faults } })
  const both = 'PORT has to be a number. DATABASE_URL is missing.'
  expect(checkText({ ...faulty, action: 'Act.' }, german)).toMatchObject({
    detail: both,
    quoted: both,
    isEnglish: false,
  })
  expect(checkText({ ...faulty, action: 'Act.' }, english).quoted).toBeNull()

  const values = { folder: '/data', reason: 'permission denied' }
  const refused = check({ id: 'storage', status: 'failed', code: 'storage-not-writable', values, action: 'Act.' })
  expect(checkText(refused, german)).toMatchObject({
    detail: 'Dieses Konto darf nicht in /data schreiben (permission denied).',
    quoted: 'permission denied',
  })
})

it('words the answer of Microsoft that keeps a mailbox from being asked', () => {
  const values = { address: 'reports@contoso.com', reason: 'Try again.', detail: ['try-again'] }
  const asked = check({ id: 'mailbox', status: 'warning', code: 'mailbox-unavailable', values, action: 'Act.' })
  expect(checkText(asked, german)).toMatchObject({ detail: german.known('server.try-again'), quoted: null })
})

it('shows what somebody has to act on first', () => {
  const checks = CheckStatus.options.map((status) => check({ status }))

  expect(byUrgency(checks).map(({ status }) => status)).toEqual(['failed', 'warning', 'skipped', 'ok'])
})

it('counts in a sentence what came out how', () => {
  const checks = [check(), check(), check({ status: 'failed' }), check({ status: 'skipped' })]

  expect(summaryText(checks, english)).toBe('1 failed, no warnings, 2 in order, 1 skipped.')
  expect(summaryText(checks, german)).toBe('1 fehlgeschlagen, keine Warnungen, 2 in Ordnung, 1 übersprungen.')
})
