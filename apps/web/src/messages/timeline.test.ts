import type { DeliveryReport } from '@inforiver-mail/contract/message'
import { describe, expect, it } from 'vitest'
import { exampleMessage } from '../test-support/examples.ts'
import { english, german } from '../test-support/languages.ts'
import { timelineOf } from './timeline.ts'

const titles = (message: ReturnType<typeof exampleMessage>) =>
  timelineOf(message, english).map(({ title, kind }) => `${kind}: ${title}`)
const attempt = (outcome: 'throttled' | 'refused' | 'sent', at: string, count = 1) => ({
  at,
  firstAt: count > 1 ? '2026-11-24T10:00:01.000Z' : at,
  count,
  outcome,
  code: null,
  values: {},
  detail: '',
})

function report(address: string, given: Partial<DeliveryReport>): DeliveryReport {
  const unreported = { code: null, explanation: null, detail: null, at: null, source: null, certain: true, note: null }
  return { address, kind: 'to', delivery: 'unknown', ...unreported, ...given }
}

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
    expect(timelineOf(message, english)[2]).toMatchObject({ count: 3, firstAt: '2026-11-24T10:00:01.000Z' })
  })

  it('says how long a message waited for its turn', () => {
    const attempts = [attempt('sent', '2026-11-24T10:03:00.000Z')]
    const [, waited] = timelineOf(exampleMessage({ status: 'sent', attempts }), english)

    expect(waited).toMatchObject({ title: 'Waited 3 minutes for its turn', at: '2026-11-24T10:03:00.000Z' })
    expect(titles(exampleMessage({ status: 'sent', attempts: [attempt('sent', '2026-11-24T10:00:02.000Z')] }))).toEqual(
      ['happened: Submitted by reports', 'good: Accepted by Microsoft'],
    )
  })

  it('tells what became of each recipient, those with the same outcome together, and marks what is only probable', () => {
    const message = exampleMessage({
      status: 'sent',
      attempts: [attempt('sent', '2026-11-24T10:00:02.000Z')],
      recipients: [
        report('a@contoso.com', { delivery: 'delivered', at: '2026-11-24T10:01:00.000Z', source: 'trace' }),
        report('b@contoso.com', { delivery: 'delivered', at: '2026-11-24T10:01:00.000Z', source: 'trace' }),
        report('c@contoso.com', {
          delivery: 'failed',
          at: '2026-11-24T10:00:30.000Z',
          source: 'bounce',
          code: '5.1.10',
          explanation: 'The recipient does not exist.',
          detail: "Recipient's own text.",
          certain: false,
          note: 'possible bounce',
        }),
        report('d@contoso.com', { delivery: 'pending' }),
        report('e@contoso.com', {}),
      ],
    })
    const story = timelineOf(message, english)

    expect(story.slice(2).map(({ title, kind, recipients }) => [kind, title, recipients])).toEqual([
      ['bad', 'Probably: Not delivered', ['c@contoso.com']],
      ['good', 'Delivered to 2 recipients', ['a@contoso.com', 'b@contoso.com']],
      ['now', 'A delivery report is awaited', ['d@contoso.com']],
    ])
    expect(story[2]).toMatchObject({ code: '5.1.10', detail: 'The recipient does not exist.' })
    expect(story[2]?.notes).toEqual([
      "Recipient's own text.",
      'Source: a non-delivery report in the mailbox.',
      'The report was matched by sender, recipient, time and subject only, so it may be about another message.',
      'Possible bounce: a report came that may be forged or about another message. It changes nothing.',
    ])
  })

  it('words in the page’s language that a report named another address', () => {
    const note = 'possible bounce: gone@x.example: 550 5.1.1'
    const recipients = [report('a@contoso.com', { delivery: 'pending', note })]
    const story = timelineOf(exampleMessage({ status: 'sent', recipients }), german)
    expect(story.at(-1)?.notes).toEqual([
      'Möglicherweise nicht zugestellt an eine andere Adresse, etwa an ein Mitglied einer Liste: gone@x.example: 550 5.1.1',
    ])
  })

  it('tells of a delivery after the acceptance, although Microsoft delivered before its answer was here', () => {
    const message = exampleMessage({
      status: 'sent',
      attempts: [attempt('sent', '2026-11-24T10:00:02.900Z')],
      recipients: [report('a@contoso.com', { delivery: 'delivered', at: '2026-11-24T10:00:02.100Z', source: 'trace' })],
    })

    expect(titles(message).slice(1)).toEqual(['good: Accepted by Microsoft', 'good: Delivered'])
  })

  it('marks what could not be worded in the page’s language as English', () => {
    const detail = 'Of a newer version.'
    const message = exampleMessage({
      status: 'sent',
      attempts: [{ ...attempt('refused', '2026-11-24T10:00:02.000Z'), detail }],
      recipients: [report('a@contoso.com', { delivery: 'failed', code: null, explanation: detail })],
    })

    const untranslated = timelineOf(message, german).filter((entry) => entry.detail === detail)
    expect(untranslated.map(({ lang }) => lang)).toEqual(['en', 'en'])
    expect(timelineOf(message, english).filter(({ lang }) => lang !== undefined)).toEqual([])
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

    expect(timelineOf(message, english).at(-1)).toMatchObject({
      title: 'Expired',
      at: '2026-11-24T13:00:00.000Z',
      kind: 'bad',
    })
  })

  it('calls the test mail of the page by what it is', () => {
    expect(titles(exampleMessage({ service: 'tenant-settings' }))[0]).toBe('happened: Submitted by Tenant Settings')
  })
})
