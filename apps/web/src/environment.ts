import { createContext, useContext, useEffect, useState } from 'react'

/** Whose access a new connection sends with: a person's, or the application's own. */
export type GraphAuth = 'delegated' | 'application'

/** Carries what is unsaved over a full page load, such as a round trip to Microsoft, in this tab only. */
export interface UnsavedMemory {
  /** What is unsaved now; at the start, what was kept before the page load. It comes from storage, so check it. */
  readonly held: () => unknown
  readonly hold: (unsaved: object | null) => void
  /** Stores what is held, with `changes` applied, for the next page load. */
  readonly keep: (changes?: object) => void
}

/** Holds what the page needs from the browser, so that nothing else reads globals. `main.tsx` provides it. */
export interface AppEnvironment {
  readonly clock: () => Date
  /** The simulator's address in the demo, else null. */
  readonly demoUrl: string | null
  /** The operator sets it. An existing connection keeps the kind of access it was made with. */
  readonly graphAuth: GraphAuth
  readonly unsaved: UnsavedMemory
}

export const AppEnvironmentContext = createContext<AppEnvironment | null>(null)

export function useAppEnvironment(): AppEnvironment {
  const environment = useContext(AppEnvironmentContext)
  if (!environment) throw new Error('There is no AppEnvironmentContext.')
  return environment
}

/** Returns the current time, updated every `intervalMs`. */
export function useNow(intervalMs: number): Date {
  const { clock } = useAppEnvironment()
  const [now, setNow] = useState(clock)
  useEffect(() => {
    const timer = setInterval(() => setNow(clock()), intervalMs)
    return () => clearInterval(timer)
  }, [clock, intervalMs])
  return now
}

const UNSAVED_KEY = 'inforiver-mail-unsaved'

/** Takes what was kept out of `storage` at once, so that it survives one page load and no longer. */
export function createUnsavedMemory(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>): UnsavedMemory {
  let held = parseJson(storage.getItem(UNSAVED_KEY))
  storage.removeItem(UNSAVED_KEY)
  return {
    held: () => held,
    hold: (unsaved) => {
      held = unsaved
    },
    keep: (changes = {}) => {
      if (typeof held === 'object' && held !== null)
        storage.setItem(UNSAVED_KEY, JSON.stringify({ ...held, ...changes }))
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
