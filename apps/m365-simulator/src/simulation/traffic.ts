import type { Endpoint } from '../faults/scenario.ts'

export const LOG_ENTRIES = 10_000
const MINUTE_MS = 60_000

/** A message that a request submitted for delivery, however the request was answered. */
export interface AcceptedMessage {
  /** ISO 8601. */
  readonly at: string
  /** In lower case. */
  readonly from: string
  readonly subject: string
  /** How many addresses are in to, cc and bcc. */
  readonly recipients: number
  readonly extendedProperties: readonly { readonly id: string; readonly value: string }[]
}

/** One request; never contains a secret, a code or a token. */
export interface LogEntry {
  readonly sequence: number
  readonly at: string
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly endpoint: Endpoint | null
  /** null: the connection ended without a response. */
  readonly status: number | null
  readonly durationMs: number
  readonly requestId: string
  readonly clientRequestId: string | null
  /** The scenarios that changed the response. */
  readonly scenarios: readonly string[]
  readonly details: Readonly<Record<string, string>>
  readonly accepted: AcceptedMessage | null
}

export interface MailboxCounters {
  requests: number
  inFlight: number
  /** The most requests in flight at once, including refused ones. */
  maxConcurrent: number
  /** Messages accepted for delivery, however the request was answered. */
  accepted: number
  refusedForConcurrency: number
  /** Bytes of upload ranges that were accepted. */
  uploadedBytes: number
}

/** Counts and logs the requests of one simulator. */
export type Traffic = ReturnType<typeof createTraffic>

export function createTraffic(clock: () => Date) {
  const endpoints = new Map<string, { requests: number; byStatus: Record<string, number> }>()
  const mailboxes = new Map<string, ReturnType<typeof newTally>>()
  let log: LogEntry[] = []
  let lastSequence = 0

  const tallyOf = (address: string): ReturnType<typeof newTally> => {
    const tally = mailboxes.get(address) ?? newTally(0)
    mailboxes.set(address, tally)
    return tally
  }

  return {
    record(entry: Omit<LogEntry, 'sequence'>): void {
      lastSequence += 1
      log.push({ sequence: lastSequence, ...entry })
      // Dropping one entry per request would move the whole array each time.
      if (log.length > 2 * LOG_ENTRIES) log = log.slice(-LOG_ENTRIES)
      if (entry.endpoint === null) return
      const counters = endpoints.get(entry.endpoint) ?? { requests: 0, byStatus: {} }
      const status = entry.status === null ? 'none' : String(entry.status)
      counters.requests += 1
      counters.byStatus[status] = (counters.byStatus[status] ?? 0) + 1
      endpoints.set(entry.endpoint, counters)
    },
    mailbox: (address: string): MailboxCounters => tallyOf(address).counters,
    /** Counts a message from this mailbox that was accepted for delivery. */
    accept(address: string): void {
      const { counters, accepted } = tallyOf(address)
      counters.accepted += 1
      accepted.add(1, clock().getTime())
    },
    upload(address: string, sizeBytes: number): void {
      const { counters, uploaded } = tallyOf(address)
      counters.uploadedBytes += sizeBytes
      uploaded.add(sizeBytes, clock().getTime())
    },
    /** When this many more bytes fit into the limit for 5 minutes; null: now. */
    uploadAllowedFrom(address: string, sizeBytes: number, limitBytes: number): Date | null {
      const fromMs = tallyOf(address).uploaded.roomFrom(limitBytes - sizeBytes, clock().getTime())
      return fromMs === null ? null : new Date(fromMs)
    },
    /** Returns the oldest remembered entries first. */
    log: (afterSequence: number, limit: number): readonly LogEntry[] =>
      log
        .slice(-LOG_ENTRIES)
        .filter(({ sequence }) => sequence > afterSequence)
        .slice(0, limit),
    counters() {
      const reports = [...mailboxes].map(([address, { counters, accepted, uploaded }]) => {
        const report = {
          ...counters,
          acceptedInLastMinute: accepted.sum(clock().getTime()),
          maxAcceptedPerMinute: accepted.most(),
          maxUploadedBytesPer5Minutes: uploaded.most(),
        }
        return [address, report] as const
      })
      return { endpoints: Object.fromEntries(endpoints), mailboxes: Object.fromEntries(reports) }
    },
    reset(): void {
      endpoints.clear()
      for (const [address, tally] of mailboxes) {
        const { inFlight } = tally.counters
        if (inFlight === 0) mailboxes.delete(address)
        // Requests in flight hold on to their counters.
        const { counters, ...windows } = newTally(inFlight)
        Object.assign(tally.counters, counters)
        Object.assign(tally, windows)
      }
      log = []
    },
  }
}

function newTally(inFlight: number) {
  const counters: MailboxCounters = {
    requests: 0,
    inFlight,
    maxConcurrent: inFlight,
    accepted: 0,
    refusedForConcurrency: 0,
    uploadedBytes: 0,
  }
  return { counters, accepted: createSlidingWindow(MINUTE_MS), uploaded: createSlidingWindow(5 * MINUTE_MS) }
}

/** Sums amounts within any span of the given length, exactly. */
function createSlidingWindow(spanMs: number) {
  let entries: { readonly atMs: number; readonly amount: number }[] = []
  let first = 0
  let sum = 0
  let most = 0
  const forget = (nowMs: number): void => {
    for (let entry = entries[first]; entry !== undefined && entry.atMs <= nowMs - spanMs; entry = entries[first]) {
      sum -= entry.amount
      first += 1
    }
    if (first < 1024 || first * 2 < entries.length) return
    entries = entries.slice(first)
    first = 0
  }
  return {
    add(amount: number, nowMs: number): void {
      forget(nowMs)
      entries.push({ atMs: nowMs, amount })
      sum += amount
      most = Math.max(most, sum)
    },
    /** The sum of the span that ends now. */
    sum(nowMs: number): number {
      forget(nowMs)
      return sum
    },
    /** When the sum has fallen to this amount, in ms since 1970; null: it has already. */
    roomFrom(amount: number, nowMs: number): number | null {
      forget(nowMs)
      let left = sum
      let fromMs: number | null = null
      for (let at = first; left > amount && at < entries.length; at += 1) {
        left -= entries[at]?.amount ?? 0
        fromMs = (entries[at]?.atMs ?? nowMs) + spanMs
      }
      // A negative amount is never reached; the end of the span is the earliest time worth naming.
      return left > amount ? nowMs + spanMs : fromMs
    },
    /** The largest sum that any span has had. */
    most: () => most,
  }
}
