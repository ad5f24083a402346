import { Gauge, type Registry } from 'prom-client'
import { oncePerScrape } from '../http/metrics.ts'

/** External recipients within 24 hours, and Microsoft's likely limit; null while that is not known. */
export interface ExternalLimit {
  readonly used: number
  readonly likelyLimit: number | null
}

/** Measures both, equal in every process. While the database is away, neither is shown. */
export function measureExternalRecipients(registry: Registry, read: () => Promise<ExternalLimit>): void {
  const readKnown = oncePerScrape(() => read().catch(() => null))
  const used: Gauge = new Gauge({
    name: 'inforiver_mail_external_recipients',
    help: 'Recipients outside of the organisation within 24 hours.',
    registers: [registry],
    async collect() {
      const known = await readKnown()
      if (known === null) used.remove()
      else used.set(known.used)
    },
  })
  const limit: Gauge = new Gauge({
    name: 'inforiver_mail_external_recipients_likely_limit',
    help: 'The limit that Microsoft probably applies to recipients outside of the organisation within 24 hours.',
    registers: [registry],
    async collect() {
      const known = await readKnown()
      if (known === null || known.likelyLimit === null) limit.remove()
      else limit.set(known.likelyLimit)
    },
  })
}
