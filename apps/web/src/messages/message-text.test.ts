import { describe, expect, it } from 'vitest'
import { exampleMessage } from '../test-support/examples.ts'
import {
  canCancel,
  canRetry,
  duplicateText,
  noAttemptText,
  progressText,
  readStatus,
  recipientsNote,
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
  return { code, title: 'Title', detail: 'Detail.', microsoftCode: null, requestId: null }
}

it.each([
  ['failed', 'failed'],
  ['FAILED', null],
  ['', null],
  [null, null],
])('reads the status %j of an address as %j', (text, status) => {
  expect(readStatus(text)).toBe(status)
})

describe('statusNotes', () => {
  it('says in a few words what a held message waits for', () => {
    expect(statusNotes(exampleMessage({ status: 'held', heldBecause: 'not-configured' }))).toEqual([
      'No mailbox connected',
    ])
  })

  it("gives a failed message its problem's title", () => {
    expect(statusNotes(exampleMessage({ status: 'failed', problem: problem('gave-up') }))).toEqual(['Title'])
  })

  it.each([
    ['mailbox-paused', 'Mailbox is paused'],
    ['messages-per-minute', 'Limit of messages a minute'],
    ['recipients-per-day', 'Limit of recipients a day'],
    ['uploads-per-5-minutes', 'Limit of uploads'],
    ['requests-at-once', 'Other messages are being sent'],
    ['retry', 'Will be tried again'],
  ] as const)(
    'says in a few words that a queued message waits for %s, and why in a sentence',
    (waitingBecause, note) => {
      const message = exampleMessage({ waitingBecause })
      expect(statusNotes(message)).toEqual([note])
      expect(waitingReason(message)).toMatch(/^[A-Z].+\.$/)
    },
  )

  it('says nothing of a queued message that nothing keeps', () => {
    expect(statusNotes(exampleMessage())).toEqual([])
    expect(waitingReason(exampleMessage())).toBeNull()
  })

  it('marks what may arrive twice', () => {
    expect(statusNotes(exampleMessage({ status: 'sent', possibleDuplicate: true }))).toEqual(['May arrive twice'])
  })

  it('has nothing to add to a message that was simply sent', () => {
    expect(statusNotes(exampleMessage({ status: 'sent' }))).toEqual([])
  })
})

describe('recipientsNote', () => {
  it('counts those it does not name', () => {
    const to = ['a', 'b', 'c', 'd'].map((name) => ({ address: `${name}@contoso.com` }))
    expect(recipientsNote(to)).toBe('a@contoso.com, b@contoso.com and 2 more')
  })

  it('says when there are only copies', () => {
    expect(recipientsNote([])).toBe('Copies only')
  })
})

it('stands in for an empty subject', () => {
  expect(subjectText('  ')).toBe('(no subject)')
})

describe('duplicateText', () => {
  it('warns of a second copy once it is sent', () => {
    expect(duplicateText(exampleMessage({ status: 'sent', possibleDuplicate: true }))).toContain('twice')
  })

  it('warns of a first copy while it is not', () => {
    expect(duplicateText(exampleMessage({ status: 'queued', possibleDuplicate: true }))).toContain('already')
  })
})

it.each([
  [12.2, 60, '12 of 60 MB'],
  [0, 4.25, '0.0 of 4.3 MB'],
])('says of %d MB of %d that are uploaded: %j', (sent, total, words) => {
  expect(progressText(progressOf(sent, total))).toBe(words)
})

describe('uploadAnnouncement', () => {
  it('changes at each quarter of an upload and not in between', () => {
    const news = Array.from({ length: 101 }, (_, sent) =>
      uploadAnnouncement(exampleMessage({ status: 'sending', progress: progressOf(sent, 100) })),
    )
    expect([...new Set(news)]).toEqual([
      'The attachments are being uploaded',
      '25 percent of the attachments are uploaded',
      '50 percent of the attachments are uploaded',
      '75 percent of the attachments are uploaded',
      '100 percent of the attachments are uploaded',
    ])
  })

  it('says that the message is sent', () => {
    expect(uploadAnnouncement(exampleMessage({ status: 'sent' }))).toBe('The message is sent')
  })

  it('leaves to a notice what it says', () => {
    expect(uploadAnnouncement(exampleMessage({ status: 'failed' }))).toBe('')
  })
})

it.each([
  ['scheduled', true, false],
  ['queued', true, false],
  ['sending', false, false],
  ['sent', false, false],
  ['failed', false, true],
  ['held', true, false],
  ['cancelled', false, false],
] as const)('lets a message that is %s be cancelled: %j, be retried: %j', (status, cancel, retry) => {
  expect([canCancel(exampleMessage({ status })), canRetry(exampleMessage({ status }))]).toEqual([cancel, retry])
})

it('lets a message be cancelled while its attachments are uploaded', () => {
  expect(canCancel(exampleMessage({ status: 'sending', progress: progressOf(1, 2) }))).toBe(true)
})

describe('retryMayDuplicate', () => {
  it('holds when the outcome is unknown', () => {
    expect(retryMayDuplicate(exampleMessage({ status: 'failed', problem: problem('outcome-unknown') }))).toBe(true)
  })

  it('holds when any attempt had no answer', () => {
    const attempts = [{ at, firstAt: at, count: 1, outcome: 'unknown', code: null, detail: 'No answer.' }] as const
    expect(
      retryMayDuplicate(exampleMessage({ status: 'failed', problem: problem('gave-up'), attempts: [...attempts] })),
    ).toBe(true)
  })

  it('does not hold when Microsoft refused it', () => {
    expect(retryMayDuplicate(exampleMessage({ status: 'failed', problem: problem('recipient-refused') }))).toBe(false)
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
] as const)('says of a message without attempts, %j: %s', (given, words) => {
  expect(noAttemptText(exampleMessage(given))).toBe(words)
})
