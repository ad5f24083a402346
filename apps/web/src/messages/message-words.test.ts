import { describe, expect, it } from 'vitest'
import { exampleMessage } from '../test-support/message-example.ts'
import {
  canCancel,
  canRetry,
  duplicateWords,
  progressWords,
  readStatus,
  recipientsNote,
  retryMayDuplicate,
  statusNotes,
  subjectWords,
} from './message-words.ts'

const at = '2026-11-24T10:00:00.000Z'

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
  expect(subjectWords('  ')).toBe('(no subject)')
})

describe('duplicateWords', () => {
  it('warns of a second copy once it is sent', () => {
    expect(duplicateWords(exampleMessage({ status: 'sent', possibleDuplicate: true }))).toContain('twice')
  })

  it('warns of a first copy while it is not', () => {
    expect(duplicateWords(exampleMessage({ status: 'queued', possibleDuplicate: true }))).toContain('already')
  })
})

it('gives the progress of an upload in MB', () => {
  const progress = { sentBytes: 3 * 1024 * 1024, totalBytes: 10 * 1024 * 1024 }
  expect(progressWords(exampleMessage({ progress }))).toBe('3.0 of 10.0 MB')
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

describe('retryMayDuplicate', () => {
  it('holds when the outcome is unknown', () => {
    expect(retryMayDuplicate(exampleMessage({ status: 'failed', problem: problem('outcome-unknown') }))).toBe(true)
  })

  it('holds when any attempt had no answer', () => {
    const attempts = [{ at, outcome: 'unknown', code: null, detail: 'No answer.' }] as const
    expect(
      retryMayDuplicate(exampleMessage({ status: 'failed', problem: problem('gave-up'), attempts: [...attempts] })),
    ).toBe(true)
  })

  it('does not hold when Microsoft refused it', () => {
    expect(retryMayDuplicate(exampleMessage({ status: 'failed', problem: problem('recipient-refused') }))).toBe(false)
  })
})
