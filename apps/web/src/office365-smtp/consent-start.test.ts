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

it('follows a consent that another tab or admin started', () => {
  const { id } = consent(1)
  expect(watch([], { type: 'seen', id, fromEmail: 'reports@contoso.com' })).toEqual([
    consent(1, { fromEmail: 'reports@contoso.com' }),
  ])
})

it('keeps what it knows about a consent when the settings list it again', () => {
  const own = consent(1, { start: { purpose: 'reconnect' } })
  expect(watch([own], { type: 'seen', id: own.id, fromEmail: 'reports@contoso.com' })).toEqual([own])
})

it('does not show a dismissed consent again', () => {
  const dismissed = consent(1, { dismissed: true })
  expect(watch([dismissed], { type: 'seen', id: dismissed.id, fromEmail: 'reports@contoso.com' })).toEqual([dismissed])
})

it('dismisses the outcomes of earlier consents when one is started, but nothing that is pending', () => {
  const [ended, pending, started] = [consent(1), consent(2), consent(3)]
  expect(watch([pending, ended], { type: 'started', consent: started, ended: [ended.id] })).toEqual([
    started,
    pending,
    { ...ended, dismissed: true },
  ])
})

it('follows a pending consent once when it is requested again', () => {
  const started = consent(1, { start: { purpose: 'reconnect' } })
  expect(watch([consent(2), consent(1)], { type: 'started', consent: started, ended: [] })).toEqual([
    started,
    consent(2),
  ])
})

it('follows ten consents at most', () => {
  const many = Array.from({ length: 10 }, (_, index) => consent(index))
  const watched = watch(many, { type: 'started', consent: consent(10), ended: [] })
  expect(watched).toHaveLength(10)
})
