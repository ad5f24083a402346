/** Differences up to this come from the whole seconds of the header and from the network, and say nothing about a clock. */
const TOLERANCE_MS = 5_000

/** Tells the server's time, by the `Date` of its answers. The clock of this browser may be wrong by hours. */
export function createServerClock(clock: () => Date) {
  let aheadMs = 0
  return {
    /** Takes the `Date` of an answer that has just arrived. */
    hear(date: string | null): void {
      const heardMs = Date.parse(date ?? '') - clock().getTime()
      if (Math.abs(heardMs - aheadMs) > TOLERANCE_MS) aheadMs = heardMs
    },
    now: (): Date => new Date(clock().getTime() + aheadMs),
  }
}

/** What the answers to this document say. */
export const serverClock = createServerClock(() => new Date())
