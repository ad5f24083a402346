import { Counter, type Registry } from 'prom-client'

export interface TraceMetrics {
  /** Counts a request, by how it was answered. */
  asked(outcome: string): void
  /** Counts recipients of whom something was learned. */
  learned(recipients: number): void
}

const OUTCOMES = ['page', 'details', 'not-provisioned', 'denied', 'throttled', 'invalid', 'unavailable']

export function createTraceMetrics(registry: Registry): TraceMetrics {
  const registers = [registry]
  const requests = new Counter({
    name: 'inforiver_mail_trace_requests_total',
    help: 'Requests to Exchange’s message trace, by outcome.',
    labelNames: ['outcome'],
    registers,
  })
  const recipients = new Counter({
    name: 'inforiver_mail_trace_recipients_total',
    help: 'Recipients of whom the message trace told something new.',
    registers,
  })
  for (const outcome of OUTCOMES) requests.inc({ outcome }, 0)
  return {
    asked: (outcome) => requests.inc({ outcome }),
    learned: (count) => recipients.inc(count),
  }
}
