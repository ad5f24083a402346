// How many messages a worker sends at once, and how many it claims.

/** Claims take only what the limits of the mailboxes let out; this bounds the memory, and the doubts after a kill. */
export const MAX_IN_FLIGHT = 192
/** A claim for a single free place would cost a round trip for each message. */
const MANY = 48
/** How far claims may exceed `MAX_IN_FLIGHT` if Microsoft stops answering at that moment. */
const MOST_AHEAD = MANY

export interface InFlight {
  begin(): void
  /** Frees the place of a message. */
  end(): void
  /** How many messages are being sent. */
  count(): number
  isFull(): boolean
  /** Whether a claim that waits a few ms would take more messages: where few places are free, or few were due. */
  gathers(): boolean
  beginClaim(): Claim
}

export interface Claim {
  /** How many messages it may take: the free places, and as many as became free during the last claim. */
  readonly atMost: number
  answered(messages: number): void
}

export function createInFlight(): InFlight {
  let count = 0
  let ended = 0
  let ahead = 0
  let tookFew = false

  return {
    begin() {
      count++
    },
    end() {
      count--
      ended++
    },
    count: () => count,
    isFull: () => count >= MAX_IN_FLIGHT,
    gathers: () => tookFew || count > MAX_IN_FLIGHT - MANY,
    beginClaim() {
      const endedBefore = ended
      return {
        atMost: MAX_IN_FLIGHT - count + ahead,
        answered(messages) {
          ahead = Math.min(ended - endedBefore, MOST_AHEAD)
          tookFew = messages > 0 && messages < MANY
        },
      }
    },
  }
}
