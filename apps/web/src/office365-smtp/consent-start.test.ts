import { expect, it } from 'vitest'
import { isSameStart, watch, type WatchedConsent } from './consent-start.ts'

const change = { purpose: 'update-sender', sender: { fromEmail: 'reports@contoso.com' } } as const

it('recognises the same change, whatever the order of its fields', () => {
  const sender = { fromEmail: 'reports@contoso.com', largeAttachments: true }
  const reordered = { largeAttachments: true, fromEmail: 'reports@contoso.com' }

  expect(isSameStart(change, structuredClone(change))).toBe(true)
  expect(isSameStart({ ...change, sender }, { sender: reordered, purpose: 'update-sender' })).toBe(true)
})

it.each([
  ['no change at all', null],
  ['another purpose', { ...change, purpose: 'configure' }],
  ['another address', { ...change, sender: { fromEmail: 'ada@contoso.com' } }],
  ['large attachments besides', { ...change, sender: { ...change.sender, largeAttachments: true } }],
] as const)('distinguishes %s from the change', (_what, other) => {
  expect(isSameStart(other, change)).toBe(false)
})

function consent(number: number, given: Partial<WatchedConsent> = {}): WatchedConsent {
  return {
    id: `con_${String(number).padStart(32, '0')}`,
    fromEmail: null,
    start: null,
    startedAt: 0,
    dismissed: false,
    ...given,
  }
}

const seen = { type: 'seen', id: consent(1).id, fromEmail: 'reports@contoso.com' } as const
const own = consent(1, { start: { purpose: 'reconnect' } })
const dismissed = consent(1, { dismissed: true })
const [two, three] = [consent(2), consent(3)]

it.each<[string, WatchedConsent[], Parameters<typeof watch>[1], WatchedConsent[]]>([
  ['follows what another tab or admin started', [], seen, [consent(1, { fromEmail: 'reports@contoso.com' })]],
  ['keeps what it knows when the settings list it again', [own], seen, [own]],
  ['does not show again what was dismissed', [dismissed], seen, [dismissed]],
  [
    'dismisses the outcomes of earlier ones when one is started, but nothing that is pending',
    [two, consent(1)],
    { type: 'started', consent: three, ended: [consent(1).id] },
    [three, two, dismissed],
  ],
  [
    'follows a pending one once when it is requested again',
    [two, consent(1)],
    { type: 'started', consent: own, ended: [] },
    [own, two],
  ],
])('of consents, %s', (_what, watched, event, expected) => {
  expect(watch(watched, event)).toEqual(expected)
})

it('follows ten consents at most', () => {
  const many = Array.from({ length: 10 }, (_, index) => consent(index))
  const watched = watch(many, { type: 'started', consent: consent(10), ended: [] })
  expect(watched).toHaveLength(10)
})
