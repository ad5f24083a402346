import { EmailAddress, sameAddress } from '@inforiver-mail/contract/email-address'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import {
  applicationPermissionsFor,
  type Permission,
  permissionsFor,
  SHARED_PERMISSION,
} from '@inforiver-mail/contract/permission'
import { z } from 'zod'
import { inputFault } from '../api/failure.ts'
import type { GraphAuth, UnsavedMemory } from '../environment.ts'
import type { Translate } from '../language/translate.ts'
import { type ConsentStart, WatchedConsent } from './consent-start.ts'

/** What an admin has entered that differs from the settings; everything else is read from those. */
export const SenderDraft = z.strictObject({
  fromEmail: z.string().exactOptional(),
  largeAttachments: z.boolean().exactOptional(),
})
export type SenderDraft = z.infer<typeof SenderDraft>

export interface SenderValues {
  readonly fromEmail: string
  readonly largeAttachments: boolean
}

/** Returns the values that the form shows: the settings, overridden by the draft. */
export function senderValues(settings: Office365SmtpSettings, draft: SenderDraft): SenderValues {
  const { enabled, locked } = settings.largeAttachments
  return {
    fromEmail: draft.fromEmail ?? settings.fromEmail ?? '',
    largeAttachments: locked ? enabled : (draft.largeAttachments ?? enabled),
  }
}

/** Returns the draft after an entry. An entry equal to the server's value leaves the draft. */
export function withEntry(settings: Office365SmtpSettings, draft: SenderDraft, entry: SenderDraft): SenderDraft {
  const { fromEmail, largeAttachments } = { ...draft, ...entry }
  return {
    ...(fromEmail !== undefined && fromEmail !== (settings.fromEmail ?? '') && { fromEmail }),
    ...(largeAttachments !== undefined &&
      largeAttachments !== settings.largeAttachments.enabled && { largeAttachments }),
  }
}

/** Returns the draft after the settings have changed, without entries that equal them: those would hide the next change. */
export function withoutSaved(settings: Office365SmtpSettings, draft: SenderDraft): SenderDraft {
  const { fromEmail, largeAttachments } = draft
  const { enabled, locked } = settings.largeAttachments
  return {
    ...(fromEmail !== undefined && !isSender(settings, fromEmail) && { fromEmail }),
    ...(largeAttachments !== undefined && largeAttachments !== enabled && !locked && { largeAttachments }),
  }
}

/** The address that is entered and not saved, if it is a valid one; else null. */
export function unsavedSender(settings: Office365SmtpSettings, { fromEmail }: SenderDraft): string | null {
  if (fromEmail === undefined || isSender(settings, fromEmail)) return null
  return isAddress(fromEmail) ? fromEmail : null
}

/** What is wrong with an address, as a sentence; null when it is valid. */
export function addressFault(address: string, t: Translate): string | null {
  return inputFault(EmailAddress, address, t)
}

export function isAddress(address: string): boolean {
  return EmailAddress.safeParse(address).success
}

/** What the form can start. Reconnecting has a button of its own. */
export type SenderStart = Exclude<ConsentStart, { purpose: 'reconnect' | 'delivery-reports' }>

export type SenderPlan =
  /** The button is disabled; `because` says why, and what to do. */
  { readonly kind: 'blocked'; readonly because: string } | { readonly kind: 'start'; readonly start: SenderStart }

/** What Enable (nothing is configured) or Save would do with the draft. */
export function planSender(settings: Office365SmtpSettings, draft: SenderDraft, t: Translate): SenderPlan {
  const { fromEmail, largeAttachments } = senderValues(settings, draft)
  const fault = addressFault(fromEmail, t)
  if (settings.status === 'not-configured') {
    if (fromEmail === '') return blocked(t('settings.plan.enter-to-enable'))
    if (fault) return blocked(t('settings.plan.correct-to-enable', { fault }))
    return starting({ purpose: 'configure', sender: { fromEmail, largeAttachments } })
  }
  if (fromEmail === '') return blocked(t('settings.plan.enter-to-save'))
  if (fault) return blocked(t('settings.plan.correct-to-save', { fault }))
  const widens = largeAttachments && !settings.largeAttachments.enabled
  if (!isSender(settings, fromEmail)) {
    return starting({ purpose: 'update-sender', sender: { fromEmail, ...(widens && { largeAttachments }) } })
  }
  if (widens) return starting({ purpose: 'large-attachments' })
  return blocked(t('settings.plan.nothing'))
}

/** What pressing the button will do, or why it is disabled; shown beside it. */
export function planText(plan: SenderPlan, settings: Office365SmtpSettings, t: Translate): string {
  if (plan.kind === 'blocked') return plan.because
  const { start } = plan
  switch (start.purpose) {
    case 'configure':
      return t('settings.plan.configure', { sender: start.sender.fromEmail })
    case 'update-sender': {
      const { fromEmail: sender, largeAttachments } = start.sender
      return t(largeAttachments ? 'settings.plan.update-sender-large' : 'settings.plan.update-sender', { sender })
    }
    case 'large-attachments':
      return t('settings.plan.large-attachments', { sender: settings.fromEmail ?? '' })
  }
}

/** The permissions to ask Microsoft for. */
export function permissionsAsked(
  { isShared, largeAttachments }: { isShared: boolean; largeAttachments: boolean },
  { deliveryReports }: Pick<Office365SmtpSettings, 'deliveryReports'>,
  graphAuth: GraphAuth,
): Permission[] {
  const bounces = deliveryReports.bounces.enabled
  if (graphAuth === 'application') return applicationPermissionsFor({ largeAttachments, bounces })
  return permissionsFor({ ownAddress: !isShared, largeAttachments, bounces })
}

/**
 * Whether an address counts as a shared mailbox or group. The admin's own does too where somebody else's access sends from
 * it, as the granted permissions show. One that is not valid yet does not.
 */
export function isSharedSender(settings: Office365SmtpSettings, fromEmail: string, adminEmail: string): boolean {
  if (!isAddress(fromEmail)) return false
  if (!sameAddress(fromEmail, adminEmail)) return true
  return isSender(settings, fromEmail) && settings.grantedPermissions.includes(SHARED_PERMISSION)
}

function isSender(settings: Office365SmtpSettings, fromEmail: string): boolean {
  return settings.fromEmail !== null && sameAddress(settings.fromEmail, fromEmail)
}

function blocked(because: string): SenderPlan {
  return { kind: 'blocked', because }
}

function starting(start: SenderStart): SenderPlan {
  return { kind: 'start', start }
}

/** What this page would lose when it is left for another one, by a round trip to Microsoft, or by a reload on the way. */
export const Unsaved = z.strictObject({
  /** Nobody else who signs in meanwhile gets it. */
  userEmail: z.string(),
  draft: SenderDraft,
  /** The consents that this page started and has not seen completed, newest first. */
  consents: z.array(WatchedConsent),
})
export type Unsaved = z.infer<typeof Unsaved>

export function readUnsaved(memory: UnsavedMemory, userEmail: string): Unsaved | null {
  const { data } = Unsaved.safeParse(memory.held('settings'))
  return data?.userEmail === userEmail ? data : null
}
