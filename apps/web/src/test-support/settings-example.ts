import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'

/** Settings for tests: nothing configured, but for what is given. */
export function exampleSettings(given: Partial<Office365SmtpSettings> = {}): Office365SmtpSettings {
  return {
    status: 'not-configured',
    version: 0,
    fromEmail: null,
    mailbox: null,
    connectedAs: null,
    connectedAt: null,
    grantedPermissions: [],
    singleSenderIdentity: { enabled: true, locked: true },
    largeAttachments: { enabled: false, locked: false },
    waitingMessages: 0,
    problem: null,
    pendingConsent: null,
    ...given,
  }
}

/** Settings for tests: a shared mailbox that Ada Admin connected, but for what is given. */
export function connectedExample(given: Partial<Office365SmtpSettings> = {}): Office365SmtpSettings {
  return exampleSettings({
    status: 'connected',
    version: 7,
    fromEmail: 'reports@contoso.com',
    mailbox: 'delegated',
    connectedAs: { name: 'Ada Admin', email: 'ada@contoso.com' },
    connectedAt: '2026-11-24T10:00:00.000Z',
    grantedPermissions: ['Mail.Send', 'Mail.Send.Shared', 'User.Read'],
    ...given,
  })
}
