import { LIMIT_WITHOUT_OWN_DOMAIN, type Overview } from '@inforiver-mail/contract/overview'
import type { Translate } from '../language/translate.ts'

/** From this share of a limit on, it is near. */
const NEAR = 0.8

/** Nothing is connected, and nothing was ever submitted as far as is known. */
export function isUnused({ mail, lastSentAt, scheduled, held, waiting, days }: Overview): boolean {
  const hasHistory = days.some(({ sent, failed, held: ofDay }) => sent + failed + ofDay > 0)
  return mail === 'not-configured' && lastSentAt === null && scheduled + held.count + waiting.count === 0 && !hasHistory
}

/** Says how the mail stands. */
export function sentenceOf({ mail, waiting, limits: { pausedUntil } }: Overview, t: Translate): string {
  if (mail !== 'delayed') return t(`overview.sentence.${mail}`)
  return pausedUntil === null
    ? t('overview.sentence.delayed-late', { count: waiting.count })
    : t('overview.sentence.delayed-paused', { until: t.time(pausedUntil, 'short') })
}

/** What is to be said about recipients outside of the organization. */
export function warningsOf(
  { externalRecipientsPerDay: { used, likelyLimit } }: Overview['limits'],
  t: Translate,
): string[] {
  if (likelyLimit === null) return []
  return [
    ...(likelyLimit === LIMIT_WITHOUT_OWN_DOMAIN ? [t('overview.limits.onmicrosoft', { limit: likelyLimit })] : []),
    ...(used >= NEAR * likelyLimit ? [t('overview.limits.near')] : []),
  ]
}
