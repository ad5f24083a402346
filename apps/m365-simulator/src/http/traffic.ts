import type { Endpoint } from '../faults/endpoints.ts'
import { createSlidingWindow, type SlidingWindow } from './sliding-window.ts'

export const LOG_ENTRIES = 10_000
const MINUTE_MS = 60_000

/** A message that a request had taken for delivery, however the request was answered. */
export interface AcceptedMessage {
  readonly at: string
  /** Lower case. */
  readonly from: string
  readonly subject: string
  /** In to, cc and bcc. */
  readonly recipients: number
  readonly extendedProperties: readonly { readonly id: string; readonly value: string }[]
}

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
  readonly accepted: AcceptedMessage | null
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
  /** In ranges of upload sessions that were taken. */
  uploadedBytes: number
}

interface MailboxTally {
  readonly counters: MailboxCounters
  accepted: SlidingWindow
  uploaded: SlidingWindow
}

interface MailboxReport extends MailboxCounters {
  readonly acceptedInLastMinute: number
  /** The most accepted within any 60 seconds. */
  readonly maxAcceptedPerMinute: number
  /** The most uploaded within any 5 minutes. */
  readonly maxUploadedBytesPer5Minutes: number
}

export interface Traffic {
  record(entry: Omit<LogEntry, 'sequence'>): void
  mailbox(address: string): MailboxCounters
  /** Counts a message from this mailbox that was taken for delivery. */
  accept(address: string): void
  upload(address: string, sizeBytes: number): void
  /** When so many more bytes would be within the limit of any 5 minutes; null: now. */
  uploadAllowedFrom(address: string, sizeBytes: number, limitBytes: number): Date | null
  /** The oldest that are remembered come first. */
  log(afterSequence: number, limit: number): readonly LogEntry[]
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
      uploadedBytes: 0,
    }
    const tally: MailboxTally = { counters, ...newWindows() }
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
      const { counters, accepted } = tallyOf(address)
      counters.accepted += 1
      accepted.add(1, clock().getTime())
    },
    upload(address, sizeBytes) {
      const { counters, uploaded } = tallyOf(address)
      counters.uploadedBytes += sizeBytes
      uploaded.add(sizeBytes, clock().getTime())
    },
    uploadAllowedFrom(address, sizeBytes, limitBytes) {
      const fromMs = tallyOf(address).uploaded.roomFrom(limitBytes - sizeBytes, clock().getTime())
      return fromMs === null ? null : new Date(fromMs)
    },
    log: (afterSequence, limit) =>
      log
        .slice(-LOG_ENTRIES)
        .filter((entry) => entry.sequence > afterSequence)
        .slice(0, limit),
    counters() {
      const nowMs = clock().getTime()
      const reports = [...mailboxes].map(([address, tally]): [string, MailboxReport] => [
        address,
        {
          ...tally.counters,
          acceptedInLastMinute: tally.accepted.sum(nowMs),
          maxAcceptedPerMinute: tally.accepted.most,
          maxUploadedBytesPer5Minutes: tally.uploaded.most,
        },
      ])
      return { endpoints: Object.fromEntries(endpoints), mailboxes: Object.fromEntries(reports) }
    },
    reset() {
      endpoints.clear()
      // Those under way go on counting where they were.
      for (const [address, tally] of mailboxes) {
        const { inFlight } = tally.counters
        if (inFlight === 0) mailboxes.delete(address)
        const zero = {
          requests: 0,
          maxConcurrent: inFlight,
          accepted: 0,
          refusedForConcurrency: 0,
          uploadedBytes: 0,
        }
        Object.assign(tally.counters, zero)
        Object.assign(tally, newWindows())
      }
      log = []
    },
  }
}

function newWindows(): Pick<MailboxTally, 'accepted' | 'uploaded'> {
  return { accepted: createSlidingWindow(MINUTE_MS), uploaded: createSlidingWindow(5 * MINUTE_MS) }
}
