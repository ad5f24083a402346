import type { Endpoint } from '../faults/scenario.ts'
import type { SettingsHolder } from '../faults/settings.ts'
import { propertyKey, type StoredMessage } from '../tenant/message.ts'

export const LOG_ENTRIES = 10_000
const MINUTE_MS = 60_000

export type AcceptedMessage = ReturnType<typeof acceptedMessage>

/** Describes a message that a request submitted for delivery, however the request was answered. */
export function acceptedMessage({ from, subject, to, cc, bcc, extendedProperties }: StoredMessage, now: Date) {
  const recipients = to.length + cc.length + bcc.length
  return { at: now.toISOString(), from: from.address.toLowerCase(), subject, recipients, extendedProperties }
}

/** One request; never contains a secret, a code or a token. */
export interface LogEntry {
  readonly sequence: number
  readonly at: string
  readonly endpoint: Endpoint | null
  /** null: the connection ended without a response. */
  readonly status: number | null
  readonly durationMs: number
  readonly details: Readonly<Record<string, string>>
  readonly accepted: AcceptedMessage | null
}

/** Counts and logs the requests of one simulator. */
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
    /** Counts a request to a mailbox until it leaves. Returns whether more are in flight than the limit allows. */
    enter(address: string, limit: number | null): { readonly isOverLimit: boolean } {
      const { counters } = tallyOf(address)
      counters.requests += 1
      counters.inFlight += 1
      counters.maxConcurrent = Math.max(counters.maxConcurrent, counters.inFlight)
      const isOverLimit = limit !== null && counters.inFlight > limit
      if (isOverLimit) counters.refusedForConcurrency += 1
      return { isOverLimit }
    },
    leave(address: string): void {
      tallyOf(address).counters.inFlight -= 1
    },
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
    /** Returns in how many ms this many more bytes fit into the limit for 5 minutes. */
    uploadWaitMs: (address: string, sizeBytes: number, limitBytes: number): number =>
      tallyOf(address).uploaded.waitMs(limitBytes - sizeBytes, clock().getTime()),
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
          maxAcceptedPerMinute: accepted.most(),
          maxUploadedBytesPer5Minutes: uploaded.most(),
        }
        return [address, report] as const
      })
      return { endpoints: Object.fromEntries(endpoints), mailboxes: Object.fromEntries(reports) }
    },
    reset(): void {
      endpoints.clear()
      for (const [address, { counters }] of mailboxes) {
        if (counters.inFlight === 0) mailboxes.delete(address)
        else mailboxes.set(address, newTally(counters.inFlight))
      }
      log = []
    },
  }
}

function newTally(inFlight: number) {
  const counters = {
    requests: 0,
    inFlight,
    /** The most requests in flight at once, including refused ones. */
    maxConcurrent: inFlight,
    /** Messages accepted for delivery, however the request was answered. */
    accepted: 0,
    refusedForConcurrency: 0,
    /** Bytes of upload ranges that were accepted. */
    uploadedBytes: 0,
  }
  return { counters, accepted: createSlidingWindow(MINUTE_MS), uploaded: createSlidingWindow(5 * MINUTE_MS) }
}

/** Sums amounts within any span of the given length, exactly. */
export function createSlidingWindow(spanMs: number) {
  /** Oldest first. */
  const entries: { readonly atMs: number; readonly amount: number }[] = []
  let sum = 0
  let most = 0
  const forget = (nowMs: number): void => {
    const kept = entries.findIndex(({ atMs }) => atMs > nowMs - spanMs)
    for (const { amount } of entries.splice(0, kept === -1 ? entries.length : kept)) sum -= amount
  }
  return {
    /** Returns the sum of the span that ends now. */
    add(amount: number, nowMs: number): number {
      forget(nowMs)
      entries.push({ atMs: nowMs, amount })
      sum += amount
      most = Math.max(most, sum)
      return sum
    },
    /** Returns after how many ms the sum is no more than this. */
    waitMs(amount: number, nowMs: number): number {
      forget(nowMs)
      let left = sum
      let untilMs = nowMs
      for (const entry of entries) {
        if (left <= amount) break
        left -= entry.amount
        untilMs = entry.atMs + spanMs
      }
      // A negative amount is never reached; the end of the span is the earliest time worth naming.
      return left > amount ? spanMs : untilMs - nowMs
    },
    /** The largest sum that any span has had. */
    most: () => most,
  }
}

/** Counts accepted messages by the values of their extended properties, so that a run can find lost and doubled mail. */
export function createArrivals() {
  let total = 0
  const properties = new Map<string, Map<string, number>>()

  return {
    record({ extendedProperties }: StoredMessage): void {
      total += 1
      for (const { id, value } of extendedProperties) {
        const key = propertyKey(id)
        const counts = properties.get(key) ?? new Map<string, number>()
        properties.set(key, counts.set(value, (counts.get(value) ?? 0) + 1))
      }
    },
    /** @param propertyId the property whose values to report */
    report(propertyId: string) {
      return { total, values: Object.fromEntries(properties.get(propertyKey(propertyId)) ?? []) }
    },
    reset(): void {
      total = 0
      properties.clear()
    },
  }
}

const DAY_MS = 24 * 60 * 60_000

/** Exchange's limits of 24 hours. It accepts a message above them, and reports afterwards that it bounced. */
export function createQuotas(settings: SettingsHolder, clock: () => Date) {
  /** The recipients of a day, by what they count against. */
  const counted = new Map<string, ReturnType<typeof createSlidingWindow>>()
  const countOf = (name: string) => {
    const count = counted.get(name) ?? createSlidingWindow(DAY_MS)
    counted.set(name, count)
    return count
  }
  const isOver = (limit: number | null, name: string): boolean =>
    limit !== null && countOf(name).waitMs(limit - 1, clock().getTime()) > 0

  return {
    /** Counts a recipient. Returns what its report says where a limit is used up, as `550 5.1.90 …`, else null. */
    take(sender: string, isExternal: boolean): string | null {
      const { recipientsPerDay, externalRecipientsPerDay } = settings.current
      const mailbox = sender.toLowerCase()
      if (isOver(recipientsPerDay, mailbox)) return MAILBOX_LIMIT
      if (isExternal && isOver(externalRecipientsPerDay, EXTERNAL)) return ORGANIZATION_LIMIT
      for (const name of [mailbox, ...(isExternal ? [EXTERNAL] : [])]) countOf(name).add(1, clock().getTime())
      return null
    },
    reset(): void {
      counted.clear()
    },
  }
}

const EXTERNAL = 'external recipients'
const REACHED = 'Your message can’t be sent because'
const MAILBOX_LIMIT = `550 5.1.90 ${REACHED} you’ve reached your daily limit for message recipients`
const ORGANIZATION_LIMIT = `550 5.7.233 ${REACHED} your tenant exceeded its daily limit for external recipients`
