import { AttemptOutcome } from '@inforiver-mail/contract/message'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { oncePerScrape } from '../http/metrics.ts'
import type { QueueDepth } from '../queue/records/depth.ts'
import type { FailureCount } from '../queue/records/failures.ts'
import type { Settlement } from '../queue/owner/settle.ts'

/** Bounds the memory, and the doubts after a kill, where the limits of a mailbox let out more. */
export const MAX_IN_FLIGHT = 192

export interface DeliveryMetrics {
  /** Counts an attempt that was settled, and how its message ended. One that `wasHeld` before is not held once more. */
  settled(settlement: Settlement, ageSeconds: number, wasHeld: boolean): void
  /** Counts messages that failed without an attempt. */
  expired(count: number): void
  /** Counts messages that were held with their mailbox. */
  held(count: number): void
}

/** Scheduled messages wait for their time and held ones for an admin: neither counts as waiting. */
const WAITING = ['queued', 'sending']

/**
 * The functions are called at each scrape; counters count in this process since its start.
 *
 * @param queueDepth the same in every process
 * @param failures the same in every process
 * @param process what people know this process by
 * @param isOwner whether it sends for a mailbox
 * @param epoch how often the mailbox has changed hands, the same in every process
 * @param inFlight how many messages this process is sending
 * @param memoryBytes what content takes in this process while it is delivered
 */
export function createDeliveryMetrics(
  registry: Registry,
  {
    queueDepth,
    failures,
    process,
    isOwner,
    epoch,
    inFlight,
    memoryBytes,
  }: {
    queueDepth: () => Promise<readonly QueueDepth[]>
    failures: () => Promise<readonly FailureCount[]>
    process: string
    isOwner: () => boolean
    epoch: () => Promise<number>
    inFlight: () => number
    memoryBytes: () => number
  },
): DeliveryMetrics {
  const registers = [registry]
  const attempts = new Counter({
    name: 'inforiver_mail_attempts_total',
    help: 'Attempts to send, by outcome.',
    labelNames: ['outcome'],
    registers,
  })
  const ended = new Counter({
    name: 'inforiver_mail_messages_total',
    help: 'Messages that were sent, failed or were held.',
    labelNames: ['status'],
    registers,
  })
  // Counters exist from the start, so that the first failure is an increase.
  for (const outcome of AttemptOutcome.options) attempts.inc({ outcome }, 0)
  for (const status of ['sent', 'failed', 'held']) ended.inc({ status }, 0)
  const duplicates = new Counter({
    name: 'inforiver_mail_possible_duplicates_total',
    help: 'Messages sent although they may have been sent before.',
    registers,
  })
  const pauses = new Counter({
    name: 'inforiver_mail_mailbox_pauses_total',
    help: 'Times that a mailbox was paused, since Microsoft took no mail, gave no access or refused a token, or something answered in its place.',
    registers,
  })
  const age = new Histogram({
    name: 'inforiver_mail_time_to_delivery_seconds',
    help: 'From submit to Microsoft’s acceptance.',
    buckets: [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400],
    registers,
  })
  const owner: Gauge = new Gauge({
    name: 'inforiver_mail_mailbox_owner',
    help: 'Whether this process is the one that sends for the mailbox: 1, or else 0.',
    labelNames: ['process'],
    registers,
    collect: () => owner.set({ process }, isOwner() ? 1 : 0),
  })
  const epochs: Gauge = new Gauge({
    name: 'inforiver_mail_mailbox_epoch',
    help: 'How often the mailbox has got another owner.',
    registers,
    async collect() {
      const current = await epoch().catch(() => null)
      if (current === null) epochs.remove()
      else epochs.set(current)
    },
  })
  const sending: Gauge = new Gauge({
    name: 'inforiver_mail_deliveries_in_flight',
    help: 'Messages that this process is sending.',
    registers,
    collect: () => sending.set(inFlight()),
  })
  new Gauge({
    name: 'inforiver_mail_deliveries_in_flight_limit',
    help: 'How many messages a process sends at once before it claims no more.',
    registers,
  }).set(MAX_IN_FLIGHT)
  const memory: Gauge = new Gauge({
    name: 'inforiver_mail_delivery_memory_bytes',
    help: 'Memory set aside for content that is being delivered by this process.',
    registers,
    collect: () => memory.set(memoryBytes()),
  })
  /** While the database is away the counters are still shown. */
  const readDepth = oncePerScrape(() => queueDepth().catch(() => null))
  const waiting = (name: string, help: string, valueOf: (depth: QueueDepth) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['status'],
      registers,
      async collect() {
        const depths = await readDepth()
        // Without an answer none is shown: 0 would end the alert.
        if (depths === null) return this.reset()
        for (const status of WAITING) {
          const depth = depths.find((each) => each.status === status)
          this.set({ status }, depth ? valueOf(depth) : 0)
        }
      },
    })
  waiting('inforiver_mail_queue_depth', 'Waiting messages, by status.', ({ count }) => count)
  waiting(
    'inforiver_mail_queue_oldest_seconds',
    'Age of the oldest waiting message since it was to leave, by status.',
    ({ oldestSeconds }) => oldestSeconds,
  )
  const countOf = (status: string, help: string) =>
    new Gauge({
      name: `inforiver_mail_${status}_messages`,
      help,
      registers,
      async collect() {
        const depths = await readDepth()
        if (depths === null) this.remove()
        else this.set(depths.find((depth) => depth.status === status)?.count ?? 0)
      },
    })
  countOf('scheduled', 'Messages whose time has not come.')
  countOf('held', 'Messages that leave once somebody acts.')
  const failed: Gauge<'cause'> = new Gauge({
    name: 'inforiver_mail_failed_messages',
    help: 'Messages that failed within 24 hours and have not been retried, by cause.',
    labelNames: ['cause'],
    registers,
    async collect() {
      const counts = await failures().catch(() => [])
      failed.reset()
      for (const { cause, count } of counts) failed.set({ cause }, count)
    },
  })
  return {
    settled({ status, attempt, pauseMailboxMs, noAccessMs, possibleDuplicate }, ageSeconds, wasHeld) {
      if (attempt) attempts.inc({ outcome: attempt.outcome })
      if (pauseMailboxMs !== null || noAccessMs !== null) pauses.inc()
      if (status === 'queued' || (status === 'held' && wasHeld)) return
      ended.inc({ status })
      if (status !== 'sent') return
      age.observe(ageSeconds)
      if (possibleDuplicate) duplicates.inc()
    },
    expired(count) {
      ended.inc({ status: 'failed' }, count)
    },
    held(count) {
      ended.inc({ status: 'held' }, count)
    },
  }
}
