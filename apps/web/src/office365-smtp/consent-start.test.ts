import { expect, it } from 'vitest'
import { isSameStart } from './consent-start.ts'

const change = { purpose: 'update-sender', sender: { fromEmail: 'reports@contoso.com' } } as const

it('knows the same change, in whatever order it was written down', () => {
  const sender = { fromEmail: 'reports@contoso.com', largeAttachments: true }
  const reordered = { largeAttachments: true, fromEmail: 'reports@contoso.com' }

  expect(isSameStart(change, structuredClone(change))).toBe(true)
  expect(isSameStart({ ...change, sender }, { sender: reordered, purpose: 'update-sender' })).toBe(true)
})

it.each([
  ['nothing', null],
  ['another purpose', { ...change, purpose: 'configure' }],
  ['another address', { ...change, sender: { fromEmail: 'ada@contoso.com' } }],
  ['large attachments besides', { ...change, sender: { ...change.sender, largeAttachments: true } }],
] as const)('takes %s for another change', (_what, other) => {
  expect(isSameStart(other, change)).toBe(false)
})
