import type { AuditEvent } from '@inforiver-mail/contract/audit'
import { Role } from '@inforiver-mail/contract/caller'
import { ConsentProblemCode } from '@inforiver-mail/contract/consent-problem'
import { ConsentStatus } from '@inforiver-mail/contract/office365-smtp'
import { WebhookOutcome } from '@inforiver-mail/contract/webhook'
import { describe, expect, it } from 'vitest'
import { english, german } from '../test-support/languages.ts'
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

describe('whoText', () => {
  it('names the person with their address', () => {
    expect(whoText(example(), english)).toEqual({ name: 'Ada Admin', email: 'ada@contoso.com' })
  })

  it.each([
    ['sign-in', 'refused', { account: 'gil@fabrikam.com' }, 'gil@fabrikam.com'],
    ['sign-in', 'refused', { account: null }, 'Unknown'],
    ['service-key-refused', 'revoked', { name: 'reports' }, 'reports'],
    ['service-key-refused', 'unknown', { name: null }, 'Unknown'],
    ['reconnect-required', 'done', {}, 'Microsoft'],
    ['service-key-created', 'done', {}, 'Operator'],
    ['service-key-revoked', 'done', {}, 'Operator'],
    ['vault-forgotten', 'done', {}, 'Operator'],
    ['webhook-removed', 'done', {}, 'Inforiver Mail'],
  ] as const)('names who stands behind %s (%s) of %j without a person: %s', (action, outcome, details, name) => {
    expect(whoText(example({ actor: null, action, outcome, details }), english)).toEqual({ name, email: null })
  })
})

it.each([
  ['service-key-refused', {}, 'Service key refused'],
  ['consent-started', { purpose: 'configure' }, 'Consent started: connect a mailbox'],
  ['consent-ended', { purpose: 'large-attachments' }, 'Consent ended: enable large file attachments'],
] as const)('says what was done: %s %j is %j', (action, details, text) => {
  expect(whatText(example({ action, details }), english)).toBe(text)
})

it.each([
  ['done', 'Done'],
  ['name-not-found', 'Name not found'],
  ['unknown', 'There is no such key'],
  ['revoked', 'The key is revoked'],
  ['of-a-newer-version', 'Of a newer version'],
  ['scope-missing', 'The key lacks the scope'],
  ['not-workspace-admin', 'Not a workspace admin'],
  ['The connection was revoked', 'The connection was revoked'],
])('says how it ended: %s is %j', (outcome, text) => {
  expect(outcomeText(example({ outcome }), english)).toBe(text)
})

it('words in German what Microsoft refused, also where an older version recorded the English alone', () => {
  const refused = { action: 'reconnect-required', outcome: 'The permissions were withdrawn' } as const

  expect(outcomeText(example(refused), english)).toBe('The permissions were withdrawn')
  expect(outcomeText(example(refused), german)).toBe('Von Microsoft abgelehnt')
  expect(outcomeText(example({ ...refused, details: { sentence: 'reports-permission.title' } }), german)).toBe(
    'Eine Berechtigung fehlt',
  )
})

describe('detailText', () => {
  it('words filters, types and what secrets were dropped', () => {
    const filter = 'status=failed, search, delivery=quarantined, possibleDuplicate=true, problem=5.1.10'
    const shown = (details: AuditEvent['details']) => detailText(example({ details }), german)

    expect(shown({ filter })).toEqual([
      {
        name: 'Filter',
        value:
          'Status: Fehlgeschlagen, Suche, Zustellung: In Quarantäne, Kann zweimal ankommen: ja und Problem: 5.1.10',
      },
    ])
    expect(shown({ types: 'queue.stalled, message.failed' })).toEqual([
      { name: 'Sendet', value: 'Warteschlange steht still und Nachricht fehlgeschlagen' },
    ])
    expect(shown({ what: 'data-key' })).toEqual([{ name: 'Was', value: 'Inhalte von Nachrichten' }])
    expect(shown({ sentence: 'reports-permission.title' })).toEqual([])
  })

  it('labels the details and describes their values, without empty ones and the purpose, which is shown elsewhere', () => {
    const details = {
      purpose: 'configure',
      fromEmail: 'reports@contoso.com',
      largeAttachments: false,
      correlationId: null,
      reason: 'wrong-account',
      records: 2,
      later: 'known later',
    }

    expect(detailText(example({ details }), english)).toEqual([
      { name: 'Sender', value: 'reports@contoso.com' },
      { name: 'Large file attachments', value: 'no' },
      { name: 'Reason', value: 'Wrong account' },
      { name: 'Records', value: '2' },
      { name: 'later', value: 'known later' },
    ])
  })

  it('shows until when a mailbox paused as a time, and what a limit was changed to, with labels', () => {
    const until = '2026-11-24T10:00:00.000Z'
    const details = { until, pausedUntil: until, licences: 1200, internalDomains: 'contoso.com', bounces: true }

    expect(detailText(example({ details }), german)).toEqual([
      { name: 'Bis', value: german.time(until, 'short') },
      { name: 'Hätte geendet', value: german.time(until, 'short') },
      { name: 'Lizenzen', value: '1.200' },
      { name: 'Domänen der Organisation', value: 'contoso.com' },
      { name: 'Unzustellbarkeitsberichte', value: 'ja' },
    ])
  })

  it('leaves out the account of a refused sign-in, which is shown as the person', () => {
    const details = { account: 'gil@fabrikam.com' }

    expect(detailText(example({ actor: null, action: 'sign-in', outcome: 'refused', details }), english)).toEqual([])
  })

  it('says of a refused key which one it was, where it came from and what it was used for', () => {
    const details = { key: 'key_1', name: 'reports', client: '203.0.113.7', operation: 'submitMessage' }

    expect(
      detailText(example({ actor: null, action: 'service-key-refused', outcome: 'revoked', details }), english),
    ).toEqual([
      { name: 'Key', value: 'key_1' },
      { name: 'From address', value: '203.0.113.7' },
      { name: 'Request', value: 'submitMessage' },
    ])
  })

  it('says whose access was connected, and what kind of mailbox it is', () => {
    const details = { account: 'bob@contoso.com', mailbox: 'delegated' }

    expect(detailText(example({ action: 'consent-ended', outcome: 'completed', details }), english)).toEqual([
      { name: 'Account', value: 'bob@contoso.com' },
      { name: 'Mailbox', value: 'shared, or a group' },
    ])
  })
})

it.each([...Role.options, ...ConsentStatus.options, ...ConsentProblemCode.options, ...WebhookOutcome.options])(
  'has a text in both languages for the outcome %s',
  (outcome) => {
    expect([english, german].map((t) => t.known(`audit.outcome.${outcome}`))).not.toContain(null)
  },
)
