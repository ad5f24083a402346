import { sameAddress } from '@inforiver-mail/contract/email-address'
import type { Consent, ConsentPurpose, Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import type { Intent } from '../ui/notice.tsx'

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS

/** What a consent is for, worded to follow "to". */
export function purposeText(purpose: ConsentPurpose, fromEmail: string | null): string {
  switch (purpose) {
    case 'configure':
      return fromEmail ? `send mail from ${fromEmail}` : 'connect a mailbox'
    case 'update-sender':
      return fromEmail ? `send mail from ${fromEmail} from now on` : 'change the From Email Address'
    case 'large-attachments':
      return fromEmail ? `enable large file attachments for ${fromEmail}` : 'enable large file attachments'
    case 'reconnect':
      return fromEmail ? `reconnect ${fromEmail}` : 'reconnect the mailbox'
    case 'delivery-reports':
      return fromEmail ? `switch delivery reports on for ${fromEmail}` : 'switch delivery reports on'
  }
}

/** How much time is left. It is rounded, because the clocks of browser and server differ. */
export function remainingText(expiresAt: string, now: Date): string {
  const remainingMs = Date.parse(expiresAt) - now.getTime()
  if (remainingMs <= 0) return 'The consent is about to expire.'
  if (remainingMs < MINUTE_MS) return 'The consent expires in less than a minute.'
  const minutes = Math.round(remainingMs / MINUTE_MS)
  return `The consent expires in about ${minutes === 1 ? 'one minute' : `${minutes} minutes`}.`
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
): OutcomeText {
  switch (status) {
    case 'completed':
      return shows(settings, purpose, fromEmail)
        ? { intent: 'success', ...completedText(purpose, settings) }
        : {
            intent: 'info',
            title: 'The settings have changed since',
            detail: `Microsoft's consent to ${purposeText(purpose, fromEmail)} completed, but the settings were changed afterwards. The page shows them as they are now.`,
          }
    case 'expired':
      return {
        intent: 'warning',
        title: 'The time at Microsoft ran out',
        detail: `The consent to ${purposeText(purpose, fromEmail)} was not given within ten minutes. Nothing was changed.`,
      }
    case 'cancelled':
      return {
        intent: 'info',
        title: 'Cancelled',
        detail: `The consent to ${purposeText(purpose, fromEmail)} was cancelled here. Nothing was changed.`,
      }
    case 'superseded':
      return {
        intent: 'warning',
        title: 'Overtaken by another change',
        detail: `The settings were changed or reset before the consent to ${purposeText(purpose, fromEmail)} completed, so it no longer counts. If it is still wanted, start it again.`,
      }
    case 'failed':
      return {
        intent: 'error',
        title: 'The consent failed',
        detail: `The consent to ${purposeText(purpose, fromEmail)} did not complete. Nothing was changed.`,
      }
    case 'pending':
      return {
        intent: 'info',
        title: 'Waiting for Microsoft',
        detail: `Give consent in Microsoft's window to ${purposeText(purpose, fromEmail)}.`,
      }
  }
}

function shows(settings: Office365SmtpSettings, purpose: ConsentPurpose, fromEmail: string | null): boolean {
  if (settings.fromEmail === null) return false
  if (fromEmail !== null && !sameAddress(settings.fromEmail, fromEmail)) return false
  const { bounces, trace } = settings.deliveryReports
  if (purpose === 'delivery-reports') return bounces.enabled || trace.enabled
  return purpose !== 'large-attachments' || settings.largeAttachments.enabled
}

function completedText(purpose: ConsentPurpose, { fromEmail, largeAttachments }: Office365SmtpSettings) {
  switch (purpose) {
    case 'configure':
      return {
        title: 'Connected',
        detail: `Mail leaves from ${fromEmail}.${largeAttachments.enabled ? ' Large file attachments are enabled.' : ''}`,
      }
    case 'update-sender':
      return { title: 'Sender changed', detail: `Mail now leaves from ${fromEmail}.` }
    case 'large-attachments':
      return { title: 'Large file attachments enabled', detail: `${fromEmail} can now send large files.` }
    case 'reconnect':
      return { title: 'Reconnected', detail: `Mail leaves from ${fromEmail} again.` }
    case 'delivery-reports':
      return {
        title: 'Delivery reports are on',
        detail: `What becomes of mail from ${fromEmail} is shown from now on.`,
      }
  }
}
