import { LIMIT_WITHOUT_OWN_DOMAIN, type MailState, type Overview } from '@inforiver-mail/contract/overview'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { pauseText } from '../api/server-text.ts'
import type { Translate } from '../language/translate.ts'

/** A limit is near once this share of it is used. */
const NEAR = 0.8
/** What was read this long ago no longer tells how the mail stands. */
const OUTDATED_AFTER_MS = 60_000
const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS

/** Nothing is connected, and nothing was ever submitted as far as is known. */
export function isUnused({ mail, lastSentAt, scheduled, held, waiting, days }: Overview): boolean {
  const hasHistory = days.some(({ sent, failed, held: ofDay }) => sent + failed + ofDay > 0)
  return mail === 'not-configured' && lastSentAt === null && scheduled + held.count + waiting.count === 0 && !hasHistory
}

/**
 * Since when it is not known how the mail stands; null while it is.
 *
 * @param readAt when the overview was read, in ms since the epoch
 * @param failedAt when reading it failed last; 0 for never
 */
export function unknownSince(readAt: number, failedAt: number): string | null {
  return failedAt - readAt < OUTDATED_AFTER_MS ? null : new Date(readAt).toISOString()
}

/** The code of the limit of Microsoft that is used up; null where none is, or nobody has read the settings yet. */
function usedUpLimit(settings: Office365SmtpSettings | undefined): string | null {
  const { code, values } = settings?.problem ?? {}
  const limit = code === 'quota-exceeded' ? values?.['code'] : null
  return typeof limit === 'string' ? limit : null
}

/**
 * When the last 24 hours began. Only the clock of the reader tells the minute; where it is wrong, the hours that the server
 * counted keep it within the right one.
 */
export function dayBegan(now: Date, [first]: Overview['hours']): Date {
  const dayAgo = now.getTime() - DAY_MS
  if (first === undefined) return new Date(dayAgo)
  const latest = Date.parse(first.at) // the current hour is the last of 24
  return new Date(Math.min(Math.max(dayAgo, latest - HOUR_MS), latest))
}

/** How the mail stands, with what the state alone does not tell. */
export function standingOf({ mail, held, waiting }: Overview): MailState | 'by-draft' | 'retried' {
  if (mail !== 'idle' && mail !== 'flowing') return mail
  // Where Microsoft refuses everything, mail is stopped.
  if ((held.because['mailbox-refused'] ?? 0) > 0) return 'by-draft'
  return mail === 'flowing' && waiting.triedAgainAt !== null ? 'retried' : mail
}

/** When the last of what waits leaves; null where that cannot be told, or somebody has to act first. */
export function lastLeavesAt({ mail, waiting }: Overview): string | null {
  return mail === 'stopped' ? null : waiting.lastLeavesAt
}

type Remedy = 'reconnect' | 'app' | 'stopped' | 'not-configured' | 'late' | 'gateway' | 'retried'

/** What somebody can do about it in the settings; null where nothing helps, or *Send now* does. */
export function remedyOf(overview: Overview, settings: Office365SmtpSettings | undefined): Remedy | null {
  const { mail, limits } = overview
  const { pausedUntil, pausedBecause } = limits
  const standing = standingOf(overview)
  if (standing === 'by-draft') return 'stopped'
  if (standing === 'retried') return standing
  if (mail === 'delayed' && pausedBecause?.code === 'gateway') return 'gateway'
  if (mail === 'delayed') return pausedUntil === null ? 'late' : null
  if (mail === 'not-configured') return mail
  if (mail !== 'stopped') return null
  if (settings?.status === 'reconnect-required') return 'reconnect'
  return settings?.problem?.code === 'app-misconfigured' ? 'app' : mail
}

/** Says how the mail stands. `settings` tell why it is stopped, or which limit it waits for. */
export function sentenceOf(overview: Overview, settings: Office365SmtpSettings | undefined, t: Translate): string {
  const { waiting, limits } = overview
  const { pausedUntil, pausedBecause } = limits
  const usedUp = usedUpLimit(settings)
  const remedy = remedyOf(overview, settings)
  if (remedy === 'reconnect' || remedy === 'app') return t(`overview.sentence.stopped-${remedy}`)
  const standing = standingOf(overview)
  if (standing !== 'delayed')
    return t(`overview.sentence.${standing}`, {
      count: waiting.count,
      held: overview.held.because['mailbox-refused'] ?? 0,
      at: waiting.triedAgainAt === null ? '' : t.time(waiting.triedAgainAt, 'short'),
    })
  if (pausedUntil === null) return t('overview.sentence.delayed-late', { count: waiting.count })
  const until = t.time(pausedUntil, 'short')
  return usedUp === null
    ? t('overview.sentence.delayed-paused', { until, why: pauseText(pausedBecause, t) })
    : t('overview.sentence.delayed-used-up', { code: usedUp, until })
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
