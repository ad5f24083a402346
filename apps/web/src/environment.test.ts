import { describe, expect, it } from 'vitest'
import { createUnsavedMemory } from './environment.ts'

const unsaved = { userEmail: 'ada@contoso.com', draft: { fromEmail: 'reports@contoso.com' }, consent: null }

function fakeStorage() {
  const items = new Map<string, string>()
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
    items,
  }
}

describe('createUnsavedMemory', () => {
  it('gives back what was kept, for one page load only', () => {
    const storage = fakeStorage()
    const before = createUnsavedMemory(storage)
    before.hold(unsaved)
    before.keep()
    expect(createUnsavedMemory(storage).held()).toEqual(unsaved)
    expect(createUnsavedMemory(storage).held()).toBeNull()
  })

  it('keeps what is held with the changes of the moment', () => {
    const storage = fakeStorage()
    const before = createUnsavedMemory(storage)
    before.hold(unsaved)
    before.keep({ draft: {} })
    expect(createUnsavedMemory(storage).held()).toEqual({ ...unsaved, draft: {} })
  })

  it('stores nothing while the page is not being left, or when nothing is held', () => {
    const storage = fakeStorage()
    const memory = createUnsavedMemory(storage)
    memory.hold(unsaved)
    expect(storage.items.size).toBe(0)
    memory.hold(null)
    memory.keep()
    expect(storage.items.size).toBe(0)
  })
})
