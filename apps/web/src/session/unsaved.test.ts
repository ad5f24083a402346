import { describe, expect, it } from 'vitest'
import { createUnsavedMemory } from './unsaved.ts'

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
  it('gives back after a round trip what was kept before it', () => {
    const storage = fakeStorage()
    const before = createUnsavedMemory(storage)
    before.hold(unsaved)
    before.keep(null)
    expect(createUnsavedMemory(storage).held()).toEqual(unsaved)
  })

  it('gives it back for one round trip only', () => {
    const storage = fakeStorage()
    const before = createUnsavedMemory(storage)
    before.hold(unsaved)
    before.keep(null)
    createUnsavedMemory(storage)
    expect(createUnsavedMemory(storage).held()).toBeNull()
  })

  it('leaves nothing in the storage while the page is not being left', () => {
    const storage = fakeStorage()
    createUnsavedMemory(storage).hold(unsaved)
    expect(storage.items.size).toBe(0)
  })

  it.each(['{', '{"draft":{}}', 'null'])('ignores %j in the storage', (kept) => {
    const storage = fakeStorage()
    storage.setItem('inforiver-mail-unsaved', kept)
    expect(createUnsavedMemory(storage).held()).toBeNull()
  })
})
