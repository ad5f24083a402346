import { describe, expect, it } from 'vitest'
import { exampleMessage, exampleSummary } from '../test-support/examples.ts'
import { english, german } from '../test-support/languages.ts'
import {
  canCancel,
  canRetry,
  duplicateText,
  noAttemptText,
  progressText,
  recipientsNote,
  recipientText,
  retryMayDuplicate,
  statusNotes,
  subjectText,
  uploadAnnouncement,
  waitingReason,
} from './message-text.ts'

const at = '2026-11-24T10:00:00.000Z'

function progressOf(sentMb: number, totalMb: number) {
  return { sentBytes: sentMb * 1024 * 1024, totalBytes: totalMb * 1024 * 1024 }
}

function problem(code: 'gave-up' | 'outcome-unknown' | 'recipient-refused') {
  return { code, values: {}, title: 'Title', detail: 'Detail.', microsoftCode: null, requestId: null }
}

describe('statusNotes', () => {
  it.each([
    ['why a message is held', { status: 'held', heldBecause: 'not-configured' }, ['No mailbox connected']],
    ['the title of the problem of a failed message', { status: 'failed', problem: problem('gave-up') }, ['Title']],
    ['that a message may arrive twice', { status: 'sent', possibleDuplicate: true }, ['May arrive twice']],
    ['nothing about a message that was simply sent', { status: 'sent', delivery: { unknown: 3 } }, []],
    [
      'what became of the recipients, where it is reported',
      { status: 'sent', delivery: { unknown: 1, delivered: 2, failed: 1 } },
      ['2 delivered', '1 not delivered'],
    ],
    ['nothing about a queued message that does not wait', { status: 'queued' }, []],
  ] as const)('shows %s', (_what, message, notes) => {
    expect(statusNotes(exampleSummary(message), english)).toEqual(notes)
  })

  it('words the title of a problem in the page’s language', () => {
    const values = { title: 'gave-up.title', detail: ['tried-for-a-day'] }
    const message = exampleSummary({ status: 'failed', problem: { ...problem('gave-up'), values } })
    expect(statusNotes(message, german)).toEqual([german.known('server.gave-up.title')])
  })
})

it.each([
  ['mailbox-paused', 'Mailbox is paused'],
  ['messages-per-minute', 'Limit of messages a minute'],
  ['recipients-per-day', 'Limit of recipients a day'],
  ['uploads-per-5-minutes', 'Limit of uploads'],
  ['requests-at-once', 'Other messages are being sent'],
  ['retry', 'Will be tried again'],
] as const)('says in short that a queued message waits for %s, and why in a sentence', (waitingBecause, note) => {
  const message = exampleSummary({ waitingBecause })
  expect(statusNotes(message, english)).toEqual([note])
  expect(waitingReason(message, null, english)).toMatch(/^[A-Z].+\.$/)
})

it.each([
  ['gateway', 'graph.microsoft.com', 'something between this server and Microsoft answers in Microsoft’s place'],
  ['token-refused', null, 'does not accept an access token'],
  ['microsoft-asked', null, 'Microsoft asked to wait'],
] as const)('says of a mailbox that is paused for %s (%s) that %s', (code, host, why) => {
  const message = exampleSummary({ waitingBecause: 'mailbox-paused' })
  expect(waitingReason(message, { code, host, status: host && 403 }, english)).toContain(why)
})

it('gives no reason for a message that does not wait', () => {
  expect(waitingReason(exampleMessage(), null, english)).toBeNull()
})

it.each([
  [[], 'Copies only'],
  [['a', 'b', 'c', 'd'], 'a@contoso.com, b@contoso.com and 2 more'],
])('sums up the recipients %j as %j', (names, note) => {
  expect(
    recipientsNote(
      names.map((name) => ({ address: `${name}@contoso.com` })),
      english,
    ),
  ).toBe(note)
})

it('replaces an empty subject', () => {
  expect(subjectText('  ', english)).toBe('(no subject)')
})

it.each([
  ['sent', 'twice'],
  ['queued', 'already'],
] as const)('warns of a possible duplicate of a message that is %s', (status, text) => {
  expect(duplicateText(exampleMessage({ status, possibleDuplicate: true }), english)).toContain(text)
})

it.each([
  [12.2, 60, '12 of 60 MB'],
  [0, 4.25, '0.0 of 4.3 MB'],
])('shows an upload of %d of %d MB as %j', (sent, total, text) => {
  expect(progressText(progressOf(sent, total), english)).toBe(text)
})

describe('uploadAnnouncement', () => {
  it('changes at each quarter of an upload and not in between', () => {
    const announcements = Array.from({ length: 101 }, (_, sent) =>
      uploadAnnouncement(exampleMessage({ status: 'sending', progress: progressOf(sent, 100) }), english),
    )
    expect([...new Set(announcements)]).toEqual([
      'The attachments are being uploaded',
      '25 percent of the attachments are uploaded',
      '50 percent of the attachments are uploaded',
      '75 percent of the attachments are uploaded',
      '100 percent of the attachments are uploaded',
    ])
  })

  it.each([
    ['sent', 'The message is sent'],
    ['failed', ''], // a notice says so
  ] as const)('ends for a message that is %s with %j', (status, text) => {
    expect(uploadAnnouncement(exampleMessage({ status }), english)).toBe(text)
  })
})

it.each([
  ['scheduled', null, true, false],
  ['queued', null, true, false],
  ['sending', null, false, false],
  ['sending', progressOf(1, 2), true, false],
  ['sent', null, false, false],
  ['failed', null, false, true],
  ['held', null, true, false],
  ['cancelled', null, false, false],
] as const)('a message that is %s with upload %j: cancel %j, retry %j', (status, progress, cancel, retry) => {
  const message = exampleMessage({ status, progress })
  expect([canCancel(message), canRetry(message)]).toEqual([cancel, retry])
})

describe('retryMayDuplicate', () => {
  const unanswered = {
    at,
    firstAt: at,
    count: 1,
    outcome: 'unknown',
    code: null,
    values: {},
    detail: 'No answer.',
  } as const

  it.each([
    ['the outcome is unknown', { problem: problem('outcome-unknown') }, true],
    ['any attempt had no answer', { problem: problem('gave-up'), attempts: [unanswered] }, true],
    ['Microsoft refused the message', { problem: problem('recipient-refused') }, false],
  ])('when %s: %j', (_when, message, mayDuplicate) => {
    expect(retryMayDuplicate(exampleMessage({ status: 'failed', ...message }))).toBe(mayDuplicate)
  })
})

it.each([
  [{ status: 'queued' }, 'No attempt to send it has been made yet.'],
  [{ status: 'cancelled' }, 'No attempt to send it was made.'],
  [{ status: 'sending' }, 'The first attempt is under way.'],
  [
    { status: 'sending', progress: progressOf(1, 20) },
    'Its attachments are being uploaded. It is sent when all of them are there.',
  ],
] as const)('says why %j has no attempts: %s', (message, text) => {
  expect(noAttemptText(exampleMessage(message), english)).toBe(text)
})

it('keeps name and address of a recipient in their order, whatever the direction of the name', () => {
  expect(recipientText({ address: 'auditor@audit.example' })).toBe('auditor@audit.example')
  expect(recipientText({ address: 'auditor@audit.example', name: 'Auditor' })).toBe('Auditor (auditor@audit.example)')
  expect(recipientText({ address: 'dana@contoso.com', name: 'דנה לוי' })).toBe('\u2068דנה לוי\u2069 (dana@contoso.com)')
})
