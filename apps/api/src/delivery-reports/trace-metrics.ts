import { Counter, type Registry } from 'prom-client'

export type TraceMetrics = ReturnType<typeof createTraceMetrics>

const OUTCOMES = ['page', 'details', 'not-provisioned', 'denied', 'throttled', 'invalid', 'unavailable']

export function createTraceMetrics(registry: Registry) {
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
    /** Counts a request, by how it was answered. */
    asked: (outcome: string): void => requests.inc({ outcome }),
    /** Counts recipients of whom something was learned. */
    learned: (count: number): void => recipients.inc(count),
  }
}
