import type { Store } from '../tenant/store.ts'
import type { TraceRow } from '../tenant/trace-row.ts'

export type TraceLog = ReturnType<typeof createTraceLog>

const PERIOD_MS = 5 * 60_000

/** The message trace of the tenant, and the requests that were made for it, of which only the rows survive a restart. */
export function createTraceLog(store: Pick<Store, 'state' | 'commit'>, clock: () => Date) {
  let requests: number[] = []

  return {
    /** Newest first, as far as the trace shows them. */
    visible(): readonly TraceRow[] {
      const now = clock().getTime()
      return store.state.traced.filter(({ visibleMs }) => visibleMs <= now).toReversed()
    },
    add(rows: readonly TraceRow[]): void {
      store.commit({ type: 'message-traced', rows })
    },
    /** Counts a request. Returns how many were made in the 5 minutes that end now. */
    count(): number {
      const now = clock().getTime()
      requests.push(now)
      return requests.filter((at) => at > now - PERIOD_MS).length
    },
    /** How many requests were made, and the most in any 5 minutes. */
    report() {
      const most = requests.map((from) => requests.filter((at) => at >= from && at < from + PERIOD_MS).length)
      return { requests: requests.length, maxPer5Minutes: Math.max(0, ...most), rows: store.state.traced.length }
    },
    reset(): void {
      requests = []
    },
  }
}
