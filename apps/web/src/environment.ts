import { createContext, useContext, useEffect, useState } from 'react'
import { z } from 'zod'

/** Whose access a new connection sends with: a person's, or the application's own. */
export type GraphAuth = 'delegated' | 'application'

/**
 * Holds what is unsaved while its page is not shown, and carries it over a full page load, such as a round trip to
 * Microsoft, in this tab only.
 */
export type UnsavedMemory = ReturnType<typeof createUnsavedMemory>

const UNSAVED_PAGES = ['settings', 'recipients'] as const
type UnsavedPage = (typeof UNSAVED_PAGES)[number]

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
/** What is stored. Any other name is left out: no page would ever let go of it. */
const Kept = z.object({
  settings: z.unknown().optional(),
  recipients: z.unknown().optional(),
  sessionEndedAt: z.number().catch(0),
})

/**
 * Takes what was kept out of `storage` at once, so that it survives one page load. Further ones it survives until its page is
 * shown, which then holds it.
 */
export function createUnsavedMemory(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>) {
  const kept = Kept.safeParse(parseJson(storage.getItem(UNSAVED_KEY) ?? '{}')).data ?? Kept.parse({})
  let { sessionEndedAt } = kept
  const held = new Map<UnsavedPage, unknown>()
  for (const page of UNSAVED_PAGES) if (kept[page] !== undefined) held.set(page, kept[page])
  const underWay = new Map<UnsavedPage, () => boolean>([...held.keys()].map((page) => [page, () => true]))
  storage.removeItem(UNSAVED_KEY)
  const keep = () => {
    if (held.size > 0) storage.setItem(UNSAVED_KEY, JSON.stringify({ ...Object.fromEntries(held), sessionEndedAt }))
  }
  return {
    /** What is unsaved on that page; at the start, what was kept before the page load. It comes from storage, so check it. */
    held: (page: UnsavedPage): unknown => held.get(page) ?? null,
    /** `isUnderWay` tells whether it is needed after a page load too, whatever that is for. */
    hold: (page: UnsavedPage, unsaved: object | null, isUnderWay: () => boolean = () => false): void => {
      if (unsaved === null) held.delete(page)
      else held.set(page, unsaved)
      underWay.set(page, () => unsaved !== null && isUnderWay())
    },
    /** Stores what all pages hold for the next page load. */
    keep,
    /** The document is being left: stores the same where something is under way. */
    leave: (): void => {
      if ([...underWay.values()].some((isUnderWay) => isUnderWay())) keep()
    },
    /** When this tab last learnt that its session had ended, in ms since the epoch; 0 for never. It is stored with the rest. */
    sessionEndedAt: (): number => sessionEndedAt,
    noteSessionEnd: (at: number): void => {
      sessionEndedAt = at
    },
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
