import type { SettingsProblem } from '@inforiver-mail/contract/consent-problem'
import type { Consent, DeliveryReports, Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { mayReadInbox } from '@inforiver-mail/contract/permission'
import { explainDeliveryCode } from '@inforiver-mail/contract/delivery-text'
import type { QuotaPause } from '../queue/mailbox/quota-pause.ts'
import type { ConsentRecord } from './consent-store.ts'
import type { SettingsStore } from './settings-store.ts'
import type { Connection, DeliveryReportsState, VersionedSettings } from './settings-state.ts'

const MINUTE = new Intl.DateTimeFormat('en-US', { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' })

/** The settings as the page and other services see them. */
export function viewSettings(
  { version, state, reports }: VersionedSettings,
  {
    waitingMessages,
    pending,
    mailboxProblem,
    quotaPause,
  }: Awaited<ReturnType<SettingsStore['readMail']>> & { readonly pending: ConsentRecord | null },
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
    deliveryReports: viewReports(reports, connection),
    waitingMessages,
    problem: state.status === 'not-configured' ? null : (state.problem ?? mailboxProblem ?? quotaProblem(quotaPause)),
    pendingConsent: pending && {
      id: pending.id,
      purpose: pending.purpose,
      fromEmail: pending.fromEmail,
      expiresAt: pending.expiresAt.toISOString(),
    },
  }
}

function quotaProblem(pause: QuotaPause | null): SettingsProblem | null {
  if (!pause) return null
  const { code, since, until } = pause
  return {
    code: 'quota-exceeded',
    values: { code, until: until.toISOString() },
    title: `Mail is paused: a limit of Microsoft is used up (${code})`,
    detail: `${explainDeliveryCode(code)} Mail goes on by itself on ${MINUTE.format(until)}.`,
    action: QUOTA_ACTION,
    since: since.toISOString(),
    correlationId: null,
  }
}

const QUOTA_ACTION =
  'A workspace admin chooses Send now at Tenant Settings > Office 365 SMTP to go on earlier. If the limit is still used up, the mailbox pauses again, for twice as long.'

function viewReports({ bounces, trace }: DeliveryReportsState, connection: Connection | null): DeliveryReports {
  // A failed read counts more than the permission: Full Access is missing, or there is no inbox.
  const available = bounces.problem === null && connection !== null
  return {
    bounces: {
      enabled: bounces.enabled,
      available: available && mayReadInbox(connection.mailbox, connection.permissions),
      problem: bounces.enabled ? bounces.problem : null,
    },
    trace: { enabled: trace.enabled, problem: trace.problem },
  }
}

export function viewConsent(consent: ConsentRecord, consentUrl: string | null): Consent {
  const { id, purpose, status, expiresAt, problem, account } = consent
  const requestsOnTheWire = status === 'completed' ? (consent.requestsOnTheWire ?? 0) : null
  return { id, purpose, status, consentUrl, expiresAt: expiresAt.toISOString(), problem, account, requestsOnTheWire }
}
