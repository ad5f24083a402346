import type { AuditEvent } from '@inforiver-mail/contract/audit'
import { describe, expect, it } from 'vitest'
import { detailText, outcomeText, whatText, whoText } from './audit-text.ts'

function example(given: Partial<AuditEvent> = {}): AuditEvent {
  return {
    id: 'aud_1',
    at: '2026-11-24T10:00:00.000Z',
    actor: { id: 'usr_1', name: 'Ada Admin', email: 'ada@contoso.com' },
    action: 'settings-reset',
    outcome: 'done',
    details: {},
    ...given,
  }
}

describe('who', () => {
  it('is the person with the address', () => {
    expect(whoText(example())).toEqual({ name: 'Ada Admin', email: 'ada@contoso.com' })
  })

  it('is the account that was refused to sign in, where it is known', () => {
    const refused = { actor: null, action: 'sign-in', outcome: 'refused' } as const

    expect(whoText(example({ ...refused, details: { account: 'gil@fabrikam.com' } })).name).toBe('gil@fabrikam.com')
    expect(whoText(example({ ...refused, details: { account: null } })).name).toBe('Unknown')
  })

  it.each([
    ['reconnect-required', 'Microsoft'],
    ['service-key-created', 'Operator'],
    ['service-key-revoked', 'Operator'],
    ['vault-forgotten', 'Operator'],
    ['webhook-removed', 'Inforiver Mail'],
  ] as const)('is, where nobody of the tenant did it: %s, %s', (action, name) => {
    expect(whoText(example({ actor: null, action }))).toEqual({ name, email: null })
  })
})

it('is the service whose key was refused, where there is such a key', () => {
  const refused = { actor: null, action: 'service-key-refused', outcome: 'revoked' } as const

  expect(whoText(example({ ...refused, details: { name: 'reports' } })).name).toBe('reports')
  expect(whoText(example({ ...refused, outcome: 'unknown', details: { name: null } })).name).toBe('Unknown')
})

it.each([
  ['message-cancelled', {}, 'Message cancelled'],
  ['message-retried', {}, 'Message retried'],
  ['service-key-refused', {}, 'Service key refused'],
  ['access-refused', {}, 'Access refused'],
  ['notice-dismissed', {}, 'Notice dismissed'],
  ['consent-started', { purpose: 'configure' }, 'Consent started: connect a mailbox'],
  ['consent-ended', { purpose: 'large-attachments' }, 'Consent ended: enable large file attachments'],
  ['service-key-revoked', {}, 'Service key revoked'],
  ['webhook-tested', {}, 'Webhook tested'],
] as const)('says what was done: %s %j', (action, details, words) => {
  expect(whatText(example({ action, details }))).toBe(words)
})

it.each([
  ['done', 'Done'],
  ['workspace-admin', 'As workspace admin'],
  ['cancelled', 'Cancelled in the settings'],
  ['consent-cancelled', 'Cancelled at Microsoft'],
  ['send-as-denied', 'Send as denied'],
  ['name-not-found', 'Name not found'],
  ['unknown', 'There is no such key'],
  ['revoked', 'The key is revoked'],
  ['scope-missing', 'The key lacks the scope'],
  ['not-workspace-admin', 'Not a workspace admin'],
  ['The connection was revoked', 'The connection was revoked'],
])('says how it ended: %s', (outcome, words) => {
  expect(outcomeText(example({ outcome }))).toBe(words)
})

it('says what else is known in words, and nothing twice', () => {
  const details = {
    purpose: 'configure',
    fromEmail: 'reports@contoso.com',
    largeAttachments: false,
    correlationId: null,
    reason: 'wrong-account',
    records: 2,
    later: 'known later',
  }

  expect(detailText(example({ details }))).toEqual([
    { name: 'Sender', value: 'reports@contoso.com' },
    { name: 'Large file attachments', value: 'no' },
    { name: 'Reason', value: 'Wrong account' },
    { name: 'Records', value: '2' },
    { name: 'later', value: 'known later' },
  ])
})

it('names the account that is the person of a refused sign-in only there', () => {
  const details = { account: 'gil@fabrikam.com' }

  expect(detailText(example({ actor: null, action: 'sign-in', outcome: 'refused', details }))).toEqual([])
})

it('says of a refused key which it was, from where and for what it was used', () => {
  const details = { key: 'key_1', name: 'reports', client: '203.0.113.7', operation: 'submitMessage' }

  expect(detailText(example({ actor: null, action: 'service-key-refused', outcome: 'revoked', details }))).toEqual([
    { name: 'Key', value: 'key_1' },
    { name: 'From address', value: '203.0.113.7' },
    { name: 'Request', value: 'submitMessage' },
  ])
})

it('says whose access was connected, and what mailbox it is', () => {
  const details = { account: 'bob@contoso.com', mailbox: 'delegated' }

  expect(detailText(example({ action: 'consent-ended', outcome: 'completed', details }))).toEqual([
    { name: 'Account', value: 'bob@contoso.com' },
    { name: 'Mailbox', value: 'shared, or a group' },
  ])
})
