import { LIMIT_WITHOUT_OWN_DOMAIN } from '@inforiver-mail/contract/overview'

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
