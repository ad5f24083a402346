import { describe, expect, it } from 'vitest'
import { HOURS, MINUTES, SECONDS } from '../../test-support/test-clock.ts'
import { NO_TURNS, type Mailbox } from '../owner/next.ts'
import { estimateLast, explainWaiting, planOf, type QueuedRow, type Snapshot } from './departures.ts'

const NOW = Date.parse('2026-11-24T10:00:00.000Z')
const LIMITS = { concurrency: 4, messagesPerMinute: 30, recipientsPerDay: 100, uploadBytesPer5Minutes: 10_000_000 }
const NO_LIMITS = { concurrency: 0, messagesPerMinute: 0, recipientsPerDay: 0, uploadBytesPer5Minutes: 0 }
const after = (ms: number) => new Date(NOW + ms)
const used = (count: number, freedInMs: number) => ({ count, freedAt: NOW + freedInMs })

const IDLE: Snapshot = {
  now: NOW,
  mailbox: {
    pausedUntil: null,
    requests: 0,
    uploads: 0,
    messages: [],
    recipients: [],
    nextPlaceAt: null,
    turns: NO_TURNS,
  },
  pausedBecause: null,
  sending: 0,
  sendingLarge: 0,
  recipientsSending: 0,
  otherRequests: 0,
  queued: 0,
  waiting: 0,
  recipientsQueued: 0,
  uploadedBytes: 0,
  bytesToUpload: 0,
  storedBytes: 0,
  lastAttemptAt: null,
  canLeave: true,
}

function snapshot({ mailbox = {}, ...changes }: Partial<Omit<Snapshot, 'mailbox'>> & { mailbox?: Partial<Mailbox> }) {
  return { ...IDLE, ...changes, mailbox: { ...IDLE.mailbox, ...mailbox } }
}

/** What is due: messages of one service, numbered from 1, each to so many recipients. */
function due(count: number, { recipients = 1, isLarge = false, isCut = false } = {}) {
  const messages = Array.from({ length: count }, (_, nth) => ({ id: String(nth + 1), recipients, isLarge }))
  return { lanes: [{ rank: 1, service: 'reports', messages } as const], isCut }
}

describe('why a message waits', () => {
  const row = (id: string | number, changes: Partial<QueuedRow> = {}): QueuedRow => ({
    id: String(id),
    nextAttemptAt: after(-1 * HOURS),
    priority: 'normal',
    isLarge: false,
    isUploaded: false,
    uploadBytes: 0,
    ...changes,
  })
  const retried = (inMs: number, uploadBytes = 0) => row('x', { nextAttemptAt: after(inMs), uploadBytes })
  const PAUSED = { mailbox: { pausedUntil: NOW + 10 * MINUTES } }

  it.each<[string, QueuedRow, Parameters<typeof snapshot>[0], Parameters<typeof due>, string | null, number | null]>([
    ['leaves at once where nothing is in its way', row(4), {}, [4], null, 0],
    ['leaves in its place', row(3), {}, [31], 'messages-per-minute', 4 * SECONDS],
    [
      'leaves no earlier than the last planned',
      row('x'),
      {},
      [31, { isCut: true }],
      'messages-per-minute',
      61 * SECONDS,
    ],
    ['was taken a moment ago', row('x'), {}, [31], null, 0],
    [
      'waits for the recipients of a day',
      row(1),
      { mailbox: { recipients: [used(100, 2 * HOURS)] } },
      [1],
      'recipients-per-day',
      2 * HOURS,
    ],
    ['waits for the end of a pause', row(1), PAUSED, [40], 'mailbox-paused', 10 * MINUTES],
    ['waits for the pace after a pause', row(2), PAUSED, [40], 'mailbox-paused', 10 * MINUTES + 2 * SECONDS],
    ['is retried within a pause', retried(5 * MINUTES), PAUSED, [0], 'mailbox-paused', 10 * MINUTES],
    ['is retried after a pause', retried(15 * MINUTES), PAUSED, [0], 'retry', 15 * MINUTES],
    ['fits what may be uploaded', retried(1 * HOURS, 4_000_000), { uploadedBytes: 6_000_000 }, [0], 'retry', 1 * HOURS],
    [
      'waits for the uploads',
      retried(1 * HOURS, 4_000_000),
      { uploadedBytes: 6_000_001 },
      [0],
      'uploads-per-5-minutes',
      1 * HOURS,
    ],
    ['uploads nothing', retried(1 * HOURS), { uploadedBytes: 10_000_000 }, [0], 'retry', 1 * HOURS],
    ['waits behind others', row(3), { sending: 2 }, [3], 'requests-at-once', null],
    [
      'waits behind what is deleted in the mailbox',
      row(3),
      { sending: 1, otherRequests: 1 },
      [3],
      'requests-at-once',
      null,
    ],
    [
      'waits behind large ones, being large',
      row(1, { isLarge: true }),
      { sending: 3, sendingLarge: 3 },
      [1, { isLarge: true }],
      'requests-at-once',
      null,
    ],
  ])('%s', (_what, message, changes, lanes, because, inMs) => {
    const at = snapshot(changes)
    const until = inMs === null ? null : after(inMs)
    expect(explainWaiting(message, at, planOf(at, due(...lanes), LIMITS), LIMITS)).toEqual({ because, until })
  })

  it('is told for any number of messages where nothing is limited', () => {
    const plan = planOf(IDLE, due(9_000), NO_LIMITS)
    expect(explainWaiting(row(9_000), IDLE, plan, NO_LIMITS)).toEqual({ because: null, until: after(0) })
  })
})

describe('when the last message leaves', () => {
  const DAY = 24 * HOURS
  const many = { ...LIMITS, recipientsPerDay: 10_000 }
  const TRIED_AGAIN = { lastAttemptAt: NOW + 15 * MINUTES }

  it.each<[string, Parameters<typeof snapshot>[0], Parameters<typeof due>, object, number | null]>([
    ['is now where all fit', {}, [30], {}, 0],
    ['is when the first counts no more', {}, [31], {}, 61 * SECONDS],
    [
      'is when enough of what was sent counts no more',
      { mailbox: { messages: [used(20, 60 * SECONDS)] } },
      [20],
      {},
      60 * SECONDS,
    ],
    ['follows the limit of a minute', {}, [9_000], {}, (299 * 61 + 58) * SECONDS],
    ['is estimated beyond what is planned', { queued: 9_030 }, [30, { isCut: true }], {}, 300 * 61 * SECONDS],
    [
      'waits for the recipients of a day',
      { mailbox: { recipients: [used(9_900, 4 * HOURS)] } },
      [1, { recipients: 200 }],
      {},
      4 * HOURS,
    ],
    [
      'is a day later for each day of recipients',
      { queued: 3, recipientsQueued: 25_000 },
      [1, { isCut: true }],
      {},
      2 * DAY,
    ],
    ['waits for no upload that fits', { bytesToUpload: 10_000_000 }, [1], {}, 0],
    ['waits for the uploads', { bytesToUpload: 100_000_000, uploadedBytes: 1 }, [1], {}, 10 * 301 * SECONDS],
    ['waits for what is tried again', TRIED_AGAIN, [29], {}, 15 * MINUTES],
    ['counts what is tried again', { queued: 61 }, [1], {}, 2 * 61 * SECONDS],
    ['waits for the end of a pause', { mailbox: { pausedUntil: NOW + 5 * MINUTES } }, [1], NO_LIMITS, 5 * MINUTES],
    ['is unknown where nothing is limited', {}, [9], NO_LIMITS, null],
  ])('%s', (_what, changes, lanes, limits, inMs) => {
    const at = snapshot(changes)
    const limited = { ...many, ...limits }
    const expected = inMs === null ? null : after(inMs)
    expect(estimateLast(at, planOf(at, due(...lanes), limited), limited)).toEqual(expected)
  })
})
