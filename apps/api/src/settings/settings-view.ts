import type { Consent, Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import type { ConsentRecord } from './consent-row-store.ts'
import type { VersionedSettings } from './settings-state.ts'

/** The settings as the page and other services see them. */
export function viewSettings(
  { version, state }: VersionedSettings,
  waitingMessages: number,
  pending: ConsentRecord | null,
): Office365SmtpSettings {
  const connection = state.status === 'not-configured' ? null : state.connection
  const largeAttachments = connection?.largeAttachments ?? false
  return {
    status: state.status,
    version,
    fromEmail: connection?.fromEmail ?? null,
    mailbox: connection?.mailbox ?? null,
    connectedAs: connection?.delegate ? { name: connection.delegate.name, email: connection.delegate.email } : null,
    connectedAt: connection?.connectedAt.toISOString() ?? null,
    grantedPermissions: [...(connection?.permissions ?? [])],
    singleSenderIdentity: { enabled: true, locked: true },
    largeAttachments: { enabled: largeAttachments, locked: largeAttachments },
    deliveryReports: {
      bounces: { enabled: false, available: false, problem: null },
      trace: { enabled: false, problem: null },
    },
    waitingMessages,
    problem: state.status === 'not-configured' ? null : state.problem,
    pendingConsent: pending && {
      id: pending.id,
      purpose: pending.purpose,
      fromEmail: pending.fromEmail,
      expiresAt: pending.expiresAt.toISOString(),
    },
  }
}

export function viewConsent(consent: ConsentRecord, consentUrl: string | null): Consent {
  const { id, purpose, status, expiresAt, problem } = consent
  const requestsOnTheWire = status === 'completed' ? (consent.requestsOnTheWire ?? 0) : null
  return { id, purpose, status, consentUrl, expiresAt: expiresAt.toISOString(), problem, requestsOnTheWire }
}
