import type { ServiceKey } from '@inforiver-mail/contract/service-key'
import { describe, expect, it } from 'vitest'
import { english, german } from '../test-support/languages.ts'
import { curlExample, inputFaults, type KeyDraft, limitsText, revokeText, scopesText } from './service-key-text.ts'

const NO_LIMITS = { expiresAt: null, allowedDomains: [], allowedAddresses: [] }

function key(number: number, name: string): ServiceKey {
  return {
    id: `key_${String(number).padStart(32, '0')}`,
    name,
    scopes: ['messages:send'],
    createdAt: '2026-11-24T10:00:00.000Z',
    lastUsedAt: null,
    ...NO_LIMITS,
  }
}

describe('scopesText', () => {
  it('lists what a key allows in a fixed order', () => {
    expect(scopesText(['settings:read', 'messages:send'], english)).toBe('send messages, read settings')
  })
})

const DRAFT: KeyDraft = {
  name: 'reports',
  scopes: ['messages:send'],
  expiresAt: '',
  endIsPartial: false,
  domains: '',
  addresses: '',
}
const faultsOf = (changes: Partial<KeyDraft>, t = english) =>
  inputFaults({ ...DRAFT, ...changes }, new Date('2026-11-24T10:00:00Z'), t)

describe('inputFaults', () => {
  it('accepts a key, without limits and with them', () => {
    const limits = {
      expiresAt: '2026-11-26T10:00',
      domains: 'contoso.com\n*.contoso.com',
      addresses: '10.0.0.0/8, ::1',
    }
    expect(Object.values({ ...faultsOf({}), ...faultsOf(limits) }).filter((fault) => fault !== null)).toEqual([])
  })

  it('reports the faults of all fields at once, and names the entry', () => {
    const entries = { expiresAt: '2026-11-22T10:00', domains: 'contoso.com\nx@contoso.com', addresses: '::1 localhost' }
    expect(faultsOf({ name: '', scopes: [], ...entries })).toEqual({
      name: expect.stringContaining('name is needed'),
      scopes: expect.stringContaining('At least one'),
      expiresAt: expect.stringContaining('in the past'),
      allowedDomains: expect.stringContaining('x@contoso.com: '),
      allowedAddresses: expect.stringContaining('localhost: '),
    })
    expect(faultsOf({ name: '', scopes: [], ...entries }, german)).toEqual({
      name: expect.stringContaining('Ein Name ist nötig'),
      scopes: expect.stringContaining('Mindestens ein Recht'),
      expiresAt: expect.stringContaining('Vergangenheit'),
      allowedDomains: expect.stringContaining('x@contoso.com: Nur eine Domäne'),
      allowedAddresses: expect.stringContaining('localhost: Eine IP-Adresse'),
    })
  })
})

describe('the end of a key', () => {
  it.each<[string, Partial<KeyDraft>]>([
    ['is a part of a date or time', { expiresAt: '', endIsPartial: true }],
    ['is after the last year of an ISO date', { expiresAt: '12026-01-01T00:00' }],
  ])('is objected to when it %s, which would leave it without one', (_what, changes) => {
    expect(faultsOf(changes).expiresAt).toBe('A whole date and a time are needed, or nothing.')
    expect(faultsOf(changes, german).expiresAt).toContain('Ein vollständiges Datum')
  })
})

describe('limitsText', () => {
  it('says what a key is limited to, and of many entries the first', () => {
    const limits = { allowedDomains: ['a.de', 'b.de', 'c.de', 'd.de'], allowedAddresses: ['10.0.0.0/8'] }
    expect(limitsText({ ...key(1, 'reports'), ...limits }, english)).toBe(
      'To a.de, b.de, c.de and 1 more; from 10.0.0.0/8',
    )
    expect(limitsText(key(1, 'reports'), english)).toBeNull()
  })
})

describe('revokeText', () => {
  it('warns that the last key of a name locks its service out', () => {
    const last = key(1, 'alerts')
    expect(revokeText(last, [last, key(2, 'reports')], english)).toContain('locked out')
  })

  it('says that the other key of a name keeps working', () => {
    const old = key(1, 'alerts')
    expect(revokeText(old, [old, key(2, 'alerts')], english)).toBe('alerts has another key, which keeps working.')
  })
})

describe('curlExample', () => {
  const origin = 'https://mail.contoso.com'

  it('sends a message to the admin when the key allows it', () => {
    const example = curlExample(origin, ['messages:read', 'messages:send'], 'ada@contoso.com')
    expect(example).toContain('https://mail.contoso.com/api/v1/messages \\')
    expect(example).toContain(`-d '{"to":["ada@contoso.com"]`)
  })

  it('escapes an apostrophe in the address for the shell', () => {
    expect(curlExample(origin, ['messages:send'], "o'brien@contoso.com")).toContain(String.raw`o'\''brien@contoso.com`)
  })

  it.each([
    [['messages:read'], '/api/v1/messages '],
    [['settings:read'], '/api/v1/tenant-settings/office365-smtp '],
  ] as const)('only reads when the key allows just %s', (scopes, path) => {
    const example = curlExample(origin, scopes, 'ada@contoso.com')
    expect(example).toContain(origin + path)
    expect(example).not.toContain('-d ')
  })
})
