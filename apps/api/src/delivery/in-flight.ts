/** Bounds the memory, and the doubts after a kill, where the limits of a mailbox let out more. */
export const MAX_IN_FLIGHT = 192

/** How many messages this process is sending. */
export interface InFlight {
  /** Returns the function that frees the place of a message. */
  begin(): () => void
  count(): number
}

export function createInFlight(): InFlight {
  const underWay = new Set<symbol>()
  return {
    begin() {
      const attempt = Symbol('attempt')
      underWay.add(attempt)
      return () => underWay.delete(attempt)
    },
    count: () => underWay.size,
  }
}
