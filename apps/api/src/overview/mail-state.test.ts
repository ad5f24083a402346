import { expect, it } from 'vitest'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import type { MailFacts } from '../queue/records/mail-facts.ts'
import { decideMail } from './overview.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')
const ago = (ms: number) => new Date(NOW.getTime() - ms)

const IDLE: MailFacts = {
  now: NOW,
  status: 'connected',
  problem: null,
  fromEmail: 'reports@contoso.com',
  connectedAt: ago(48 * HOURS),
  createdAt: ago(72 * HOURS),
  waiting: 0,
  scheduled: 0,
  held: 0,
  pausedUntil: null,
  pausedBecause: null,
  quota: null,
  troubledSince: null,
  oldestAt: null,
  firstDueAt: null,
  isSending: false,
  lastMovedAt: null,
  lastSentAt: null,
  lastEndedAt: null,
  known: null,
}
const waits = (ms: number) => ({ waiting: 3, oldestAt: ago(ms), firstDueAt: ago(ms) })
const PROBLEM = {
  values: {},
  code: 'app-misconfigured' as const,
  title: 'The secret is wrong',
  detail: '',
  action: '',
  correlationId: null,
  since: ago(2 * HOURS).toISOString(),
}

it.each<[string, Partial<MailFacts>, ReturnType<typeof decideMail>]>([
  [
    'nothing was ever connected',
    { status: 'not-configured', connectedAt: null },
    { mail: 'not-configured', since: ago(72 * HOURS) },
  ],
  [
    'the app registration is refused',
    { problem: PROBLEM, ...waits(9 * MINUTES) },
    { mail: 'stopped', since: ago(2 * HOURS) },
  ],
  [
    'somebody has to reconnect',
    { status: 'reconnect-required', problem: { ...PROBLEM, code: 'reconnect-required' } },
    { mail: 'stopped', since: ago(2 * HOURS) },
  ],
  ['Microsoft paused the mailbox', { pausedUntil: new Date(NOW.getTime() + 1) }, { mail: 'delayed', since: NOW }],
  [
    'a limit of Microsoft is used up',
    { pausedUntil: new Date(NOW.getTime() + 1), quota: { code: '5.7.233', since: ago(9 * MINUTES) } },
    { mail: 'delayed', since: ago(9 * MINUTES) },
  ],
  ['a pause is over', { pausedUntil: NOW, lastEndedAt: ago(1 * HOURS) }, { mail: 'idle', since: ago(1 * HOURS) }],
  [
    'nothing due moved for 5 minutes',
    { ...waits(9 * MINUTES), lastMovedAt: ago(8 * MINUTES) },
    { mail: 'delayed', since: ago(3 * MINUTES) },
  ],
  [
    'something moved a moment ago, although the oldest waits for long',
    { ...waits(2 * HOURS), lastMovedAt: ago(4 * MINUTES) },
    { mail: 'flowing', since: ago(2 * HOURS) },
  ],
  [
    'a large message has been on its way for long',
    { ...waits(9 * MINUTES), isSending: true },
    { mail: 'flowing', since: ago(9 * MINUTES) },
  ],
  [
    'Microsoft has not answered for 5 minutes, whatever was tried meanwhile',
    { ...waits(9 * MINUTES), isSending: true, lastMovedAt: ago(1 * SECONDS), troubledSince: ago(6 * MINUTES) },
    { mail: 'delayed', since: ago(1 * MINUTES) },
  ],
  [
    'what waits is tried again later',
    { waiting: 1, oldestAt: ago(9 * MINUTES), firstDueAt: new Date(NOW.getTime() + 1 * MINUTES) },
    { mail: 'flowing', since: ago(9 * MINUTES) },
  ],
  ['nothing was ever sent', { scheduled: 4, held: 2 }, { mail: 'idle', since: ago(48 * HOURS) }],
])('tells how mail stands when %s', (_when, facts, expected) => {
  expect(decideMail({ ...IDLE, ...facts })).toEqual(expected)
})

it.each<[string, Partial<MailFacts>, ReturnType<typeof decideMail>]>([
  [
    'the same as before, since then',
    { ...waits(1 * MINUTES), known: { mail: 'flowing', since: ago(3 * HOURS) } },
    { mail: 'flowing', since: ago(3 * HOURS) },
  ],
  [
    'idle again, since the message that nobody saw waiting left',
    { lastEndedAt: ago(1 * MINUTES), known: { mail: 'idle', since: ago(3 * HOURS) } },
    { mail: 'idle', since: ago(1 * MINUTES) },
  ],
  [
    'another state, not since before the last one',
    { ...waits(2 * HOURS), known: { mail: 'stopped', since: ago(1 * HOURS) } },
    { mail: 'delayed', since: ago(1 * HOURS) },
  ],
  [
    'reset, since somebody saw it',
    { status: 'not-configured', known: { mail: 'idle', since: ago(3 * HOURS) } },
    { mail: 'not-configured', since: NOW },
  ],
])('tells %s', (_what, facts, expected) => {
  expect(decideMail({ ...IDLE, ...facts })).toEqual(expected)
})
