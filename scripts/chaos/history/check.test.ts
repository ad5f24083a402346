import { describe, expect, it } from 'vitest'
import { check } from './check.ts'
import type { HistoryEvent, MailboxRequest, SenderChanged, StatusRead, Submitted, TenantFacts } from './history.ts'

const ADA = 'ada@contoso.com'
const MAX = 'max@contoso.com'

function begun(tenant: Partial<TenantFacts> = {}): HistoryEvent {
  return {
    kind: 'run',
    at: 0,
    seed: 1,
    minutes: 1,
    limits: { concurrency: 4, messagesPerMinute: 5, recipientsPerDay: 10 },
    tenants: [
      {
        tenant: 't',
        senders: [
          { address: ADA, mailbox: ADA },
          { address: MAX, mailbox: MAX },
        ],
        sender: ADA,
        searchable: false,
        ...tenant,
      },
    ],
  }
}

function submitted(changes: Partial<Submitted> = {}): HistoryEvent {
  return {
    kind: 'submit',
    message: 'm1',
    tenant: 't',
    askedAt: 10,
    answeredAt: 20,
    outcome: 'accepted',
    ids: ['msg_1'],
    status: 202,
    onUnknownOutcome: 'retry',
    sendAt: null,
    recipients: 1,
    sizeBytes: 100,
    mayWait: false,
    ...changes,
  }
}

function requested(begunAt: number, changes: Partial<MailboxRequest> = {}): MailboxRequest {
  return {
    kind: 'request',
    mailbox: ADA,
    endpoint: 'sendMail',
    begunAt,
    endedAt: begunAt + 5,
    status: 202,
    accepted: { at: begunAt + 2, from: ADA, message: 'm1', id: 'msg_1', recipients: 1 },
    ...changes,
  }
}

function delivered(message: string, at: number, { from = ADA, recipients = 1 } = {}): MailboxRequest {
  return requested(at, { mailbox: from, accepted: { at, from, message, id: null, recipients } })
}

function read(askedAt: number, changes: Partial<StatusRead> = {}): HistoryEvent {
  return {
    kind: 'read',
    message: 'm1',
    askedAt,
    answeredAt: askedAt + 5,
    found: true,
    status: 'sent',
    possibleDuplicate: false,
    problem: null,
    final: false,
    ...changes,
  }
}

const inTheEnd = (changes: Partial<StatusRead> = {}) => read(1_000_000, { final: true, ...changes })

function cancelAsked(outcome: 'cancelled' | 'refused' | 'unknown'): HistoryEvent {
  return { kind: 'cancel', message: 'm1', askedAt: 30, answeredAt: 40, outcome }
}

function changed(sender: string | null, askedAt: number, changes: Partial<SenderChanged> = {}): HistoryEvent {
  return {
    kind: 'sender',
    tenant: 't',
    sender,
    askedAt,
    answeredAt: askedAt + 100,
    outcome: 'done',
    requestsOnTheWire: 0,
    ...changes,
  }
}

function stopped(at: number, endedAt: number): HistoryEvent {
  return { kind: 'fault', fault: 'process stopped', target: 'worker', at, endedAt, detail: '' }
}

const searchable = begun({ searchable: true })
const DELIVERED = delivered('m1', 50)
const AGAIN = delivered('m1', 90)

/** Each rule, by what keeps it and what breaks it, in a run that begins as `begun` says unless it says otherwise. */
const CASES: Record<string, { keeps: Record<string, HistoryEvent[]>; breaks: Record<string, HistoryEvent[]> }> = {
  'accepted means delivered, or ended with a reason': {
    keeps: {
      delivered: [submitted(), DELIVERED, inTheEnd()],
      'failed with a reason': [submitted(), inTheEnd({ status: 'failed', problem: 'recipient-refused' })],
      cancelled: [submitted(), inTheEnd({ status: 'cancelled' })],
      'beyond a limit': [submitted({ mayWait: true }), inTheEnd({ status: 'queued' })],
      'not accepted': [submitted({ outcome: 'unknown', ids: [] })],
    },
    breaks: {
      'said to be sent': [submitted(), inTheEnd()],
      'failed without a reason': [submitted(), inTheEnd({ status: 'failed' })],
      'still waiting': [submitted(), inTheEnd({ status: 'held' })],
      forgotten: [submitted(), inTheEnd({ found: false, status: null })],
      'not read in the end': [submitted(), DELIVERED],
    },
  },
  'a failure that was delivered says that its outcome is unknown': {
    keeps: {
      'in doubt': [submitted(), DELIVERED, inTheEnd({ status: 'failed', problem: 'outcome-unknown' })],
    },
    breaks: {
      'a plain refusal': [submitted(), DELIVERED, inTheEnd({ status: 'failed', problem: 'gave-up' })],
    },
  },
  'delivered twice means flagged': {
    keeps: {
      flagged: [submitted(), DELIVERED, AGAIN, inTheEnd({ possibleDuplicate: true })],
      'delivered once': [submitted(), DELIVERED, inTheEnd()],
    },
    breaks: { 'not flagged': [submitted(), DELIVERED, AGAIN, inTheEnd()] },
  },
  'stop never sends twice': {
    keeps: {
      'in doubt': [
        submitted({ onUnknownOutcome: 'stop' }),
        DELIVERED,
        inTheEnd({ status: 'failed', problem: 'outcome-unknown' }),
      ],
    },
    breaks: {
      'though flagged': [
        submitted({ onUnknownOutcome: 'stop' }),
        DELIVERED,
        AGAIN,
        inTheEnd({ possibleDuplicate: true }),
      ],
    },
  },
  'a mailbox that can be searched gets nothing twice': {
    keeps: { 'delivered once': [searchable, submitted(), DELIVERED, inTheEnd()] },
    breaks: {
      'though flagged': [searchable, submitted(), DELIVERED, AGAIN, inTheEnd({ possibleDuplicate: true })],
    },
  },
  'cancelled means not delivered': {
    keeps: {
      'cancelled in time': [submitted(), cancelAsked('cancelled'), inTheEnd({ status: 'cancelled' })],
      refused: [submitted(), cancelAsked('refused'), DELIVERED, inTheEnd()],
      'an answer that was lost': [submitted(), cancelAsked('unknown'), DELIVERED, inTheEnd()],
    },
    breaks: {
      'delivered later': [submitted(), cancelAsked('cancelled'), DELIVERED, inTheEnd({ status: 'cancelled' })],
      'an answer that was lost': [submitted(), cancelAsked('unknown'), DELIVERED, inTheEnd({ status: 'cancelled' })],
    },
  },
  'one Idempotency-Key makes one message': {
    keeps: { repeated: [submitted({ ids: ['msg_1', 'msg_1'] }), DELIVERED, inTheEnd()] },
    breaks: { 'another id': [submitted({ ids: ['msg_1', 'msg_2'] }), DELIVERED, inTheEnd()] },
  },
  'scheduled mail leaves no sooner than it should': {
    keeps: { 'on time': [submitted({ sendAt: 50 }), DELIVERED, inTheEnd()] },
    breaks: { early: [submitted({ sendAt: 51 }), DELIVERED, inTheEnd()] },
  },
  'nothing is sent after a reset': {
    keeps: {
      'begun before the answer': [changed(null, 100), requested(200, { accepted: null, endedAt: 900 })],
      'configured again': [changed(null, 100), changed(ADA, 300), delivered('m1', 350)],
      'connected perhaps, by a consent without an answer': [
        changed(null, 100),
        changed(ADA, 300, { outcome: 'unknown' }),
        delivered('m1', 900),
      ],
      'a reset without an answer': [changed(null, 100, { outcome: 'unknown' }), delivered('m1', 900)],
      'proof of a consent': [
        changed(null, 100),
        requested(310, { accepted: { at: 310, from: ADA, message: null, id: 'con_1', recipients: 1 } }),
        requested(320, { accepted: null, status: 503 }),
        changed(ADA, 300),
      ],
      'on the wire in a process that was stopped': [
        changed(null, 100, { requestsOnTheWire: 1 }),
        stopped(50, 5_000),
        delivered('m1', 5_010),
      ],
    },
    breaks: {
      delivered: [changed(null, 100), delivered('m1', 201)],
      tried: [changed(null, 100), requested(201, { accepted: null, status: 503 })],
      'a consent before it': [changed(MAX, 50), changed(null, 200), delivered('m1', 350, { from: MAX })],
      'more than were on the wire': [
        changed(null, 100, { requestsOnTheWire: 1 }),
        stopped(50, 5_000),
        delivered('m1', 5_010),
        delivered('m2', 5_011),
      ],
      'on the wire, and nothing was stopped': [changed(null, 100, { requestsOnTheWire: 1 }), delivered('m1', 5_010)],
    },
  },
  'every message is from the sender that is configured': {
    keeps: {
      'the old one until the new one is connected': [changed(MAX, 100), delivered('m1', 200)],
      'the new one while it is being connected': [changed(MAX, 100), delivered('m1', 150, { from: MAX })],
      'the old one after a failed consent': [changed(MAX, 100, { outcome: 'failed' }), delivered('m1', 900)],
    },
    breaks: {
      'the old one': [changed(MAX, 100), delivered('m1', 201)],
      'one that was never connected': [delivered('m1', 50, { from: MAX })],
    },
  },
  'at most 4 requests at once to a mailbox': {
    keeps: {
      'four, and one when another has ended': [
        ...[0, 1, 2, 3].map((at) => requested(at, { accepted: null, endedAt: 100 + at })),
        requested(100, { accepted: null, endedAt: 200 }),
      ],
      'five that are no time under way': Array.from({ length: 5 }, () => requested(7, { accepted: null, endedAt: 7 })),
    },
    breaks: {
      five: [0, 1, 2, 3, 4].map((at) => requested(at, { accepted: null, endedAt: 100 })),
    },
  },
  'at most 5 messages a minute': {
    keeps: {
      'the sixth when the minute is over': [0, 1, 2, 3, 4, 60_000].map((at, index) => delivered(`m${index}`, at)),
    },
    breaks: {
      'the sixth before': [0, 1, 2, 3, 4, 59_999].map((at, index) => delivered(`m${index}`, at)),
    },
  },
  'at most 10 recipients a day': {
    keeps: { 'one message beyond it': [delivered('m1', 50, { recipients: 11 })] },
    breaks: {
      two: [delivered('m1', 50, { recipients: 6 }), delivered('m2', 120_000, { recipients: 5 })],
    },
  },
  'what was submitted is found': {
    keeps: {
      'read before the answer': [submitted(), read(15, { found: false }), DELIVERED, inTheEnd()],
    },
    breaks: {
      'read after the answer': [submitted(), read(20, { found: false }), DELIVERED, inTheEnd()],
    },
  },
  'a status never goes back': {
    keeps: {
      'on the way': [read(30, { status: 'sending' }), read(40, { status: 'queued' }), read(50)],
      'read at the same time': [read(30, { answeredAt: 60 }), read(50, { status: 'sending' })],
    },
    breaks: {
      ended: [read(30), read(40, { status: 'queued' })],
      'ended otherwise': [read(30, { status: 'failed', problem: 'gave-up' }), read(40)],
      'no longer flagged': [read(30, { status: 'queued', possibleDuplicate: true }), read(40)],
    },
  },
  'what was cancelled is read as cancelled': {
    keeps: { 'read as cancelled': [cancelAsked('cancelled'), read(40, { status: 'cancelled' })] },
    breaks: { 'read as queued': [cancelAsked('cancelled'), read(40, { status: 'queued' })] },
  },
}

describe.each(Object.entries(CASES))('%s', (rule, { keeps, breaks }) => {
  const historyOf = (events: HistoryEvent[]) => (events[0]?.kind === 'run' ? events : [begun(), ...events])
  const violationsIn = (history: HistoryEvent[]) => check(history).violations.filter((each) => each.rule === rule)

  it.each(Object.entries(keeps))('is kept: %s', (_name, events) => {
    expect(violationsIn(historyOf(events))).toEqual([])
  })

  it.each(Object.entries(breaks))('is broken: %s', (_name, events) => {
    const history = historyOf(events)
    const [violation] = violationsIn(history)
    expect(violation).toMatchObject({ rule, text: expect.any(String) })
    expect(violation?.lines.every((line) => line > 1 && line <= history.length)).toBe(true)
  })
})

it('shows the lines of what is wrong', () => {
  const events = [begun(), submitted(), DELIVERED, AGAIN, inTheEnd()]
  expect(check(events).violations).toEqual([
    {
      rule: 'delivered twice means flagged',
      text: 'm1 was delivered 2 times, and is not flagged',
      lines: [2, 3, 4, 5],
    },
  ])
})
