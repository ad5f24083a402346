import { ConsentStatus } from '@inforiver-mail/contract/office365-smtp'
import { describe, expect, it } from 'vitest'
import { connectedExample, exampleSettings } from '../test-support/examples.ts'
import { outcomeText, remainingText } from './consent-text.ts'

describe('outcomeText', () => {
  const configured = { purpose: 'configure', status: 'completed' } as const

  it('claims success when the settings show the sender', () => {
    expect(outcomeText(configured, 'reports@contoso.com', connectedExample())).toMatchObject({
      intent: 'success',
      detail: 'Mail leaves from reports@contoso.com.',
    })
  })

  it('claims no success after a reset', () => {
    expect(outcomeText(configured, 'reports@contoso.com', exampleSettings()).intent).toBe('info')
  })

  it('claims no success while another sender is configured', () => {
    const settings = connectedExample({ fromEmail: 'alerts@contoso.com' })
    expect(outcomeText(configured, 'reports@contoso.com', settings).intent).toBe('info')
  })

  it('does not take a connection that Microsoft refuses by now for a change of the settings', () => {
    const settings = connectedExample({ status: 'reconnect-required' })
    expect(outcomeText(configured, 'reports@contoso.com', settings).title).toBe('Connected')
  })

  it('claims no large attachments that the settings do not show', () => {
    const consent = { purpose: 'large-attachments', status: 'completed' } as const
    expect(outcomeText(consent, 'reports@contoso.com', connectedExample()).intent).toBe('info')
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
  ])('says at %s: %s', (now, words) => {
    expect(remainingText(expiresAt, new Date(now))).toBe(words)
  })
})
