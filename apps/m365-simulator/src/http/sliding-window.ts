/** Adds up what happened within any span of the same length, exactly. */
export interface SlidingWindow {
  add(amount: number, nowMs: number): void
  /** Within the span that ends now. */
  sum(nowMs: number): number
  /** When no more than this amount is left of what is known now, in ms since 1970; null: that is so already. */
  roomFrom(amount: number, nowMs: number): number | null
  /** The most there ever was within one span. */
  readonly most: number
}

export function createSlidingWindow(spanMs: number): SlidingWindow {
  let entries: { readonly atMs: number; readonly amount: number }[] = []
  let first = 0
  let sum = 0
  let most = 0
  const forget = (nowMs: number): void => {
    for (let entry = entries[first]; entry !== undefined && entry.atMs <= nowMs - spanMs; entry = entries[first]) {
      sum -= entry.amount
      first += 1
    }
    // Cut in large steps: dropping one by one would move the whole array each time.
    if (first < 1024 || first * 2 < entries.length) return
    entries = entries.slice(first)
    first = 0
  }
  return {
    add(amount, nowMs) {
      forget(nowMs)
      entries.push({ atMs: nowMs, amount })
      sum += amount
      most = Math.max(most, sum)
    },
    sum(nowMs) {
      forget(nowMs)
      return sum
    },
    roomFrom(amount, nowMs) {
      forget(nowMs)
      let left = sum
      let fromMs: number | null = null
      for (let at = first; left > amount && at < entries.length; at += 1) {
        left -= entries[at]?.amount ?? 0
        fromMs = (entries[at]?.atMs ?? nowMs) + spanMs
      }
      // More than the limit even alone: never, but no sooner than this.
      return left > amount ? nowMs + spanMs : fromMs
    },
    get most() {
      return most
    },
  }
}
