import { describe, expect, it } from 'vitest'
import { exampleMessage } from '../test-support/examples.ts'
import { timelineOf } from './timeline.ts'

const titles = (message: ReturnType<typeof exampleMessage>) =>
  timelineOf(message).map(({ title, kind }) => `${kind}: ${title}`)
const attempt = (outcome: 'throttled' | 'refused' | 'sent', at: string, count = 1) => ({
  at,
  firstAt: count > 1 ? '2026-11-24T10:00:01.000Z' : at,
  count,
  outcome,
  code: null,
  values: {},
  detail: '',
})

describe('timelineOf', () => {
  it('tells what happened in order, and ends with the acceptance of a sent message', () => {
    const message = exampleMessage({
      status: 'sent',
      sendAt: '2026-11-24T11:00:00.000Z',
      expiresAt: '2026-11-24T13:00:00.000Z',
      attempts: [attempt('throttled', '2026-11-24T11:00:05.000Z', 3), attempt('sent', '2026-11-24T11:01:00.000Z')],
    })

    expect(titles(message)).toEqual([
      'happened: Submitted by reports',
      'happened: Scheduled to leave',
      'happened: Microsoft asked to wait',
      'good: Accepted by Microsoft',
    ])
    expect(timelineOf(message)[2]).toMatchObject({ count: 3, firstAt: '2026-11-24T10:00:01.000Z' })
  })

  it.each([
    [
      { status: 'scheduled', sendAt: '2026-11-25T10:00:00.000Z' },
      ['ahead: To be sent', 'ahead: Expires, if it has not left'],
    ],
    [
      { status: 'queued', nextAttemptAt: '2026-11-24T10:05:00.000Z', waitingBecause: 'retry' },
      ['now: Waiting', 'ahead: Next attempt, at the earliest', 'ahead: Expires, if it has not left'],
    ],
    [{ status: 'held', heldBecause: 'not-configured' }, ['now: Held', 'ahead: Expires, if it has not left']],
    [{ status: 'cancelled' }, ['now: Cancelled']],
  ] as const)('says how %o stands, and what is ahead of it', (given, expected) => {
    const message = exampleMessage({ ...given, expiresAt: '2026-11-26T10:00:00.000Z' })

    expect(titles(message).slice(1)).toEqual(expected)
  })

  it('says when a message expired', () => {
    const problem = {
      code: 'expired',
      values: {},
      title: '',
      detail: '',
      microsoftCode: null,
      requestId: null,
    } as const
    const message = exampleMessage({ status: 'failed', expiresAt: '2026-11-24T13:00:00.000Z', problem })

    expect(timelineOf(message).at(-1)).toMatchObject({ title: 'Expired', at: '2026-11-24T13:00:00.000Z', kind: 'bad' })
  })

  it('calls the test mail of the page by what it is', () => {
    expect(titles(exampleMessage({ service: 'tenant-settings' }))[0]).toBe('happened: Submitted by Tenant Settings')
  })
})
