import type { Sentences } from '../../wording.ts'

/** The pages that the server renders itself. */
export const plainPages = {
  'correlation-id': "Microsoft's correlation id: {correlationId}",
  'other-name.title': 'Open this page under its own name',
  'other-name':
    'Inforiver Mail was opened under another name than the one it is set up for. Signing in would not work here.',
  'request-id': 'Request id: {id}',
  'approval-back.title': 'Back from Microsoft',
  'approval-back':
    'If you approved the permissions, tell the workspace admin, who can now connect the mailbox. If you did not, nothing has changed.',
  close: 'You can close this window.',
  'unexpected.title': 'This answer was not expected here',
  unexpected: 'It was not asked for in this browser, or it was used already, or it came too late. Nothing was changed.',
  'unexpected.next': 'Go back to the settings and start again.',
  'to-settings': 'Back to the settings',
  'signed-in.title': 'You are signed in again',
  'signed-in': 'You can close this window and go on where you were.',
  open: 'Open Inforiver Mail',
  'sign-in-again': 'Sign in again',
  'reports-on.title': 'Delivery reports are on',
  'reports-on': 'What becomes of mail from {fromEmail} is shown from now on.',
  'connected.title': 'The mailbox is connected',
  connected: 'Inforiver sends mail as {fromEmail}.',
  'what-was-on-stays': 'What was switched on before stays on.',
  'nothing-changed': 'Nothing was changed.',
  'ended.other-session.title': 'This consent was started elsewhere',
  'ended.other-session':
    'It can be finished only in the browser, and by the person, that started it. Nothing was changed.',
  'ended.other-session.next': 'Sign in to Inforiver Mail here and start again, or go back to that browser.',
  'ended.used.title': 'This answer was used already',
  'ended.used': 'Microsoft’s answer counts once. Nothing was changed by this one.',
  'ended.expired.title': 'The consent has expired',
  'ended.expired': 'It was open for more than ten minutes. Nothing was changed; start again.',
  'ended.cancelled.title': 'The consent was cancelled',
  'ended.cancelled': 'It was cancelled in the settings before Microsoft answered. Nothing was changed.',
  'ended.superseded.title': 'The settings were changed meanwhile',
  'ended.superseded':
    'They were changed or reset, or another consent completed, after this one was started. It changed nothing; look at the settings and start again if need be.',
  'ended.completed.title': 'The consent is completed',
  'ended.completed': 'It was completed before.',
  'ended.failed.title': 'The consent has failed',
  'ended.failed': 'It failed before, and nothing was changed. The settings page says why.',
  'approval.title': 'Permissions to approve',
  'approval.complete': 'No permission is missing',
  'approval.approved': 'Approved',
  'approval.partly': 'Approved, but a permission is missing',
  'approval.intro':
    'For an Entra administrator: approve here what Inforiver Mail needs to send mail through Microsoft 365. That alone changes nothing: a workspace admin connects the mailbox, or switches delivery reports on, afterwards.',
  'approval.basics':
    'Microsoft’s page also names the permissions of signing in: openid, profile and offline_access. What is missing now is marked.',
  'approval.next':
    'Tell the workspace admin, who can now connect the mailbox or switch delivery reports on; only then do delegated permissions count as granted here. You can close this window.',
  'approval.link': 'Approve at Microsoft',
  'mark.missing': 'Missing',
  'mark.granted': 'Granted',
  'mark.approved': 'Approved',
  'mark.spare': 'Not needed now',
  'mark.unknown': 'Cannot be told',
  'purpose.Mail.Send': 'to send mail',
  'purpose.Mail.Send.Shared': 'to send from a shared mailbox or a group',
  'purpose.Mail.ReadWrite': 'for large file attachments, and to read non-delivery reports',
  'purpose.Mail.ReadWrite.Shared': 'to read the non-delivery reports of a shared mailbox',
  'purpose.User.Read': 'to know the account that sends',
  'purpose.ExchangeMessageTrace.Read.All': 'for the message trace',
  'approval.trace-again':
    'The app registration does not list {permission}, so Microsoft did not ask for it. Add it as an application permission in the {entra} > App registrations > the app of Inforiver Mail > API permissions, then approve again.',
  'approval.trace-first':
    'First: the app registration has to list {permission} as an application permission, in the {entra} > App registrations > the app of Inforiver Mail > API permissions. Otherwise Microsoft’s page does not ask for it.',
  'approval.command':
    'The message trace also needs Microsoft’s service principal in the organisation. An Entra administrator adds it once, in Microsoft Graph PowerShell; it takes hours to work:',
  'kind.delegated': 'delegated',
  'kind.application': 'application',
} as const satisfies Sentences
