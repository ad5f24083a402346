import { describe, expect, it } from 'vitest'
import { dueEvent, mergeOutcome, NO_OUTCOME, type OutcomeReport, type RecipientOutcome } from './merge-outcome.ts'

const NOW = new Date('2026-11-27T10:00:00Z')
const LATER = new Date('2026-11-27T10:10:00Z')

function report(changes: Partial<OutcomeReport>): OutcomeReport {
  return {
    messageId: `msg_${'0'.repeat(32)}`,
    recipient: 'max@contoso.com',
    delivery: 'delivered',
    code: null,
    detail: null,
    at: null,
    source: 'trace',
    certain: true,
    note: null,
    ...changes,
  }
}

const likely = report({ certain: false })
const delivered = report({})
const bounce = report({ delivery: 'failed', source: 'bounce', code: '5.1.10', detail: 'No such recipient.' })
const failed = report({ delivery: 'failed' })

function after(...reports: readonly OutcomeReport[]): RecipientOutcome {
  return reports.reduce((outcome, each) => mergeOutcome(outcome, each, NOW), NO_OUTCOME)
}

it.each<[what: string, reports: readonly OutcomeReport[], kept: Partial<RecipientOutcome>]>([
  ['the first outcome', [delivered, failed], { delivery: 'delivered', source: 'trace' }],
  ['a certain outcome instead of a likely one', [likely, failed], { delivery: 'failed', certain: true }],
  ['a certain outcome, whatever is likely', [delivered, { ...failed, certain: false }], { delivery: 'delivered' }],
  ['the first of two likely outcomes', [likely, { ...failed, certain: false }], { delivery: 'delivered' }],
  ['a certain bounce instead of a delivery', [delivered, bounce], { delivery: 'failed', source: 'bounce' }],
  ['a delivery beside a likely bounce', [delivered, { ...bounce, certain: false }], { delivery: 'delivered' }],
  ['the failure that was told first', [bounce, delivered], { delivery: 'failed', code: '5.1.10' }],
  [
    'a quarantine, with the code of a bounce',
    [report({ delivery: 'quarantined' }), bounce],
    { delivery: 'quarantined', code: '5.1.10' },
  ],
  ['the code that comes later', [failed, bounce], { source: 'trace', code: '5.1.10', detail: 'No such recipient.' }],
  ['the code that came first', [bounce, { ...bounce, code: '5.4.1' }], { code: '5.1.10' }],
  ['no code that is only likely', [failed, { ...bounce, certain: false }], { code: null }],
  [
    'the code of a likely outcome from its own source',
    [
      { ...failed, certain: false },
      { ...bounce, source: 'trace', certain: false },
    ],
    { code: '5.1.10', certain: false },
  ],
  [
    'no code that is only likely, from the same source',
    [failed, { ...bounce, source: 'trace', certain: false }],
    { code: null },
  ],
  [
    'no code of a likely outcome that another source finds likely',
    [
      { ...failed, certain: false },
      { ...bounce, certain: false },
    ],
    { code: null },
  ],
  ['no code of what is no failure', [failed, report({ code: '2.0.0' })], { code: null }],
  ['no detail without a code', [failed, report({ delivery: 'failed', detail: 'Refused.' })], { detail: null }],
  [
    'a delivery, whatever else a bounce tells',
    [delivered, report({ delivery: 'spam', source: 'bounce' })],
    { delivery: 'delivered' },
  ],
  [
    'what was told, without what cannot be stored',
    [{ ...bounce, detail: 'No\0 \ud83cone.' }],
    { detail: 'No \ufffdone.' },
  ],
  ['the time that was told', [{ ...bounce, at: LATER }], { at: LATER }],
  ['the time of the report where none was told', [bounce], { at: NOW }],
  [
    'a note beside nothing',
    [report({ delivery: null, note: 'possible bounce' })],
    { delivery: null, note: 'possible bounce' },
  ],
  [
    'a note when an outcome follows',
    [report({ delivery: null, note: 'possible bounce' }), delivered],
    { delivery: 'delivered', note: 'possible bounce' },
  ],
])('keeps %s', (_what, reports, kept) => {
  expect(after(...reports)).toMatchObject(kept)
})

it('changes nothing by a report that it has already', () => {
  const outcome = after(failed, bounce)
  expect(mergeOutcome(outcome, bounce, LATER)).toBe(outcome)
  expect(mergeOutcome(outcome, failed, LATER)).toBe(outcome)
})

it('adds what is told of the members of a list, each once and 500 characters at most', () => {
  const list = report({ delivery: 'expanded' })
  const member = (detail: string) => report({ delivery: null, detail })
  const one = after(
    list,
    member('max@x.example: 5.1.1'),
    member('eva@x.example: 5.1.1'),
    member('max@x.example: 5.1.1'),
  )
  expect(one).toMatchObject({ delivery: 'expanded', detail: 'max@x.example: 5.1.1\neva@x.example: 5.1.1' })
  expect(mergeOutcome(one, member('max@x.example: 5.1.1'), NOW)).toBe(one)
  expect(after(list, report({ delivery: null, note: 'possible bounce' })).detail).toBeNull()
  expect(after(list, member('x'.repeat(499) + '🎉')).detail).toBe('x'.repeat(499))
  expect(after(delivered, member('max@x.example: 5.1.1')).detail).toBeNull()
})

it('keeps what was told of members before the list was known for one', () => {
  const told = (text: string) => report({ delivery: null, note: `possible bounce: ${text}` })
  const brief = report({ delivery: null, note: 'possible bounce' })
  const noted = after(
    brief,
    told('max@x.example: 5.1.1'),
    brief,
    told('eva@x.example: 5.1.1'),
    told('max@x.example: 5.1.1'),
  )
  const text = 'max@x.example: 5.1.1\neva@x.example: 5.1.1'
  expect(noted).toMatchObject({ delivery: null, note: `possible bounce: ${text}`, detail: null })
  expect(mergeOutcome(noted, report({ delivery: 'expanded' }), NOW)).toMatchObject({
    delivery: 'expanded',
    detail: text,
  })
  expect(mergeOutcome(noted, delivered, NOW).detail).toBeNull()
})

describe('events', () => {
  it.each<[OutcomeReport['delivery'], string | null]>([
    ['delivered', 'message.delivered'],
    ['spam', 'message.delivered'],
    ['quarantined', 'message.quarantined'],
    ['expanded', null],
  ])('follow %s at once: %s', (delivery, type) => {
    expect(dueEvent(after(report({ delivery })), NOW)).toBe(type)
  })

  it('wait 10 minutes for the code of a failure, and no longer once it is there', () => {
    expect(dueEvent(after(failed), NOW)).toBeNull()
    expect(dueEvent(after(failed), LATER)).toBe('message.bounced')
    expect(dueEvent(after(failed, bounce), NOW)).toBe('message.bounced')
    expect(dueEvent(after(bounce), NOW)).toBe('message.bounced')
  })

  it('wait no longer where a likely failure becomes certain', () => {
    const certain = mergeOutcome(after({ ...failed, certain: false }), failed, new Date(LATER.getTime() - 1))
    expect(dueEvent(certain, new Date(LATER.getTime() - 1))).toBeNull()
    expect(dueEvent(certain, LATER)).toBe('message.bounced')
  })

  it('are written once of each type', () => {
    const told = { ...after(delivered), events: ['message.delivered'] }
    expect(dueEvent(told, NOW)).toBeNull()
    expect(dueEvent(mergeOutcome(told, bounce, NOW), NOW)).toBe('message.bounced')
    const toldAgain = { ...after({ ...failed, certain: false }), events: ['message.bounced'] }
    expect(dueEvent(mergeOutcome(toldAgain, failed, NOW), LATER)).toBeNull()
  })
})
