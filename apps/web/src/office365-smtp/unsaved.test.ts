import { expect, it } from 'vitest'
import { createUnsavedMemory } from '../environment.ts'
import { readUnsaved } from './unsaved.ts'

const CONSENT = { id: `con_${'0'.repeat(32)}`, fromEmail: 'reports@contoso.com', start: null, dismissed: false }
const nowhere = { getItem: () => null, setItem: () => {}, removeItem: () => {} }

it.each(['{', '{"draft":{}}', '{"settings":{"draft":{}}}', 'null', '1'])(
  'reads nothing unsaved from %j in the storage',
  (kept) => {
    expect(readUnsaved(createUnsavedMemory({ ...nowhere, getItem: () => kept }), 'ada@contoso.com')).toBeNull()
  },
)

it.each([
  [null, []],
  [CONSENT, [{ ...CONSENT, startedAt: 0 }]],
])('reads what version 1.3.0 kept, with the consent %j', (consent, consents) => {
  const kept = { userEmail: 'ada@contoso.com', draft: { largeAttachments: true } }
  const memory = createUnsavedMemory({ ...nowhere, getItem: () => JSON.stringify({ ...kept, consent }) })
  expect(readUnsaved(memory, 'ada@contoso.com')).toEqual({ ...kept, consents })
})

it('gives what is unsaved to nobody else', () => {
  const memory = createUnsavedMemory(nowhere)
  const unsaved = { userEmail: 'ada@contoso.com', draft: { fromEmail: 'reports@contoso.com' }, consents: [] }
  memory.hold('settings', unsaved)
  expect(readUnsaved(memory, 'ada@contoso.com')).toEqual(unsaved)
  expect(readUnsaved(memory, 'bob@contoso.com')).toBeNull()
})
