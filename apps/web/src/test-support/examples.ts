import type { Message, MessageSummary } from '@inforiver-mail/contract/message'
import type { Office365SmtpSettings } from '@inforiver-mail/contract/office365-smtp'
import { PROBLEM_STATUS, type ProblemCode } from '@inforiver-mail/contract/problem'
import { CallFailed } from '../api/failure.ts'

/** A queued message, overridden by `given`. */
export function exampleMessage(given: Partial<Message> = {}): Message {
  return {
    id: `msg_${'0'.repeat(32)}`,
    status: 'queued',
    service: 'reports',
    from: 'reports@contoso.com',
    to: [{ address: 'cfo@contoso.com' }],
    cc: [],
    bcc: [],
    subject: 'Test',
    reference: null,
    createdAt: '2026-11-24T10:00:00.000Z',
    sendAt: null,
    priority: 'normal',
    expiresAt: null,
    requestReadReceipt: false,
    requestDeliveryReceipt: false,
    attachments: [],
    nextAttemptAt: null,
    waitingBecause: null,
    sentAt: null,
    attempts: [],
    heldBecause: null,
    possibleDuplicate: false,
    progress: null,
    problem: null,
    recipients: [],
    ...given,
  }
}

/** The same in a list. */
export function exampleSummary(given: Partial<MessageSummary> = {}): MessageSummary {
  const { recipients: _, ...message } = exampleMessage()
  return { ...message, delivery: {}, ...given }
}

/** Settings without a mailbox, overridden by `given`. */
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
    deliveryReports: {
      bounces: { enabled: false, available: false, problem: null },
      trace: { enabled: false, problem: null },
    },
    waitingMessages: 0,
    problem: null,
    pendingConsent: null,
    ...given,
  }
}

/** Settings with a shared mailbox that Ada Admin connected, overridden by `given`. */
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

/** What a call throws that the API answers with a problem. */
export function exampleFailure(code: ProblemCode): CallFailed {
  const type = `urn:inforiver-mail:problem:${code}` as const
  const problem = { type, title: '', status: PROBLEM_STATUS[code], detail: '', code, values: {}, requestId: '' }
  return new CallFailed({ kind: 'problem', problem })
}
