import { LIMIT_WITHOUT_OWN_DOMAIN } from '@inforiver-mail/contract/overview'
import type { Registry } from 'prom-client'
import { measureTogether } from '../http/metrics.ts'

/** A trial has no paid licence. */
const TRIAL = 5_000

/**
 * The limit of external recipients within 24 hours that Exchange Online probably applies to the organisation (Tenant
 * External Recipient Rate Limit, Microsoft's message MC1023294). No API tells it.
 *
 * @param licences paid ones; null while nobody has entered it
 */
export function likelyLimit(licences: number | null, sender: string | null): number | null {
  if (sender?.toLowerCase().endsWith('.onmicrosoft.com')) return LIMIT_WITHOUT_OWN_DOMAIN
  if (licences === null) return null
  return licences === 0 ? TRIAL : Math.floor(500 * licences ** 0.7 + 9_500)
}

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
