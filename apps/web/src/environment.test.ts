import { describe, expect, it } from 'vitest'
import { createUnsavedMemory } from './environment.ts'

const unsaved = { userEmail: 'ada@contoso.com', draft: { fromEmail: 'reports@contoso.com' }, consents: [] }

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
    before.hold('settings', unsaved)
    before.keep()
    expect(createUnsavedMemory(storage).held('settings')).toEqual(unsaved)
    expect(createUnsavedMemory(storage).held('settings')).toBeNull()
  })

  it('holds what is unsaved on one page while another one is shown, and keeps both', () => {
    const storage = fakeStorage()
    const before = createUnsavedMemory(storage)
    const recipients = { userEmail: 'ada@contoso.com', recipients: { redirectAllTo: 'staging@contoso.com' } }
    before.hold('settings', unsaved)
    before.hold('recipients', recipients)
    expect(before.held('settings')).toEqual(unsaved)
    before.keep()
    const after = createUnsavedMemory(storage)
    expect([after.held('settings'), after.held('recipients')]).toEqual([unsaved, recipients])
  })

  it('stores what is under way when the document is left, and again until its page is shown', () => {
    const storage = fakeStorage()
    const memory = createUnsavedMemory(storage)
    memory.hold('settings', unsaved)
    memory.leave()
    expect(storage.items.size).toBe(0)
    memory.hold('settings', unsaved, () => true)
    memory.leave()
    createUnsavedMemory(storage).leave()
    const shown = createUnsavedMemory(storage)
    expect(shown.held('settings')).toEqual(unsaved)
    shown.hold('settings', unsaved, () => false)
    shown.leave()
    expect(storage.items.size).toBe(0)
  })

  it('stores nothing while the page is not being left, or when nothing is held', () => {
    const storage = fakeStorage()
    const memory = createUnsavedMemory(storage)
    memory.hold('settings', unsaved)
    expect(storage.items.size).toBe(0)
    memory.hold('settings', null)
    memory.keep()
    expect(storage.items.size).toBe(0)
  })
})

it('remembers over a page load when the session ended, where something else is kept as well', () => {
  const storage = fakeStorage()
  const end = Date.parse('2026-03-01T12:00:00Z')
  const memory = createUnsavedMemory(storage)
  expect(memory.sessionEndedAt()).toBe(0)
  memory.noteSessionEnd(end)
  memory.keep()
  memory.leave()
  expect(storage.items.size).toBe(0)
  memory.hold('settings', unsaved)
  memory.keep()
  const after = createUnsavedMemory(storage)
  expect(after.sessionEndedAt()).toBe(end)
  expect(after.held('settings')).toEqual(unsaved)
})
