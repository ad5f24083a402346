const MINUTE_MS = 60_000

/** Counts what happened within any 60 seconds, exactly. */
export interface MinuteWindow {
  add(nowMs: number): void
  inLastMinute(nowMs: number): number
  /** The most there ever were within 60 seconds. */
  readonly most: number
}

export function createMinuteWindow(): MinuteWindow {
  let times: number[] = []
  let first = 0
  let most = 0
  const forget = (nowMs: number): void => {
    while (first < times.length && (times[first] ?? 0) <= nowMs - MINUTE_MS) first += 1
    // Cut in large steps: dropping one by one would move the whole array each time.
    if (first < 1024 || first * 2 < times.length) return
    times = times.slice(first)
    first = 0
  }
  return {
    add(nowMs) {
      forget(nowMs)
      times.push(nowMs)
      most = Math.max(most, times.length - first)
    },
    inLastMinute(nowMs) {
      forget(nowMs)
      return times.length - first
    },
    get most() {
      return most
    },
  }
}
