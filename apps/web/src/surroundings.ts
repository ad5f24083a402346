import { createContext, useContext, useEffect, useState } from 'react'
import type { GraphAuth } from './graph-auth.ts'
import type { UnsavedMemory } from './session/unsaved.ts'

/** What the page gets from outside: handed in by `main.tsx`. */
export interface Surroundings {
  readonly clock: () => Date
  /** The simulator's address in the demo, else null. */
  readonly demoUrl: string | null
  /** As the operator has set it. A connection from before keeps what it has. */
  readonly graphAuth: GraphAuth
  readonly unsaved: UnsavedMemory
}

export const SurroundingsContext = createContext<Surroundings | null>(null)

export function useSurroundings(): Surroundings {
  const surroundings = useContext(SurroundingsContext)
  if (!surroundings) throw new Error('There is no SurroundingsContext.')
  return surroundings
}

/** The time, renewed every `intervalMs`. */
export function useNow(intervalMs: number): Date {
  const { clock } = useSurroundings()
  const [now, setNow] = useState(clock)
  useEffect(() => {
    const timer = setInterval(() => setNow(clock()), intervalMs)
    return () => clearInterval(timer)
  }, [clock, intervalMs])
  return now
}
