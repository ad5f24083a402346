import { expect, it } from 'vitest'
import { createUnsavedMemory } from '../environment.ts'
import { readUnsaved } from './unsaved.ts'

it.each(['{', '{"draft":{}}', 'null'])('reads nothing unsaved from %j in the storage', (kept) => {
  const storage = { getItem: () => kept, setItem: () => {}, removeItem: () => {} }
  expect(readUnsaved(createUnsavedMemory(storage))).toBeNull()
})
