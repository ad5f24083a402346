import type { Credential } from '@inforiver-mail/contract/credential'
import type { Usage } from '@inforiver-mail/contract/usage'
import { describe, expect, it } from 'vitest'
import { connectedExample, exampleSettings } from '../test-support/examples.ts'
import { english, german } from '../test-support/languages.ts'
import {
  asksToReconnect,
  connectionText,
  credentialWarning,
  meanwhileText,
  onTheWireText,
  permissionText,
  resetWaitingText,
  settingsProblemText,
  usageText,
  waitingText,
} from './connection-text.ts'

const refused = { status: 'reconnect-required' } as const
const misconfigured = {
  problem: {
    code: 'app-misconfigured',
    title: 'The client secret has expired',
    detail: '',
    action: '',
    since: '2026-11-24T10:00:00.000Z',
    correlationId: null,
    values: {},
  },
} as const

it.each([
  ['mailbox-refused', ['remedy.access-denied', 'then-sends-one'], true],
  ['mailbox-refused', ['remedy.permission-missing', 'then-sends-one'], true],
  ['mailbox-refused', ['remedy.mailbox-full', 'then-sends-one'], false],
  ['token-refused', ['token-refused.remedy', 'keeps-trying'], false],
  ['app-misconfigured', [], false],
] as const)('offers for %s with %j to reconnect: %s', (code, action, offered) => {
  expect(asksToReconnect({ ...misconfigured.problem, code, values: { action: [...action] } })).toBe(offered)
})

describe('connectionText', () => {
  it.each([
    ['a delegated mailbox', {}, "Sends as reports@contoso.com with Ada Admin's access."],
    [
      "the person's own mailbox",
      { fromEmail: 'ada@contoso.com', mailbox: 'own' },
      "Sends as ada@contoso.com, Ada Admin's own mailbox.",
    ],
    [
      'application access, which is nobody in particular',
      { mailbox: 'application', connectedAs: null },
      "Sends as reports@contoso.com with the application's own access.",
    ],
    [
      'a mailbox that has to be reconnected',
      refused,
      'Nothing is sent as reports@contoso.com until the mailbox is reconnected.',
    ],
    [
      'an app registration that does not work',
      misconfigured,
      'Nothing is sent as reports@contoso.com until the app registration works again.',
    ],
  ] as const)('describes %s', (_what, settings, text) => {
    expect(connectionText(connectedExample(settings), english)).toBe(text)
  })

  it('says nothing while nothing is configured', () => {
    expect(connectionText(exampleSettings(), english)).toBeNull()
  })
})

describe('waitingText', () => {
  it.each([
    ['nothing waits', connectedExample(), {}, null],
    ['messages are due', connectedExample({ waitingMessages: 5 }), { toBeSent: 2 }, '2 messages wait to be sent.'],
    ['messages are only scheduled or held', connectedExample({ waitingMessages: 5 }), { scheduled: 4 }, null],
    [
      'no mailbox is connected',
      exampleSettings({ waitingMessages: 25 }),
      { scheduled: 24 },
      '1 message waits and cannot leave until a mailbox is connected.',
    ],
    [
      'the mailbox has to be reconnected',
      connectedExample({ ...refused, waitingMessages: 1200 }),
      {},
      '1,200 messages wait and cannot leave until the mailbox is reconnected.',
    ],
    [
      'the app registration does not work',
      connectedExample({ ...misconfigured, waitingMessages: 1 }),
      {},
      '1 message waits and cannot leave until the app registration works again.',
    ],
  ])('says what messages wait for when %s', (_when, settings, counts, text) => {
    expect(waitingText(settings, english, counts)).toBe(text)
  })
})

describe('meanwhileText', () => {
  it.each([
    [
      'that mail keeps leaving until a new sender is in place',
      {},
      true,
      /^Mail keeps leaving .* until this completes\./,
    ],
    ['that mail keeps leaving', {}, false, /^Mail keeps leaving .* meanwhile\./],
    ['that messages stay held until a reconnect', refused, true, /^Messages stay held until this completes\./],
    [
      'that messages stay held while the app registration does not work',
      misconfigured,
      true,
      /^Messages stay held until the app registration works again\./,
    ],
  ])('says %s', (_what, settings, changesSender, text) => {
    expect(meanwhileText(connectedExample(settings), changesSender, english)).toMatch(text)
  })

  it('says nothing while nothing is configured', () => {
    expect(meanwhileText(exampleSettings(), false, english)).toBeNull()
  })
})

it('says before a reset how many messages it leaves waiting', () => {
  expect(resetWaitingText(2, english)).toMatch(/^2 messages wait and cannot leave/)
})

it.each([
  [0, null],
  [
    1,
    '1 message was already on its way to Microsoft and could not be recalled: it may have left from ada@contoso.com.',
  ],
  [
    3,
    '3 messages were already on their way to Microsoft and could not be recalled: they may have left from ada@contoso.com.',
  ],
])('says what may still have left from the old sender, with %i requests on the wire', (requests, text) => {
  expect(onTheWireText(requests, 'ada@contoso.com', english)).toBe(text)
})

describe('usageText', () => {
  const unlimited: Usage = {
    messagesPerMinute: null,
    recipientsPerDay: null,
    uploadBytesPer5Minutes: null,
    concurrentRequests: null,
    storage: { usedBytes: 0, limitBytes: 10_737_418_240 },
    pausedUntil: null,
    pausedBecause: null,
    waitingMessages: 0,
    estimatedLastSentAt: null,
  }

  it.each([
    [
      'every limit that an admin can use',
      {
        messagesPerMinute: { limit: 30, left: 28 },
        recipientsPerDay: { limit: 10_000, left: 9_990 },
        uploadBytesPer5Minutes: { limit: 157_286_400, left: 157_286_400 },
        concurrentRequests: { limit: 4, left: 4 },
      },
      'Left now: 28 of 30 messages a minute, 9,990 of 10,000 recipients a day, 150 of 150 MB of attachments in 5 minutes.',
    ],
    [
      'no limit that is switched off',
      { recipientsPerDay: { limit: 100, left: 3 } },
      'Left now: 3 of 100 recipients a day.',
    ],
    ['nothing when all limits are switched off', {}, null],
  ])('shows %s', (_what, usage, text) => {
    expect(usageText({ ...unlimited, ...usage }, english)).toBe(text)
  })
})

const usedUp = {
  code: 'quota-exceeded',
  values: { code: '5.1.90', until: '2026-11-27T06:48:46.803Z' },
  title: 'Mail is paused',
  detail: 'The mailbox has written to too many recipients. Mail goes on by itself on November 27, 2026 at 6:48 AM UTC.',
  action: 'Choose Send now.',
  since: '2026-11-27T05:48:46.803Z',
  correlationId: null,
} as const

it('words a used-up limit in German, with its code and the end of the pause', () => {
  const { title, detail, action } = settingsProblemText(usedUp, german)
  expect(title).toContain('Eine Grenze von Microsoft ist ausgeschöpft (5.1.90)')
  expect(detail).toMatch(/Das Postfach .* ab 27\.11\.2026, \d\d:48 von selbst weiter\./)
  expect(action).toContain('Jetzt senden')
})

it('words a used-up limit in English by the time of the reader', () => {
  const said = settingsProblemText(usedUp, english)
  expect(said.title).toBe('Mail is paused: a limit of Microsoft is used up (5.1.90)')
  const until = english.time(usedUp.values.until, 'short')
  expect(said.detail).toMatch(/^The mailbox .*\. Mail goes on by itself on /)
  expect(said.detail).toContain(`on ${until}.`)
  expect(said.detail).not.toContain('UTC')
})

describe('permissionText', () => {
  it('recognises a permission whatever case Microsoft writes it in', () => {
    expect(permissionText('mail.send', 'delegated', null, english)).toBe('Send mail as the person who gives consent.')
  })

  it('names the person once somebody has given access', () => {
    expect(permissionText('Mail.Send', 'delegated', 'Ada Admin', english)).toBe('Send mail as Ada Admin.')
    expect(permissionText('User.Read', 'delegated', 'Ada Admin', english)).toBe("Read Ada Admin's name and address.")
  })

  it('has no text for a permission that the product never asks for', () => {
    expect(permissionText('Calendars.Read', 'delegated', null, english)).toBeNull()
  })

  it('mentions no person when the application itself has access', () => {
    expect(permissionText('Mail.Send', 'application', null, english)).toBe(
      'Send mail from every mailbox the application may use.',
    )
    expect(permissionText('Mail.ReadWrite', 'application', null, english)).not.toContain('person')
  })
})

describe('credentialWarning', () => {
  function credential(given: Partial<Credential> = {}): Credential {
    return { kind: 'secret', expiresAt: '2027-05-01T00:00:00.000Z', daysLeft: 30, level: 'notice', ...given }
  }

  it('does not warn while there is time, or when the expiry is unknown', () => {
    expect(credentialWarning(credential({ daysLeft: 61, level: 'ok' }), english)).toBeNull()
    expect(credentialWarning(credential({ expiresAt: null, daysLeft: null, level: 'ok' }), english)).toBeNull()
  })

  it.each([
    [30, 'notice', 'warning', 'The client secret of the app registration expires in 30 days'],
    [7, 'warning', 'warning', 'The client secret of the app registration expires in 7 days'],
    [1, 'warning', 'warning', 'The client secret of the app registration expires within a day'],
    [0, 'expired', 'error', 'The client secret of the app registration has expired'],
  ] as const)('warns with %i days left, at level %s', (daysLeft, level, intent, title) => {
    expect(credentialWarning(credential({ daysLeft, level }), english)).toMatchObject({ intent, title })
  })

  it('writes the day, which is one in UTC, in the language of the page', () => {
    expect(credentialWarning(credential(), english)?.detail).toMatch(/^It expires on 1 May 2027\./)
    expect(credentialWarning(credential(), german)?.detail).toMatch(/^Ablauf am 01\.05\.2027\./)
  })

  it('says what to renew, and where to put it', () => {
    expect(credentialWarning(credential(), english)?.action).toContain('AZURE_CLIENT_SECRET_EXPIRES')
    expect(credentialWarning(credential({ kind: 'certificate' }), english)).toMatchObject({
      title: 'The certificate of the app registration expires in 30 days',
      action: expect.stringContaining('AZURE_CLIENT_CERTIFICATE_PATH'),
    })
  })
})
