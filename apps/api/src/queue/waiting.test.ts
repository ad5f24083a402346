import { describe, expect, it } from 'vitest'
import { HOURS, MINUTES, SECONDS } from '../test-support/test-clock.ts'
import { explainWaiting, type MailboxQueue, type QueuedMessage } from './waiting.ts'

const NOW = new Date('2026-11-24T10:00:00.000Z')
const LIMITS = { concurrency: 4, messagesPerMinute: 30, recipientsPerDay: 100, uploadBytesPer5Minutes: 10_000_000 }
const NO_LIMITS = { concurrency: 0, messagesPerMinute: 0, recipientsPerDay: 0, uploadBytesPer5Minutes: 0 }
const after = (ms: number) => new Date(NOW.getTime() + ms)

const IDLE: MailboxQueue = {
  now: NOW,
  pausedUntil: null,
  sending: 0,
  sendingLarge: 0,
  recipientsSending: 0,
  cleanups: 0,
  uploadedBytes: 0,
  recipientsSent: [],
  departures: [],
}

/** When due messages leave by the limit of a minute: each so many seconds from now. */
const leaving = (...seconds: number[]) => seconds.map((each) => after(each * SECONDS).getTime())

/** The nth message that is due, each with one recipient. */
function due(place: number, changes: Partial<QueuedMessage> = {}): QueuedMessage {
  const at = { messages: place, large: 0, recipients: place }
  return {
    nextAttemptAt: after(-1 * HOURS),
    recipients: 1,
    isLarge: false,
    nextUploadBytes: 0,
    position: at,
    ...changes,
  }
}

const explain = (message: QueuedMessage, queue: Partial<MailboxQueue> = {}, limits: Partial<typeof LIMITS> = {}) =>
  explainWaiting(message, { ...IDLE, ...queue }, { ...LIMITS, ...limits })

describe('explainWaiting', () => {
  it('gives no reason for a message that may leave at once, and no time in the past', () => {
    expect(explain(due(4))).toEqual({ because: null, until: NOW })
    expect(explainWaiting(due(9_000), IDLE, NO_LIMITS)).toEqual({ because: null, until: NOW })
  })

  it('names the limit of a minute for a message that leaves later by it, with its time', () => {
    const departures = leaving(0, 2, 4)
    expect(explain(due(1), { departures })).toEqual({ because: null, until: NOW })
    expect(explain(due(3), { departures })).toEqual({ because: 'messages-per-minute', until: after(4 * SECONDS) })
    // Further behind than times are planned for, it leaves no earlier than the last one planned.
    expect(explain(due(9), { departures })).toEqual({ because: 'messages-per-minute', until: after(4 * SECONDS) })
  })

  it.each([
    [20, 1, null, 0],
    [21, 1, 'recipients-per-day', 2 * HOURS],
    [31, 1, 'recipients-per-day', 5 * HOURS],
    [101, 1, 'recipients-per-day', 24 * HOURS],
    [121, 1, 'recipients-per-day', 26 * HOURS],
    [500, 500, 'recipients-per-day', 5 * HOURS],
  ])('delays recipient %i, of a message with %i, by the limit per day', (upTo, recipients, because, untilMs) => {
    const recipientsSent = [
      { count: 10, freedAt: after(2 * HOURS) },
      { count: 70, freedAt: after(5 * HOURS) },
    ]
    const message = due(1, { recipients, position: { messages: 1, large: 0, recipients: upTo } })
    expect(explain(message, { recipientsSent })).toEqual({ because, until: after(untilMs) })
  })

  it('names the limit that lasts longest', () => {
    const recipientsSent = [{ count: 100, freedAt: after(2 * HOURS) }]
    expect(explain(due(1), { recipientsSent, departures: leaving(30) })).toEqual({
      because: 'recipients-per-day',
      until: after(2 * HOURS),
    })
  })

  it('names a pause while it lasts, with the time at which the limits after it let the message leave', () => {
    const pausedUntil = after(10 * MINUTES)
    const departures = leaving(600, 602)
    expect(explain(due(1), { pausedUntil, departures })).toEqual({ because: 'mailbox-paused', until: pausedUntil })
    expect(explain(due(2), { pausedUntil, departures })).toEqual({
      because: 'mailbox-paused',
      until: after(10 * MINUTES + 2 * SECONDS),
    })
    const later = due(1, { nextAttemptAt: after(5 * MINUTES), position: null })
    expect(explain(later, { pausedUntil })).toEqual({ because: 'mailbox-paused', until: pausedUntil })
  })

  it('distinguishes a retry from a wait for the upload limit, each with its time', () => {
    const until = after(12 * MINUTES)
    const message = due(1, { nextAttemptAt: until, nextUploadBytes: 4_000_000, position: null })
    expect(explain(message, { uploadedBytes: 6_000_000 })).toEqual({ because: 'retry', until })
    expect(explain(message, { uploadedBytes: 6_000_001 })).toEqual({ because: 'uploads-per-5-minutes', until })
    const small = { ...message, nextUploadBytes: 0 }
    expect(explain(small, { uploadedBytes: 10_000_000 })).toEqual({ because: 'retry', until })
    expect(explain(message, { pausedUntil: after(5 * MINUTES) })).toEqual({ because: 'retry', until })
  })

  it.each([
    ['behind others', due(3), { sending: 2 }],
    ['behind what is deleted in the mailbox', due(3), { sending: 1, cleanups: 1 }],
    [
      'large, behind large ones',
      due(1, { isLarge: true, position: { messages: 1, large: 1, recipients: 1 } }),
      { sending: 3, sendingLarge: 3 },
    ],
  ])('gives no time to a message that waits for a free request: %s', (_what, message, queue) => {
    expect(explain(message, queue)).toEqual({ because: 'requests-at-once', until: null })
  })
})
