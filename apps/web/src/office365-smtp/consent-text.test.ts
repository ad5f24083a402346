import { ConsentStatus } from '@inforiver-mail/contract/office365-smtp'
import { describe, expect, it } from 'vitest'
import { connectedExample } from '../test-support/examples.ts'
import { outcomeText, remainingText } from './consent-text.ts'

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
    expect(outcomeText(consent, 'reports@contoso.com', connectedExample(settings))).toMatchObject(text)
  })

  it('has a title of its own for every status', () => {
    const titles = ConsentStatus.options.map(
      (status) => outcomeText({ purpose: 'configure', status }, null, connectedExample()).title,
    )
    expect(new Set(titles).size).toBe(ConsentStatus.options.length)
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
    expect(remainingText(expiresAt, new Date(now))).toBe(text)
  })
})
