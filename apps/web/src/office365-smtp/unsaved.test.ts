import { expect, it } from 'vitest'
import { createUnsavedMemory } from '../environment.ts'
import { readUnsaved } from './unsaved.ts'

const nowhere = { getItem: () => null, setItem: () => {}, removeItem: () => {} }

it.each(['{', '{"draft":{}}', '{"settings":{"draft":{}}}', 'null', '1'])(
  'reads nothing unsaved from %j in the storage',
  (kept) => {
    expect(readUnsaved(createUnsavedMemory({ ...nowhere, getItem: () => kept }), 'ada@contoso.com')).toBeNull()
  },
)

it('gives what is unsaved to nobody else', () => {
  const memory = createUnsavedMemory(nowhere)
  const unsaved = { userEmail: 'ada@contoso.com', draft: { fromEmail: 'reports@contoso.com' }, consents: [] }
  memory.hold('settings', unsaved)
  expect(readUnsaved(memory, 'ada@contoso.com')).toEqual(unsaved)
  expect(readUnsaved(memory, 'bob@contoso.com')).toBeNull()
})
