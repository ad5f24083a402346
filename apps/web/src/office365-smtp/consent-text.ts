import { sameAddress } from '@inforiver-mail/contract/email-address'
import type { Consent, ConsentPurpose, Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import type { Translate } from '../language/translate.ts'
import type { Intent } from '../ui/notice.tsx'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS

/** A consent can be given for ten minutes. */
const LONGEST_MS = 10 * MINUTE_MS

/**
 * When a consent expires, by the clock of this browser. That may be wrong, so what is left is taken from the server's time
 * once, and counted from there.
 */
export function expiryOnThisClock(expiresAt: string, serverNow: Date, now: Date): Date {
  const remainingMs = Math.min(Date.parse(expiresAt) - serverNow.getTime(), LONGEST_MS)
  return new Date(now.getTime() + remainingMs)
}

/** How much time is left, rounded. Both times are of this browser's clock. */
export function remainingText(expiry: Date, now: Date, t: Translate): string {
  const remainingMs = expiry.getTime() - now.getTime()
  if (remainingMs <= 0) return t('settings.consent.expires-now')
  if (remainingMs < MINUTE_MS) return t('settings.consent.expires-soon')
  return t('settings.consent.expires-in', { minutes: Math.round(remainingMs / MINUTE_MS) })
}

export interface OutcomeText {
  readonly intent: Intent
  readonly title: string
  readonly detail: string
}

/**
 * Describes how a consent ended; a `problem` of its own takes precedence. Success is claimed only when the settings, read
 * after it completed, show the change. A connection that Microsoft has refused since then still counts as a success.
 */
export function outcomeText(
  { purpose, status }: Pick<Consent, 'purpose' | 'status'>,
  fromEmail: string | null,
  settings: Office365SmtpSettings,
  t: Translate,
): OutcomeText {
  const textOf = (id: 'changed-since' | 'expired' | 'cancelled' | 'superseded' | 'failed', intent: Intent) => ({
    intent,
    title: t(`settings.consent.${id}.title`),
    detail: t(`settings.consent.${id}.detail`, { partly: mayBePartial(purpose) }),
  })
  switch (status) {
    case 'completed':
      return shows(settings, purpose, fromEmail)
        ? { intent: 'success', ...completedText(purpose, settings, t) }
        : textOf('changed-since', 'info')
    case 'expired':
      return textOf('expired', 'warning')
    case 'cancelled':
      return textOf('cancelled', 'info')
    case 'superseded':
      return textOf('superseded', 'warning')
    case 'failed':
      return textOf('failed', 'error')
    case 'pending':
      return { intent: 'info', title: t('settings.consent.pending.title'), detail: t('settings.consent.give') }
  }
}

/**
 * True when a problem that came up since replaces the success of a consent; it has a notice of its own. A limit that is
 * used up says nothing about a consent, and may have been so before. Delivery reports mend no connection, whose problem may
 * be the older one.
 */
export function isReplaced(
  { purpose, status }: Pick<Consent, 'purpose' | 'status'>,
  { problem }: Pick<Office365SmtpSettings, 'problem'>,
): boolean {
  if (status !== 'completed' || purpose === 'delivery-reports') return false
  return problem !== null && problem.code !== 'quota-exceeded'
}

/** The title where Cancel at Microsoft ended it, which is no failure. Only the page that started it knows who that was. */
export function cancelledAtMicrosoftText(purpose: ConsentPurpose, startedHere: boolean, t: Translate): string {
  const values = { partly: mayBePartial(purpose) }
  return startedHere
    ? t('settings.consent.cancelled-at-microsoft', values)
    : t('settings.consent.cancelled-at-microsoft.elsewhere', values)
}

/** Delivery reports are asked for on two pages, and what the first one grants is saved before the second. */
function mayBePartial(purpose: ConsentPurpose): 'yes' | 'no' {
  return purpose === 'delivery-reports' ? 'yes' : 'no'
}

/**
 * Names the account that answered at Microsoft where it is not the sender's; null where it is, or nobody knows. Somebody's
 * own mailbox may have several addresses.
 */
export function otherAccountText(
  { status, account }: Pick<Consent, 'status' | 'account'>,
  fromEmail: string | null,
  { mailbox }: Pick<Office365SmtpSettings, 'mailbox'>,
  t: Translate,
): string | null {
  if (account === null || fromEmail === null || sameAddress(account, fromEmail)) return null
  if (status === 'failed') return t('settings.consent.other-account-failed', { account, sender: fromEmail })
  if (status !== 'completed' || mailbox !== 'delegated') return null
  return t('settings.consent.other-account', { account, sender: fromEmail })
}

function shows(settings: Office365SmtpSettings, purpose: ConsentPurpose, fromEmail: string | null): boolean {
  if (settings.fromEmail === null) return false
  if (fromEmail !== null && !sameAddress(settings.fromEmail, fromEmail)) return false
  const { bounces, trace } = settings.deliveryReports
  if (purpose === 'delivery-reports') return bounces.enabled || trace.enabled
  return purpose !== 'large-attachments' || settings.largeAttachments.enabled
}

function completedText(purpose: ConsentPurpose, { fromEmail, largeAttachments }: Office365SmtpSettings, t: Translate) {
  const title = t(`settings.consent.${purpose}.title`)
  const large = purpose === 'configure' && largeAttachments.enabled
  const id = large ? 'settings.consent.configure.detail-large' : (`settings.consent.${purpose}.detail` as const)
  return { title, detail: t(id, { sender: fromEmail ?? '' }) }
}
