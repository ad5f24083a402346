import type { GiveBack } from './byte-budget.ts'

// What callers share is shared by one rule: a service may hold at most three times what is free after it. Alone it gets
// three quarters, two get 3/7 each, and something is always left for the next one. Nothing is taken back from whoever came
// first. What exceeds a share is refused at once: by waiting, a service would keep others waiting too.

const TIMES_WHAT_IS_FREE = 3

/** Who holds something: a service with all its keys, all sessions together, or all who have not said who they are. */
export type Holder = 'sessions' | 'strangers' | `service ${string}`

export function holderOf({ tenantId, service }: { tenantId: string; service: string | null }): Holder {
  return service === null ? 'sessions' : `service ${tenantId} ${service}`
}

/** @param freeFor how much is free for a holder now, when all holders together have taken this much */
export function createShares(freeFor: (taken: number, holder: Holder) => number) {
  const held = new Map<Holder, number>()
  let taken = 0

  function add(holder: Holder, amount: number): void {
    const holds = (held.get(holder) ?? 0) + amount
    if (holds > 0) held.set(holder, holds)
    else held.delete(holder)
    taken += amount
  }

  return {
    /** Returns null where the holder would exceed its share. */
    take(holder: Holder, amount = 1): GiveBack | null {
      const free = freeFor(taken, holder) - amount
      // A place cannot be divided: whoever has none may take the last one.
      const share = Math.max(TIMES_WHAT_IS_FREE * free, 1)
      if (free < 0 || (held.get(holder) ?? 0) + amount > share) return null
      add(holder, amount)
      let left = amount
      return (given = left) => {
        const back = Math.min(given, left)
        left -= back
        add(holder, -back)
      }
    },
    heldBy: (holder: Holder): number => held.get(holder) ?? 0,
  }
}

export type Places = ReturnType<typeof createPlaces>

export function createPlaces(total: number) {
  return { total, ...createShares((taken) => total - taken) }
}
