import { ConsentStatus } from '@inforiver-mail/contract/office365-smtp'
import { describe, expect, it } from 'vitest'
import { connectedExample } from '../test-support/examples.ts'
import { english } from '../test-support/languages.ts'
import {
  cancelledAtMicrosoftText,
  expiryOnThisClock,
  isReplaced,
  otherAccountText,
  outcomeText,
  remainingText,
} from './consent-text.ts'

describe('outcomeText', () => {
  const configured = { purpose: 'configure', status: 'completed' } as const
  const largeAttachments = { purpose: 'large-attachments', status: 'completed' } as const

  it.each([
    [
      'the settings show the sender',
      configured,
      {},
      { intent: 'success', detail: 'Mail leaves from reports@contoso.com.' },
    ],
    [
      'Microsoft has refused the connection since',
      configured,
      { status: 'reconnect-required' },
      { title: 'Connected' },
    ],
    ['the settings were reset', configured, { status: 'not-configured', fromEmail: null }, { intent: 'info' }],
    ['another sender is configured', configured, { fromEmail: 'alerts@contoso.com' }, { intent: 'info' }],
    ['the settings do not show large attachments', largeAttachments, {}, { intent: 'info' }],
  ] as const)('describes a completed consent when %s', (_when, consent, settings, text) => {
    expect(outcomeText(consent, 'reports@contoso.com', connectedExample(settings), english)).toMatchObject(text)
  })

  it('has a title of its own for every status', () => {
    const titles = ConsentStatus.options.map(
      (status) => outcomeText({ purpose: 'configure', status }, null, connectedExample(), english).title,
    )
    expect(new Set(titles).size).toBe(ConsentStatus.options.length)
  })
})

it.each([
  ['configure', 'completed', 'reconnect-required', true],
  ['configure', 'completed', 'app-misconfigured', true],
  ['configure', 'completed', 'quota-exceeded', false],
  ['configure', 'failed', 'reconnect-required', false],
  ['delivery-reports', 'completed', 'reconnect-required', false],
] as const)(
  'says whether the notice of a consent (%s) that %s is replaced by a problem %s: %s',
  (purpose, status, code, replaced) => {
    const problem = { code, values: {}, title: '', detail: '', action: '', since: '', correlationId: null }
    expect(isReplaced({ purpose, status }, { problem })).toBe(replaced)
    expect(isReplaced({ purpose, status }, { problem: null })).toBe(false)
  },
)

it('claims that nothing was changed only where no part was saved before', () => {
  const ended = (purpose: 'configure' | 'delivery-reports') => [
    cancelledAtMicrosoftText(purpose, true, english),
    cancelledAtMicrosoftText(purpose, false, english),
    ...(['cancelled', 'expired'] as const).map(
      (status) => outcomeText({ purpose, status }, null, connectedExample(), english).detail,
    ),
  ]
  expect(ended('configure').filter((text) => !text.endsWith('Nothing was changed.'))).toEqual([])
  expect(ended('delivery-reports').filter((text) => !text.endsWith('granted before is switched on.'))).toEqual([])
})

describe('otherAccountText', () => {
  const sender = 'reports@contoso.com'

  it.each([
    ['completed', 'delegated', /^The consent was given by ada@contoso\.com, and .* reports@contoso\.com:/],
    ['failed', null, /^The consent was given by ada@contoso\.com, and .* reports@contoso\.com\.$/],
  ] as const)('names both accounts of a consent that %s', (status, mailbox, text) => {
    expect(otherAccountText({ status, account: 'ada@contoso.com' }, sender, { mailbox }, english)).toMatch(text)
  })

  it.each([
    ['the account is the sender’s, in any case', 'completed', 'Reports@Contoso.com', 'delegated'],
    ['the mailbox is the person’s own, under another address', 'completed', 'ada@contoso.com', 'own'],
    ['the application itself has access', 'completed', 'grace@contoso.com', 'application'],
    ['nobody answered', 'failed', null, null],
    ['it was cancelled here', 'cancelled', 'ada@contoso.com', null],
  ] as const)('says nothing where %s', (_where, status, account, mailbox) => {
    expect(otherAccountText({ status, account }, sender, { mailbox }, english)).toBeNull()
  })
})

describe('remainingText', () => {
  const expiresAt = '2026-11-24T10:10:00.000Z'

  it.each([
    ['2026-11-24T10:00:40.000Z', 'The consent expires in about 9 minutes.'],
    ['2026-11-24T10:08:50.000Z', 'The consent expires in about one minute.'],
    ['2026-11-24T10:09:30.000Z', 'The consent expires in less than a minute.'],
    ['2026-11-24T10:10:05.000Z', 'The consent is about to expire.'],
  ])('says at %s how much time is left: %s', (now, text) => {
    expect(remainingText(new Date(expiresAt), new Date(now), english)).toBe(text)
  })
})

describe('expiryOnThisClock', () => {
  const expiresAt = '2026-11-24T10:10:00.000Z'

  it.each([
    ['is right', '2026-11-24T10:04:00.000Z', 'The consent expires in about 6 minutes.'],
    ['is a day ahead', '2026-11-25T10:04:00.000Z', 'The consent expires in about 6 minutes.'],
    ['is an hour behind', '2026-11-24T09:04:00.000Z', 'The consent expires in about 6 minutes.'],
  ])('counts what is left where the clock of the browser %s', (_which, time, text) => {
    const now = new Date(time)
    const expiry = expiryOnThisClock(expiresAt, new Date('2026-11-24T10:04:00.000Z'), now)
    expect(remainingText(expiry, now, english)).toBe(text)
    expect(remainingText(expiry, new Date(now.getTime() + 6 * 60_000), english)).toBe('The consent is about to expire.')
  })

  it('leaves ten minutes at most where the server’s time is not known', () => {
    const now = new Date('2026-11-24T09:00:00.000Z')
    const expiry = expiryOnThisClock(expiresAt, now, now)
    expect(remainingText(expiry, now, english)).toBe('The consent expires in about 10 minutes.')
  })
})
