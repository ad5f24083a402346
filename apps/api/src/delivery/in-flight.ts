// How many messages a worker sends at once, and how many it claims.

/** Claims take only what the limits of the mailboxes let out; this bounds the memory, and the doubts after a kill. */
export const MAX_IN_FLIGHT = 192
/** A claim for a single free place would cost a round trip for each message. */
const MANY = 48
/** How far claims may exceed `MAX_IN_FLIGHT` if Microsoft stops answering at that moment. */
const MOST_AHEAD = MANY
/** How much the latest duration counts in an average. */
const WEIGHT = 0.1

export interface InFlight {
  /** Returns the function that frees the place of a message. */
  begin(): () => void
  /** How many messages are being sent. */
  count(): number
  /** In how many ms a claim is worth a round trip; `Infinity` where that depends on the next answer. */
  untilRoom(): number
  /** Whether a claim that waits a few ms would take more messages: where few places will be free, or few were due. */
  gathers(): boolean
  beginClaim(): Claim
}

export interface Claim {
  /** How many messages it may take: the free places, and those that will probably be free when it is answered. */
  readonly atMost: number
  answered(messages: number): void
}

/** @param elapsedMs a clock that is never set back */
export function createInFlight(elapsedMs: () => number): InFlight {
  /** In the order in which they began. */
  const underWay = new Set<{ readonly since: number }>()
  let usualMs = Infinity
  let claimMs = 0
  let tookFew = false

  const free = () => MAX_IN_FLIGHT - underWay.size

  /** How many will probably be free by the answer to a claim. What takes far longer than usual is not relied on. */
  function freeSoon(): number {
    const now = elapsedMs()
    let ahead = 0
    for (const { since } of underWay) {
      const age = now - since
      if (age + claimMs < usualMs || ahead === MOST_AHEAD) break
      if (age < 2 * usualMs) ahead++
    }
    return free() + ahead
  }

  return {
    begin() {
      const attempt = { since: elapsedMs() }
      underWay.add(attempt)
      return () => {
        if (underWay.delete(attempt)) usualMs = averageOf(usualMs, elapsedMs() - attempt.since)
      }
    },
    count: () => underWay.size,
    untilRoom() {
      if (free() > 0 || freeSoon() >= MANY) return 0
      const last = [...underWay][MANY - 1]
      const ms = last ? last.since + usualMs - claimMs - elapsedMs() : Infinity
      return ms > 0 && free() + MOST_AHEAD >= MANY ? ms : Infinity
    },
    gathers: () => tookFew || freeSoon() < MANY,
    beginClaim() {
      const begunAt = elapsedMs()
      return {
        atMost: Math.max(freeSoon(), 0),
        answered(messages) {
          claimMs = averageOf(claimMs, elapsedMs() - begunAt)
          tookFew = messages > 0 && messages < MANY
        },
      }
    },
  }
}

function averageOf(before: number, ms: number): number {
  return Number.isFinite(before) ? before + WEIGHT * (ms - before) : ms
}
