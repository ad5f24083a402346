import type { RecipientsPolicy } from '@inforiver-mail/contract/recipients-policy'

/** The settings that a new message is held to. */
export interface SubmitSettings {
  /** Null while nothing is configured. */
  readonly sender: { readonly fromEmail: string; readonly largeAttachments: boolean } | null
  readonly recipientsPolicy: RecipientsPolicy
}

/** Columns of `tenant_settings`, as `s`, for any statement that reads these settings. */
export const SUBMIT_SETTINGS_COLUMNS = `
       CASE WHEN s.status <> 'not-configured' THEN s.from_email END AS from_email, s.large_attachments,
       s.allowed_domains AS policy_domains, s.redirect_all_to`

/** All but `from_email` are null only for a tenant that has no settings. */
export interface SubmitSettingsRow {
  readonly from_email: string | null
  readonly large_attachments: boolean | null
  readonly policy_domains: string[] | null
  readonly redirect_all_to: string | null
}

export function toSubmitSettings(row: SubmitSettingsRow | undefined): SubmitSettings {
  const fromEmail = row?.from_email ?? null
  return {
    sender: fromEmail === null ? null : { fromEmail, largeAttachments: row?.large_attachments ?? false },
    recipientsPolicy: { allowedDomains: row?.policy_domains ?? [], redirectAllTo: row?.redirect_all_to ?? null },
  }
}
