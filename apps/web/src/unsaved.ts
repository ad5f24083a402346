const KEY = 'inforiver-mail-unsaved'

/** Carries what is unsaved over a full page load, such as a round trip to Microsoft, in this tab only. */
export interface UnsavedMemory {
  /** What is unsaved now; at the start, what was kept before the page load. It comes from storage, so check it. */
  readonly held: () => unknown
  readonly hold: (unsaved: object | null) => void
  /** Stores what is held, with `changes` applied, for the next page load. */
  readonly keep: (changes?: object) => void
}

/** Takes what was kept out of `storage` at once, so that it survives one page load and no longer. */
export function createUnsavedMemory(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>): UnsavedMemory {
  let held = parseJson(storage.getItem(KEY))
  storage.removeItem(KEY)
  return {
    held: () => held,
    hold: (unsaved) => {
      held = unsaved
    },
    keep: (changes = {}) => {
      if (typeof held === 'object' && held !== null) storage.setItem(KEY, JSON.stringify({ ...held, ...changes }))
    },
  }
}

function parseJson(text: string | null): unknown {
  if (text === null) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
