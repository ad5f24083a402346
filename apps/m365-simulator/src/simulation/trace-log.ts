/** What becomes of a recipient after Exchange has accepted a message. */
export interface DeliveryOutcome {
  /** A status of the message trace that is followed by no other, or one that a test makes up. */
  readonly status: string
  /** The enhanced status code and the text of a failure, as `550 5.1.10 …`; null where nothing failed. */
  readonly code: string | null
  readonly text: string | null
  /** The addresses that a list was replaced by. */
  readonly members: readonly string[]
}

/** One row of the message trace: a message and one of its recipients. */
export interface TraceRow {
  readonly id: string
  readonly senderAddress: string
  readonly recipientAddress: string
  readonly messageId: string
  readonly receivedMs: number
  readonly subject: string
  readonly size: number
  readonly outcome: DeliveryOutcome
  /** By which route it came: as a recipient of the message, or as a member of a list. */
  readonly isMember: boolean
  /** The trace shows it no earlier, and its outcome not before `settledMs`. */
  readonly visibleMs: number
  readonly settledMs: number
}

export type TraceLog = ReturnType<typeof createTraceLog>

const PERIOD_MS = 5 * 60_000

/** The message trace of the tenant, and the requests that were made for it. */
export function createTraceLog(clock: () => Date) {
  let rows: TraceRow[] = []
  let requests: number[] = []

  return {
    /** Newest first, as far as the trace shows them. */
    visible(): readonly TraceRow[] {
      const now = clock().getTime()
      return rows.filter(({ visibleMs }) => visibleMs <= now).toReversed()
    },
    add(row: TraceRow): void {
      // Kept by the time of receipt, so that reading newest first is stable.
      const place = rows.findLastIndex(({ receivedMs }) => receivedMs <= row.receivedMs)
      rows.splice(place + 1, 0, row)
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
      return { requests: requests.length, maxPer5Minutes: Math.max(0, ...most), rows: rows.length }
    },
    reset(): void {
      rows = []
      requests = []
    },
  }
}
