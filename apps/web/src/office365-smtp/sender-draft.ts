import { EmailAddress, sameAddress } from '@inforiver-mail/contract/email-address'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { type Permission, permissionsFor } from '@inforiver-mail/contract/permission'
import { z } from 'zod'
import type { ConsentStart } from './consent-start.ts'

/** What an admin has entered and the server does not say: everything else is read from the settings. */
export const SenderDraft = z.strictObject({
  fromEmail: z.string().exactOptional(),
  largeAttachments: z.boolean().exactOptional(),
})
export type SenderDraft = z.infer<typeof SenderDraft>

export interface SenderValues {
  readonly fromEmail: string
  readonly largeAttachments: boolean
}

export function senderValues(settings: Office365SmtpSettings, draft: SenderDraft): SenderValues {
  return {
    fromEmail: draft.fromEmail ?? settings.fromEmail ?? '',
    largeAttachments: settings.largeAttachments.locked
      ? settings.largeAttachments.enabled
      : (draft.largeAttachments ?? settings.largeAttachments.enabled),
  }
}

/** The draft without what the server now says as well, so that a later change there is not hidden by it. */
export function withoutSettled(settings: Office365SmtpSettings, draft: SenderDraft): SenderDraft {
  const { fromEmail, largeAttachments } = draft
  return {
    ...(fromEmail !== undefined && !isSameSender(settings, fromEmail) && { fromEmail }),
    ...(largeAttachments !== undefined &&
      largeAttachments !== settings.largeAttachments.enabled &&
      !settings.largeAttachments.locked && { largeAttachments }),
  }
}

/** The draft after an entry. What is put back to the server's value is no difference any more. */
export function withEntry(settings: Office365SmtpSettings, draft: SenderDraft, entry: SenderDraft): SenderDraft {
  const { fromEmail, largeAttachments } = { ...draft, ...entry }
  return {
    ...(fromEmail !== undefined && fromEmail !== (settings.fromEmail ?? '') && { fromEmail }),
    ...(largeAttachments !== undefined &&
      largeAttachments !== settings.largeAttachments.enabled && { largeAttachments }),
  }
}

/** What is wrong with an address, in a sentence; null when it is valid. */
export function addressFault(address: string): string | null {
  const parsed = EmailAddress.safeParse(address)
  return parsed.success ? null : (parsed.error.issues[0]?.message ?? 'This is not an email address.')
}

export type SenderPlan =
  /** The button does nothing; `because` says why not, and what to do. */
  { readonly kind: 'blocked'; readonly because: string } | { readonly kind: 'start'; readonly start: ConsentStart }

/** What Enable (nothing configured) or Save (configured) would do with what has been entered. */
export function planSender(settings: Office365SmtpSettings, draft: SenderDraft): SenderPlan {
  const { fromEmail, largeAttachments } = senderValues(settings, draft)
  const fault = addressFault(fromEmail)
  if (settings.status === 'not-configured') {
    if (fromEmail === '') return blocked('To enable, enter the From Email Address first.')
    if (fault) return blocked(`To enable, correct the From Email Address: ${fault}`)
    return { kind: 'start', start: { purpose: 'configure', sender: { fromEmail, largeAttachments } } }
  }
  if (fromEmail === '') return blocked('To save, enter a From Email Address. To disconnect the mailbox, use Reset.')
  if (fault) return blocked(`To save, correct the From Email Address: ${fault}`)
  const widens = largeAttachments && !settings.largeAttachments.enabled
  if (!isSameSender(settings, fromEmail)) {
    return {
      kind: 'start',
      start: { purpose: 'update-sender', sender: { fromEmail, ...(widens && { largeAttachments }) } },
    }
  }
  if (widens) return { kind: 'start', start: { purpose: 'large-attachments' } }
  return blocked('Nothing has changed, so there is nothing to save.')
}

/** What Microsoft will be asked for with the values as entered. An address that is not valid yet counts as the admin's own. */
export function permissionsAsked(values: SenderValues, adminEmail: string): Permission[] {
  const ownAddress = addressFault(values.fromEmail) !== null || sameAddress(values.fromEmail, adminEmail)
  return permissionsFor({ ownAddress, largeAttachments: values.largeAttachments })
}

function isSameSender(settings: Office365SmtpSettings, fromEmail: string): boolean {
  return settings.fromEmail !== null && sameAddress(settings.fromEmail, fromEmail)
}

function blocked(because: string): SenderPlan {
  return { kind: 'blocked', because }
}
