import { Counter, Gauge, type Registry } from 'prom-client'

const CLASSES = ['4xx', '5xx'] as const

export type SmtpMetrics = ReturnType<typeof createSmtpMetrics>

/** Measures the SMTP door. The metrics are there where it is off too, so that a dashboard fits every installation. */
export function createSmtpMetrics(registry: Registry) {
  const registers = [registry]
  const connections = new Gauge({
    name: 'inforiver_mail_smtp_connections',
    help: 'Open connections to the SMTP door.',
    registers,
  })
  const accepted = new Counter({
    name: 'inforiver_mail_smtp_accepted_total',
    help: 'Mails accepted by SMTP, repetitions included.',
    registers,
  })
  const refused = new Counter({
    name: 'inforiver_mail_smtp_refused_total',
    help: 'Replies by SMTP that refuse, by class: 4xx for now, 5xx for good.',
    labelNames: ['class'],
    registers,
  })
  for (const each of CLASSES) refused.inc({ class: each }, 0)

  return {
    /** @param count of all open connections */
    connected: (count: number): void => connections.set(count),
    accepted: (): void => accepted.inc(),
    /** @param code of the reply, from 400 on */
    refused: (code: number): void => refused.inc({ class: code < 500 ? '4xx' : '5xx' }),
  }
}
