import type { Endpoint } from '../faults/endpoints.ts'

const LOG_ENTRIES = 2000

/** What is known of a request; never a secret, a code or a token. */
export interface LogEntry {
  readonly sequence: number
  readonly at: string
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly endpoint: Endpoint | null
  /** null: the connection ended without an answer. */
  readonly status: number | null
  readonly durationMs: number
  readonly requestId: string
  readonly clientRequestId: string | null
  /** Scenarios that changed the answer. */
  readonly scenarios: readonly string[]
  readonly details: Readonly<Record<string, string>>
}

export interface EndpointCounters {
  requests: number
  byStatus: Record<string, number>
}

export interface MailboxCounters {
  requests: number
  inFlight: number
  /** The most that were under way at once, refused ones included. */
  maxConcurrent: number
  accepted: number
  throttled: number
}

export interface Traffic {
  record(entry: Omit<LogEntry, 'sequence'>): void
  mailbox(address: string): MailboxCounters
  log(afterSequence: number): readonly LogEntry[]
  counters(): { endpoints: Record<string, EndpointCounters>; mailboxes: Record<string, MailboxCounters> }
  reset(): void
}

export function createTraffic(): Traffic {
  const endpoints = new Map<string, EndpointCounters>()
  const mailboxes = new Map<string, MailboxCounters>()
  let log: LogEntry[] = []
  let lastSequence = 0
  return {
    record(entry) {
      lastSequence += 1
      log.push({ sequence: lastSequence, ...entry })
      // Cut in large steps: dropping one entry per request would move the whole array each time.
      if (log.length > 2 * LOG_ENTRIES) log = log.slice(-LOG_ENTRIES)
      if (entry.endpoint === null) return
      const counters = endpoints.get(entry.endpoint) ?? { requests: 0, byStatus: {} }
      counters.requests += 1
      const status = entry.status === null ? 'none' : String(entry.status)
      counters.byStatus[status] = (counters.byStatus[status] ?? 0) + 1
      endpoints.set(entry.endpoint, counters)
    },
    mailbox(address) {
      const known = mailboxes.get(address)
      if (known) return known
      const counters: MailboxCounters = { requests: 0, inFlight: 0, maxConcurrent: 0, accepted: 0, throttled: 0 }
      mailboxes.set(address, counters)
      return counters
    },
    log: (afterSequence) => log.slice(-LOG_ENTRIES).filter((entry) => entry.sequence > afterSequence),
    counters: () => ({ endpoints: Object.fromEntries(endpoints), mailboxes: Object.fromEntries(mailboxes) }),
    reset() {
      endpoints.clear()
      // Those under way go on counting where they were.
      for (const [address, counters] of mailboxes) {
        if (counters.inFlight === 0) mailboxes.delete(address)
        else Object.assign(counters, { requests: 0, maxConcurrent: counters.inFlight, accepted: 0, throttled: 0 })
      }
      log = []
    },
  }
}
