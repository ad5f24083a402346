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

/** Each rule, by what keeps it and what breaks it. */
const CASES: Record<string, { keeps: Record<string, HistoryEvent[]>; breaks: Record<string, HistoryEvent[]> }> = {
  'accepted means delivered, or ended with a reason': {
    keeps: {
      delivered: [begun(), submitted(), delivered('m1', 50), inTheEnd()],
      'failed with a reason': [begun(), submitted(), inTheEnd({ status: 'failed', problem: 'recipient-refused' })],
      cancelled: [begun(), submitted(), inTheEnd({ status: 'cancelled' })],
      'beyond a limit': [begun(), submitted({ mayWait: true }), inTheEnd({ status: 'queued' })],
      'not accepted': [begun(), submitted({ outcome: 'unknown', ids: [] })],
    },
    breaks: {
      'said to be sent': [begun(), submitted(), inTheEnd()],
      'failed without a reason': [begun(), submitted(), inTheEnd({ status: 'failed' })],
      'still waiting': [begun(), submitted(), inTheEnd({ status: 'held' })],
      forgotten: [begun(), submitted(), inTheEnd({ found: false, status: null })],
      'not read in the end': [begun(), submitted(), delivered('m1', 50)],
    },
  },
  'a failure that was delivered says that its outcome is unknown': {
    keeps: {
      'in doubt': [
        begun(),
        submitted(),
        delivered('m1', 50),
        inTheEnd({ status: 'failed', problem: 'outcome-unknown' }),
      ],
    },
    breaks: {
      'a plain refusal': [
        begun(),
        submitted(),
        delivered('m1', 50),
        inTheEnd({ status: 'failed', problem: 'gave-up' }),
      ],
    },
  },
  'delivered twice means flagged': {
    keeps: {
      flagged: [begun(), submitted(), delivered('m1', 50), delivered('m1', 90), inTheEnd({ possibleDuplicate: true })],
      'delivered once': [begun(), submitted(), delivered('m1', 50), inTheEnd()],
    },
    breaks: { 'not flagged': [begun(), submitted(), delivered('m1', 50), delivered('m1', 90), inTheEnd()] },
  },
  'stop never sends twice': {
    keeps: {
      'in doubt': [
        begun(),
        submitted({ onUnknownOutcome: 'stop' }),
        delivered('m1', 50),
        inTheEnd({ status: 'failed', problem: 'outcome-unknown' }),
      ],
    },
    breaks: {
      'though flagged': [
        begun(),
        submitted({ onUnknownOutcome: 'stop' }),
        delivered('m1', 50),
        delivered('m1', 90),
        inTheEnd({ possibleDuplicate: true }),
      ],
    },
  },
  'a mailbox that can be searched gets nothing twice': {
    keeps: { 'delivered once': [searchable, submitted(), delivered('m1', 50), inTheEnd()] },
    breaks: {
      'though flagged': [
        searchable,
        submitted(),
        delivered('m1', 50),
        delivered('m1', 90),
        inTheEnd({ possibleDuplicate: true }),
      ],
    },
  },
  'cancelled means not delivered': {
    keeps: {
      'cancelled in time': [begun(), submitted(), cancelAsked('cancelled'), inTheEnd({ status: 'cancelled' })],
      refused: [begun(), submitted(), cancelAsked('refused'), delivered('m1', 50), inTheEnd()],
      'an answer that was lost': [begun(), submitted(), cancelAsked('unknown'), delivered('m1', 50), inTheEnd()],
    },
    breaks: {
      'delivered later': [
        begun(),
        submitted(),
        cancelAsked('cancelled'),
        delivered('m1', 50),
        inTheEnd({ status: 'cancelled' }),
      ],
      'an answer that was lost': [
        begun(),
        submitted(),
        cancelAsked('unknown'),
        delivered('m1', 50),
        inTheEnd({ status: 'cancelled' }),
      ],
    },
  },
  'one Idempotency-Key makes one message': {
    keeps: { repeated: [begun(), submitted({ ids: ['msg_1', 'msg_1'] }), delivered('m1', 50), inTheEnd()] },
    breaks: { 'another id': [begun(), submitted({ ids: ['msg_1', 'msg_2'] }), delivered('m1', 50), inTheEnd()] },
  },
  'scheduled mail leaves no sooner than it should': {
    keeps: { 'on time': [begun(), submitted({ sendAt: 50 }), delivered('m1', 50), inTheEnd()] },
    breaks: { early: [begun(), submitted({ sendAt: 51 }), delivered('m1', 50), inTheEnd()] },
  },
  'nothing is sent after a reset': {
    keeps: {
      'begun before the answer': [begun(), changed(null, 100), requested(200, { accepted: null, endedAt: 900 })],
      'configured again': [begun(), changed(null, 100), changed(ADA, 300), delivered('m1', 350)],
      'connected perhaps, by a consent without an answer': [
        begun(),
        changed(null, 100),
        changed(ADA, 300, { outcome: 'unknown' }),
        delivered('m1', 900),
      ],
      'a reset without an answer': [begun(), changed(null, 100, { outcome: 'unknown' }), delivered('m1', 900)],
      'proof of a consent': [
        begun(),
        changed(null, 100),
        requested(310, { accepted: { at: 310, from: ADA, message: null, id: 'con_1', recipients: 1 } }),
        requested(320, { accepted: null, status: 503 }),
        changed(ADA, 300),
      ],
      'on the wire in a process that was stopped': [
        begun(),
        changed(null, 100, { requestsOnTheWire: 1 }),
        stopped(50, 5_000),
        delivered('m1', 5_010),
      ],
    },
    breaks: {
      delivered: [begun(), changed(null, 100), delivered('m1', 201)],
      tried: [begun(), changed(null, 100), requested(201, { accepted: null, status: 503 })],
      'a consent before it': [begun(), changed(MAX, 50), changed(null, 200), delivered('m1', 350, { from: MAX })],
      'more than were on the wire': [
        begun(),
        changed(null, 100, { requestsOnTheWire: 1 }),
        stopped(50, 5_000),
        delivered('m1', 5_010),
        delivered('m2', 5_011),
      ],
      'on the wire, and nothing was stopped': [
        begun(),
        changed(null, 100, { requestsOnTheWire: 1 }),
        delivered('m1', 5_010),
      ],
    },
  },
  'every message is from the sender that is configured': {
    keeps: {
      'the old one until the new one is connected': [begun(), changed(MAX, 100), delivered('m1', 200)],
      'the new one while it is being connected': [begun(), changed(MAX, 100), delivered('m1', 150, { from: MAX })],
      'the old one after a failed consent': [begun(), changed(MAX, 100, { outcome: 'failed' }), delivered('m1', 900)],
    },
    breaks: {
      'the old one': [begun(), changed(MAX, 100), delivered('m1', 201)],
      'one that was never connected': [begun(), delivered('m1', 50, { from: MAX })],
    },
  },
  'at most 4 requests at once to a mailbox': {
    keeps: {
      'four, and one when another has ended': [
        begun(),
        ...[0, 1, 2, 3].map((at) => requested(at, { accepted: null, endedAt: 100 + at })),
        requested(100, { accepted: null, endedAt: 200 }),
      ],
      'five that are no time under way': [
        begun(),
        ...Array.from({ length: 5 }, () => requested(7, { accepted: null, endedAt: 7 })),
      ],
    },
    breaks: {
      five: [begun(), ...[0, 1, 2, 3, 4].map((at) => requested(at, { accepted: null, endedAt: 100 }))],
    },
  },
  'at most 5 messages a minute': {
    keeps: {
      'the sixth when the minute is over': [
        begun(),
        ...[0, 1, 2, 3, 4, 60_000].map((at, index) => delivered(`m${index}`, at)),
      ],
    },
    breaks: {
      'the sixth before': [begun(), ...[0, 1, 2, 3, 4, 59_999].map((at, index) => delivered(`m${index}`, at))],
    },
  },
  'at most 10 recipients a day': {
    keeps: { 'one message beyond it': [begun(), delivered('m1', 50, { recipients: 11 })] },
    breaks: {
      two: [begun(), delivered('m1', 50, { recipients: 6 }), delivered('m2', 120_000, { recipients: 5 })],
    },
  },
  'what was submitted is found': {
    keeps: {
      'read before the answer': [begun(), submitted(), read(15, { found: false }), delivered('m1', 50), inTheEnd()],
    },
    breaks: {
      'read after the answer': [begun(), submitted(), read(20, { found: false }), delivered('m1', 50), inTheEnd()],
    },
  },
  'a status never goes back': {
    keeps: {
      'on the way': [begun(), read(30, { status: 'sending' }), read(40, { status: 'queued' }), read(50)],
      'read at the same time': [begun(), read(30, { answeredAt: 60 }), read(50, { status: 'sending' })],
    },
    breaks: {
      ended: [begun(), read(30), read(40, { status: 'queued' })],
      'ended otherwise': [begun(), read(30, { status: 'failed', problem: 'gave-up' }), read(40)],
      'no longer flagged': [begun(), read(30, { status: 'queued', possibleDuplicate: true }), read(40)],
    },
  },
  'what was cancelled is read as cancelled': {
    keeps: { 'read as cancelled': [begun(), cancelAsked('cancelled'), read(40, { status: 'cancelled' })] },
    breaks: { 'read as queued': [begun(), cancelAsked('cancelled'), read(40, { status: 'queued' })] },
  },
}

describe.each(Object.entries(CASES))('%s', (rule, { keeps, breaks }) => {
  const of = (events: HistoryEvent[]) => check(events).violations.filter((each) => each.rule === rule)

  it.each(Object.entries(keeps))('is kept: %s', (_name, events) => {
    expect(of(events)).toEqual([])
  })

  it.each(Object.entries(breaks))('is broken: %s', (_name, events) => {
    const [violation] = of(events)
    expect(violation).toMatchObject({ rule, text: expect.any(String) })
    expect(violation?.lines.every((line) => line > 1 && line <= events.length)).toBe(true)
  })
})

it('shows the lines of what is wrong', () => {
  const events = [begun(), submitted(), delivered('m1', 50), delivered('m1', 90), inTheEnd()]
  expect(check(events).violations).toEqual([
    {
      rule: 'delivered twice means flagged',
      text: 'm1 was delivered 2 times, and is not flagged',
      lines: [2, 3, 4, 5],
    },
  ])
})
