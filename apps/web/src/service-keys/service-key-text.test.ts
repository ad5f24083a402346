import type { ServiceKey } from '@inforiver-mail/contract/service-key'
import { describe, expect, it } from 'vitest'
import { curlExample, inputFaults, revokeText, scopesText } from './service-key-text.ts'

function key(number: number, name: string): ServiceKey {
  return {
    id: `key_${String(number).padStart(32, '0')}`,
    name,
    scopes: ['messages:send'],
    createdAt: '2026-11-24T10:00:00.000Z',
    lastUsedAt: null,
  }
}

describe('scopesText', () => {
  it('says what a key allows in one order, whatever order it came in', () => {
    expect(scopesText(['settings:read', 'messages:send'])).toBe('Send messages, read settings')
  })
})

describe('inputFaults', () => {
  it('finds nothing wrong with a name and a scope', () => {
    expect(inputFaults({ name: 'report-scheduler', scopes: ['messages:send'] })).toEqual({ name: null, scopes: null })
  })

  it('names both faults at once', () => {
    expect(inputFaults({ name: '', scopes: [] })).toEqual({
      name: expect.stringContaining('name is needed'),
      scopes: expect.stringContaining('At least one'),
    })
  })
})

describe('revokeText', () => {
  it('warns that the last key of a name locks its service out', () => {
    const last = key(1, 'alerts')
    expect(revokeText(last, [last, key(2, 'reports')])).toContain('locked out')
  })

  it('says that the other key of a name keeps working', () => {
    const old = key(1, 'alerts')
    expect(revokeText(old, [old, key(2, 'alerts')])).toBe('alerts has another key, which keeps working.')
  })
})

describe('curlExample', () => {
  const origin = 'https://mail.contoso.com'

  it('sends a message to the admin with a key that may', () => {
    const example = curlExample(origin, ['messages:read', 'messages:send'], 'ada@contoso.com')
    expect(example).toContain('https://mail.contoso.com/api/v1/messages \\')
    expect(example).toContain(`-d '{"to":["ada@contoso.com"]`)
  })

  it('keeps an address with an apostrophe inside its quotes', () => {
    expect(curlExample(origin, ['messages:send'], "o'brien@contoso.com")).toContain(String.raw`o'\''brien@contoso.com`)
  })

  it.each([
    [['messages:read'], '/api/v1/messages '],
    [['settings:read'], '/api/v1/tenant-settings/office365-smtp '],
  ] as const)('only reads with a key that may %s', (scopes, path) => {
    const example = curlExample(origin, scopes, 'ada@contoso.com')
    expect(example).toContain(origin + path)
    expect(example).not.toContain('-d ')
  })
})
