import { Counter, type Registry } from 'prom-client'

const BOUNCE_OUTCOMES = ['read', 'refused', 'intercepted', 'throttled', 'unauthorized', 'unavailable']
const TRACE_OUTCOMES = ['page', 'details', 'not-provisioned', 'denied', 'throttled', 'invalid', 'unavailable']

/** What is counted of a source of delivery reports. */
export type ReportMetrics = ReturnType<typeof createBounceMetrics>

/** Counts rounds of the sender's inbox. */
export function createBounceMetrics(registry: Registry) {
  return countReports(registry, BOUNCE_OUTCOMES, {
    reads: [
      'inforiver_mail_bounce_reads_total',
      'Readings of the sender’s inbox for non-delivery reports, by outcome.',
    ],
    recipients: [
      'inforiver_mail_bounce_recipients_total',
      'Recipients of whom non-delivery reports told something new.',
    ],
  })
}

/** Counts requests to the message trace. */
export function createTraceMetrics(registry: Registry) {
  return countReports(registry, TRACE_OUTCOMES, {
    reads: ['inforiver_mail_trace_requests_total', 'Requests to Exchange’s message trace, by outcome.'],
    recipients: ['inforiver_mail_trace_recipients_total', 'Recipients of whom the message trace told something new.'],
  })
}

type Metric = readonly [name: string, help: string]

function countReports(registry: Registry, outcomes: readonly string[], metrics: { reads: Metric; recipients: Metric }) {
  const registers = [registry]
  const [name, help] = metrics.reads
  const reads = new Counter({ name, help, labelNames: ['outcome'], registers })
  const recipients = new Counter({ name: metrics.recipients[0], help: metrics.recipients[1], registers })
  for (const outcome of outcomes) reads.inc({ outcome }, 0)
  return {
    /** Counts a reading, by how it ended. */
    read: (outcome: string): void => reads.inc({ outcome }),
    /** Counts recipients of whom something was learned. */
    learned: (count: number): void => recipients.inc(count),
  }
}
