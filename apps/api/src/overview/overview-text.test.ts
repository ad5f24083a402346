import type { Pause } from '@inforiver-mail/contract/usage'
import { expect, it } from 'vitest'
import { HOURS, MINUTES } from '../test-support/test-clock.ts'
import { likelyLimit } from './likely-limit.ts'
import { mailSentence, type MailSentence } from './overview-text.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')
const FACTS = {
  now: NOW,
  waiting: 0,
  held: 0,
  heldByDraft: 0,
  triedAgainAt: null,
  lastSentAt: null,
  pausedUntil: null,
  pausedBecause: null,
  quotaCode: null,
  problemTitle: null,
} as const

const pausedFor = (code: Pause['code'], answer: Partial<Pause> = {}) => ({
  mail: 'delayed' as const,
  pausedUntil: new Date(NOW.getTime() + 1 * HOURS),
  pausedBecause: { code, host: null, status: null, ...answer },
})

it.each<[string, Partial<MailSentence> & Pick<MailSentence, 'mail'>]>([
  [
    'Mail is going out. The last message left 2 minutes ago.',
    { mail: 'flowing', waiting: 3, lastSentAt: new Date(NOW.getTime() - 2 * MINUTES) },
  ],
  [
    'No mail is waiting to leave. The last message left 1 hour ago.',
    { mail: 'idle', lastSentAt: new Date(NOW.getTime() - 1 * HOURS) },
  ],
  [
    '2 messages that go by draft, as large ones do, are held: Microsoft refuses them. Other mail leaves.',
    { mail: 'idle', held: 2, heldByDraft: 2 },
  ],
  [
    '1 message waits to be tried again at 2026-11-24 10:02 UTC.',
    { mail: 'flowing', waiting: 1, triedAgainAt: new Date(NOW.getTime() + 2 * MINUTES) },
  ],
  ['No mailbox is connected yet.', { mail: 'not-configured' }],
  ['No mailbox is connected; 1 message waits for one.', { mail: 'not-configured', held: 1 }],
  [
    'Mail is stopped: The secret is wrong. 1,200 messages wait.',
    { mail: 'stopped', held: 1_200, problemTitle: 'The secret is wrong.' },
  ],
  ['Mail is delayed: Microsoft asked to wait. It goes on at 2026-11-24 11:00 UTC.', pausedFor('microsoft-asked')],
  [
    'Mail is delayed: something between this server and Microsoft answers in Microsoft’s place, for graph.microsoft.com (HTTP 403). Whoever operates Inforiver Mail has to check the proxy, the firewall or the gateway in between. It is tried again at 2026-11-24 11:00 UTC.',
    pausedFor('gateway', { host: 'graph.microsoft.com', status: 403 }),
  ],
  [
    'Mail is delayed: Microsoft does not accept an access token that it has just issued. It is tried again at 2026-11-24 11:00 UTC.',
    pausedFor('token-refused'),
  ],
  [
    'Mail is delayed: Microsoft Entra gives no access to the mailbox for now. It is tried again at 2026-11-24 11:00 UTC.',
    pausedFor('no-access'),
  ],
  [
    'Mail is delayed: a sending limit of Microsoft is used up (5.7.233). It goes on at 2026-11-24 11:00 UTC.',
    { ...pausedFor('limit-used-up'), quotaCode: '5.7.233' },
  ],
  ['Mail is delayed: 1 message is due, and nothing has left for 5 minutes.', { mail: 'delayed', waiting: 1 }],
])('says: %s', (sentence, facts) => {
  expect(mailSentence({ ...FACTS, ...facts })).toBe(sentence)
})

it.each([
  [null, 'reports@contoso.com', null],
  [0, 'reports@contoso.com', 5_000],
  [1, 'reports@contoso.com', 10_000],
  [100, 'reports@contoso.com', 22_059],
  [1_000, null, 72_446],
  [1_000, 'reports@contoso.onmicrosoft.com', 100],
])('expects for %o licences and the sender %o a limit of %o', (licences, sender, limit) => {
  expect(likelyLimit(licences, sender)).toBe(limit)
})
