import { createByteBudget, type GiveBack } from './byte-budget.ts'
import { BODY_BUDGET_BYTES, RESERVED_FOR_SMALL_BODIES, RESERVED_FOR_STORING } from './memory-use.ts'
import { createShares, type Holder } from './shares.ts'

/** Kept for sessions, so that an admin can send the test mail whatever services do. */
const RESERVED_FOR_SESSIONS = 1024 * 1024

/**
 * The memory that all bodies arriving in a process share. Small and large ones are pools of their own, so that the large
 * bodies of a service keep none of its small ones out. Returns null where a holder would exceed its share of a pool.
 */
export interface BodyBudget {
  takeSmall(holder: Holder, bytes: number): GiveBack | null
  takeLarge(holder: Holder, bytes: number): GiveBack | null
  /** Waits, and has no share: a chunk is stored within milliseconds, and the body that it belongs to has a share. */
  takeForStoring(bytes: number, signal: AbortSignal): Promise<GiveBack>
  /** Returns null where it would have to wait. */
  takeForStoringAtOnce(bytes: number): GiveBack | null
  /** How many bytes a holder has in both pools. */
  heldBy(holder: Holder): number
  readonly totalBytes: number
  /** How many bytes are taken now. */
  readonly usedBytes: number
}

/** Creates the budget that all messages and other bodies arriving in this process share, by whichever protocol. */
export function createBodyBudget(): BodyBudget {
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
    takeForStoring: (bytes, signal) => budget.take(bytes, signal, RESERVED_FOR_SMALL_BODIES),
    takeForStoringAtOnce: (bytes) => budget.takeAtOnce(bytes, RESERVED_FOR_SMALL_BODIES),
    heldBy: (holder) => small.heldBy(holder) + large.heldBy(holder),
    totalBytes: BODY_BUDGET_BYTES,
    get usedBytes() {
      return budget.usedBytes
    },
  }
}
