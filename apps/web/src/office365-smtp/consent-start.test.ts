import { expect, it } from 'vitest'
import { isSameStart } from './consent-start.ts'

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
