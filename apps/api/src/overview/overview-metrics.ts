import type { Registry } from 'prom-client'
import { measureTogether } from '../http/metrics.ts'

/** External recipients within 24 hours, and Microsoft's likely limit; null while that is not known. */
export interface ExternalLimit {
  readonly used: number
  readonly likelyLimit: number | null
}

/** Measures both, equal in every process. */
export function measureExternalRecipients(registry: Registry, read: () => Promise<ExternalLimit>): void {
  measureTogether(registry, read, [
    {
      name: 'inforiver_mail_external_recipients',
      help: 'Recipients outside of the organisation within 24 hours.',
      valueOf: ({ used }) => used,
    },
    {
      name: 'inforiver_mail_external_recipients_likely_limit',
      help: 'The limit that Microsoft probably applies to recipients outside of the organisation within 24 hours.',
      valueOf: ({ likelyLimit }) => likelyLimit,
    },
  ])
}
