import { createByteBudget, type GiveBack } from './byte-budget.ts'
import { BODY_BUDGET_BYTES, RESERVED_FOR_SMALL_BODIES, RESERVED_FOR_STORING } from './memory-use.ts'
import { createShares, type Holder } from './shares.ts'

/** Reserved for sessions, so that an admin can always send the test mail. */
const RESERVED_FOR_SESSIONS = 1024 * 1024

/**
 * The memory that all bodies arriving in a process share. Small and large ones are pools of their own, so that the large
 * bodies of a service keep none of its small ones out. Returns null where a holder would exceed its share of a pool.
 */
export type BodyBudget = ReturnType<typeof createBodyBudget>

/** Creates the budget that all messages and other bodies arriving in this process share, by whichever protocol. */
export function createBodyBudget() {
  const budget = createByteBudget(BODY_BUDGET_BYTES)
  const small = poolThatLeaves(0)
  const large = poolThatLeaves(RESERVED_FOR_STORING)

  function poolThatLeaves(leaveBytes: number) {
    const shares = createShares((_taken, holder) => {
      const reservedBytes = leaveBytes + (holder === 'sessions' ? 0 : RESERVED_FOR_SESSIONS)
      return BODY_BUDGET_BYTES - reservedBytes - budget.usedBytes
    })
    return {
      heldBy: (holder: Holder) => shares.heldBy(holder),
      take: (holder: Holder, bytes: number): GiveBack | null => {
        const giveShareBack = shares.take(holder, bytes)
        if (giveShareBack === null) return null
        const giveBack = budget.takeAtOnce(bytes, leaveBytes)
        if (giveBack === null) {
          giveShareBack() // somebody waits to store, and comes first
          return null
        }
        return (given) => {
          giveShareBack(given)
          giveBack(given)
        }
      },
    }
  }

  return {
    takeSmall: small.take,
    takeLarge: large.take,
    /** Waits, and has no share: a chunk is stored within milliseconds, and the body that it belongs to has a share. */
    takeForStoring: (bytes: number, signal: AbortSignal): Promise<GiveBack> =>
      budget.take(bytes, signal, RESERVED_FOR_SMALL_BODIES),
    /** Returns null where it would have to wait. */
    takeForStoringAtOnce: (bytes: number): GiveBack | null => budget.takeAtOnce(bytes, RESERVED_FOR_SMALL_BODIES),
    /** How many bytes a holder has in both pools. */
    heldBy: (holder: Holder): number => small.heldBy(holder) + large.heldBy(holder),
    totalBytes: BODY_BUDGET_BYTES,
    /** How many bytes are taken now. */
    get usedBytes() {
      return budget.usedBytes
    },
  }
}
