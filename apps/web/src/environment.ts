import { createContext, useContext, useEffect, useState } from 'react'
import type { UnsavedMemory } from './unsaved.ts'

/** Whose access a new connection sends with: a person's, or the application's own. */
export type GraphAuth = 'delegated' | 'application'

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
