import { Counter, type Registry } from 'prom-client'

export type BounceMetrics = ReturnType<typeof createBounceMetrics>

const OUTCOMES = ['read', 'refused', 'intercepted', 'throttled', 'unauthorized', 'unavailable']

export function createBounceMetrics(registry: Registry) {
  const registers = [registry]
  const rounds = new Counter({
    name: 'inforiver_mail_bounce_reads_total',
    help: 'Readings of the sender’s inbox for non-delivery reports, by outcome.',
    labelNames: ['outcome'],
    registers,
  })
  const recipients = new Counter({
    name: 'inforiver_mail_bounce_recipients_total',
    help: 'Recipients of whom non-delivery reports told something new.',
    registers,
  })
  for (const outcome of OUTCOMES) rounds.inc({ outcome }, 0)
  return {
    /** Counts a round of the sender's inbox, by how it ended. */
    read: (outcome: string): void => rounds.inc({ outcome }),
    /** Counts recipients of whom something was learned. */
    learned: (count: number): void => recipients.inc(count),
  }
}
