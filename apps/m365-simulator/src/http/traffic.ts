import type { Endpoint } from '../faults/endpoints.ts'
import { createMinuteWindow, type MinuteWindow } from './minute-window.ts'

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
  /** Messages taken for delivery, whatever was answered. */
  accepted: number
  refusedForConcurrency: number
}

interface MailboxTally {
  readonly counters: MailboxCounters
  window: MinuteWindow
}

interface MailboxReport extends MailboxCounters {
  readonly acceptedInLastMinute: number
  /** The most accepted within any 60 seconds. */
  readonly maxAcceptedPerMinute: number
}

export interface Traffic {
  record(entry: Omit<LogEntry, 'sequence'>): void
  mailbox(address: string): MailboxCounters
  /** Counts a message from this mailbox that was taken for delivery. */
  accept(address: string): void
  log(afterSequence: number): readonly LogEntry[]
  counters(): { endpoints: Record<string, EndpointCounters>; mailboxes: Record<string, MailboxReport> }
  reset(): void
}

export function createTraffic(clock: () => Date): Traffic {
  const endpoints = new Map<string, EndpointCounters>()
  const mailboxes = new Map<string, MailboxTally>()
  let log: LogEntry[] = []
  let lastSequence = 0

  const tallyOf = (address: string): MailboxTally => {
    const known = mailboxes.get(address)
    if (known !== undefined) return known
    const counters: MailboxCounters = {
      requests: 0,
      inFlight: 0,
      maxConcurrent: 0,
      accepted: 0,
      refusedForConcurrency: 0,
    }
    const tally: MailboxTally = { counters, window: createMinuteWindow() }
    mailboxes.set(address, tally)
    return tally
  }

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
    mailbox: (address) => tallyOf(address).counters,
    accept(address) {
      const { counters, window } = tallyOf(address)
      counters.accepted += 1
      window.add(clock().getTime())
    },
    log: (afterSequence) => log.slice(-LOG_ENTRIES).filter((entry) => entry.sequence > afterSequence),
    counters() {
      const nowMs = clock().getTime()
      const reports = [...mailboxes].map(([address, { counters, window }]): [string, MailboxReport] => [
        address,
        { ...counters, acceptedInLastMinute: window.inLastMinute(nowMs), maxAcceptedPerMinute: window.most },
      ])
      return { endpoints: Object.fromEntries(endpoints), mailboxes: Object.fromEntries(reports) }
    },
    reset() {
      endpoints.clear()
      // Those under way go on counting where they were.
      for (const [address, tally] of mailboxes) {
        const { inFlight } = tally.counters
        if (inFlight === 0) mailboxes.delete(address)
        const zero = { requests: 0, maxConcurrent: inFlight, accepted: 0, refusedForConcurrency: 0 }
        Object.assign(tally.counters, zero)
        tally.window = createMinuteWindow()
      }
      log = []
    },
  }
}
