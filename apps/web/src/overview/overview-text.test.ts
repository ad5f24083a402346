import { expect, it } from 'vitest'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import type { Overview } from '@inforiver-mail/contract/overview'
import { connectedExample } from '../test-support/examples.ts'
import { english, german } from '../test-support/languages.ts'
import {
  dayBegan,
  isUnused,
  lastLeavesAt,
  remedyOf,
  sentenceOf,
  standingOf,
  unknownSince,
  warningsOf,
} from './overview-text.ts'

const NOTHING = { at: '2026-11-24T00:00:00.000Z', sent: 0, failed: 0, held: 0, bounced: 0 }
const OVERVIEW: Overview = {
  mail: 'not-configured',
  sentence: '',
  since: '2026-11-24T10:00:00.000Z',
  lastSentAt: null,
  sendingProcess: null,
  waiting: { count: 0, oldestAt: null, triedAgainAt: null, lastLeavesAt: null },
  scheduled: 0,
  held: { count: 0, because: {} },
  failed24h: { count: 0, byCode: {} },
  bounced24h: { count: 0, byCode: {} },
  quarantined24h: 0,
  hours: [NOTHING],
  days: [NOTHING],
  limits: {
    messagesPerMinute: null,
    recipientsPerDay: null,
    uploadBytesPer5Minutes: null,
    concurrentRequests: null,
    storage: { usedBytes: 0, limitBytes: 10_737_418_240 },
    pausedUntil: null,
    pausedBecause: null,
    waitingMessages: 0,
    estimatedLastSentAt: null,
    externalRecipientsPerDay: { used: 0, likelyLimit: null },
  },
}

const PROBLEM = {
  code: 'app-misconfigured',
  values: {},
  title: 'The app registration is refused',
  detail: 'The secret has ended.',
  action: 'Whoever operates the app registration makes another.',
  since: '2026-11-24T10:00:00.000Z',
  correlationId: null,
} as const

it.each<[boolean, string, Partial<Overview>]>([
  [true, 'was never used', {}],
  [false, 'is connected', { mail: 'idle' }],
  [false, 'holds what services submitted', { held: { count: 1, because: { 'not-configured': 1 } } }],
  [false, 'sent mail days ago', { days: [{ ...NOTHING, sent: 4 }] }],
])('says %s for whether an installation is unused that %s', (expected, _what, changes) => {
  expect(isUnused({ ...OVERVIEW, ...changes })).toBe(expected)
})

it('no longer knows how the mail stands a minute after the last answer, unless another one came', () => {
  const readAt = Date.parse('2026-11-24T10:00:00.000Z')

  expect(unknownSince(readAt, 0)).toBeNull()
  expect(unknownSince(readAt, readAt + 59_000)).toBeNull()
  expect(unknownSince(readAt, readAt + 60_000)).toBe('2026-11-24T10:00:00.000Z')
  expect(unknownSince(readAt, readAt - 1)).toBeNull()
})

it('says until when a mailbox is paused, else that nothing leaves', () => {
  const late = { ...OVERVIEW, mail: 'delayed' as const, waiting: { ...OVERVIEW.waiting, count: 2 } }
  const paused = { ...late, limits: { ...late.limits, pausedUntil: '2026-11-24T11:00:00.000Z' } }

  expect(sentenceOf(late, undefined, english)).toBe(
    'Mail is delayed: 2 messages are due, and nothing has left for 5 minutes.',
  )
  expect(sentenceOf(paused, undefined, english)).toContain('the mailbox is paused. It is tried again at 24 Nov 2026')
  expect(sentenceOf(late, undefined, german)).toContain('2 Nachrichten sind fällig')
})

it.each([
  ['gateway', 'gateway', 'something between this server and Microsoft answers in Microsoft’s place', 'HTTP 403'],
  ['token-refused', null, 'Microsoft does not accept an access token', 'tried again at'],
  ['no-access', null, 'Microsoft Entra gives no access', 'tried again at'],
] as const)('says of a pause for %s who keeps mail, with the remedy %s', (code, remedy, ...said) => {
  const pausedBecause = { code, host: 'graph.microsoft.com', status: 403 }
  const limits = { ...OVERVIEW.limits, pausedUntil: '2026-11-24T11:00:00.000Z', pausedBecause }
  const paused = { ...OVERVIEW, mail: 'delayed' as const, limits }

  for (const words of said) expect(sentenceOf(paused, undefined, english)).toContain(words)
  expect(remedyOf(paused, undefined)).toBe(remedy)
})

it.each([
  ['idle', 'by-draft', '2 messages that go by draft, such as large ones, are held: Microsoft refuses them.'],
  ['flowing', 'by-draft', '2 messages that go by draft, such as large ones, are held: Microsoft refuses them.'],
  ['stopped', 'stopped', 'Mail is stopped'],
] as const)('says of held messages where mail is %s that it stands as %s', (mail, standing, sentence) => {
  const overview = { ...OVERVIEW, mail, held: { count: 2, because: { 'mailbox-refused': 2 } } }

  expect(standingOf(overview)).toBe(standing)
  expect(sentenceOf(overview, undefined, english)).toContain(sentence)
  expect(remedyOf(overview, undefined)).toBe('stopped')
})

it('says that what waits is tried again, and no time where somebody has to act', () => {
  const at = '2026-11-24T11:00:00.000Z'
  const waiting = { count: 1, oldestAt: at, triedAgainAt: at, lastLeavesAt: at }
  const retried = { ...OVERVIEW, mail: 'flowing' as const, waiting }

  expect(sentenceOf(retried, undefined, english)).toContain('1 message waits to be tried again at 24 Nov 2026')
  expect(remedyOf(retried, undefined)).toBe('retried')
  expect(lastLeavesAt(retried)).toBe(at)
  expect(lastLeavesAt({ ...retried, mail: 'stopped' })).toBeNull()
})

it('names the limit of Microsoft that is used up', () => {
  const limits = { ...OVERVIEW.limits, pausedUntil: '2026-11-24T11:00:00.000Z' }
  const paused = { ...OVERVIEW, mail: 'delayed' as const, limits }
  const problem = {
    code: 'quota-exceeded',
    values: { code: '5.7.233', until: limits.pausedUntil },
    title: 'Mail is paused',
    detail: 'Too many recipients.',
    action: 'Choose Send now.',
    since: '2026-11-24T10:00:00.000Z',
    correlationId: null,
  } as const
  const settings = connectedExample({ problem })

  expect(sentenceOf(paused, settings, english)).toContain('a sending limit of Microsoft is used up (5.7.233)')
  expect(sentenceOf(paused, settings, german)).toContain('Ein Sendelimit von Microsoft ist ausgeschöpft (5.7.233)')
  expect(sentenceOf({ ...paused, mail: 'flowing' }, settings, english)).toBe('Mail is going out.')
  expect(remedyOf(paused, settings)).toBeNull()
})

it.each<[Overview['mail'], Partial<Office365SmtpSettings> | null, string | null, string]>([
  ['stopped', { status: 'reconnect-required' }, 'reconnect', 'Mail is stopped: the mailbox has to be reconnected.'],
  ['stopped', { problem: PROBLEM }, 'app', 'Mail is stopped: the app registration has to be repaired.'],
  ['stopped', null, 'stopped', 'Mail is stopped: somebody has to act before anything leaves.'],
  ['not-configured', null, 'not-configured', 'No mailbox is connected yet.'],
  ['delayed', null, 'late', 'Mail is delayed: 0 messages are due, and nothing has left for 5 minutes.'],
  ['flowing', null, null, 'Mail is going out.'],
])('names the remedy where mail is %s, with settings of %j: %s', (mail, settings, remedy, sentence) => {
  const overview = { ...OVERVIEW, mail }
  const read = settings === null ? undefined : connectedExample(settings)

  expect(remedyOf(overview, read)).toBe(remedy)
  expect(sentenceOf(overview, read, english)).toBe(sentence)
})

it.each([
  [0, null, 0],
  [799, 1_000, 0],
  [800, 1_000, 1],
  [0, 100, 1],
  [80, 100, 2],
])('with %i external recipients of about %o gives %i warnings', (used, likelyLimit, warnings) => {
  const limits = { ...OVERVIEW.limits, externalRecipientsPerDay: { used, likelyLimit } }
  expect(warningsOf(limits, english)).toHaveLength(warnings)
})

it.each([
  ['2026-11-25T09:20:00.000Z', '2026-11-24T09:20:00.000Z'],
  ['2026-11-25T11:20:00.000Z', '2026-11-24T10:00:00.000Z'], // its clock is fast
  ['2026-11-25T07:20:00.000Z', '2026-11-24T09:00:00.000Z'], // its clock is slow
])('counts a day from the hours of the server when the reader has %s', (now, began) => {
  const hours = [{ ...NOTHING, at: '2026-11-24T10:00:00.000Z' }]
  expect(dayBegan(new Date(now), hours).toISOString()).toBe(began)
})
