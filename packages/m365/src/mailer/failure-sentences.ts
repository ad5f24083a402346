import type { Sentences } from '@inforiver-mail/contract/wording'
import { APPLICATION_RBAC, GRAPH_CODE_LIST } from '../admin-centers.ts'
import { GRAPH_REFUSALS } from './graph-codes.ts'

const APP_PERMISSIONS = 'Enterprise applications > the app of Inforiver Mail > Permissions'
const OTHER_CLOUD =
  'A database belongs to the cloud that it was first started with. Whoever operates Inforiver Mail registers the app in the cloud of the organisation (as in the {entra} > App registrations of this one), and starts Inforiver Mail with that M365_CLOUD and another database (DATABASE_URL) or data folder (DATA_DIR).'

/** What requests to Graph came to, and what is to be done about it. */
export const FAILURE_SENTENCES: Sentences = {
  ...Object.fromEntries(
    GRAPH_REFUSALS.flatMap(({ name, title, detail }) => [
      [`graph.${name}.title`, title],
      [`graph.${name}.detail`, detail],
    ]),
  ),
  'graph-throttled': 'Microsoft asks to slow down.',
  'graph-unavailable': 'Microsoft 365 cannot answer at the moment.',
  'graph-unknown': 'Microsoft 365 did not say whether the request was carried out.',
  'graph-unauthorized': 'Microsoft did not accept the token.',
  'graph-not-reached': 'Microsoft 365 could not be reached.',
  'graph-broke-off': 'The connection to Microsoft 365 ended before an answer.',
  'check-clock-and-certificate': 'Check the clock of this machine, and the certificate of a proxy in between.',
  'gateway-too-large':
    'Something between this server and Microsoft lets no request of this size through (HTTP {status} for {host}).',
  'gateway-too-large.remedy':
    'Whoever operates the proxy or gateway lets requests of up to 4 MB through to {host}. Then a workspace admin or the submitting service retries the message.',
  'graph-endless-list': 'The list of attachments that Microsoft gave does not end.',

  'token-refused.remedy':
    'Whoever operates Inforiver Mail checks that M365_CLOUD is the cloud of the organisation, and an Entra administrator whether a policy covers Exchange Online, in the {entra} > Conditional Access > Policies.',

  // The proof of a consent, with a person's access
  'token-refused.title': 'Microsoft Graph does not accept the token',
  'token-refused.action':
    'Try again. If it happens again, whoever operates Inforiver Mail has to check that M365_CLOUD is the cloud of the organisation, and an Entra administrator whether a policy covers Exchange Online, in the {entra} > Conditional Access > Policies.',
  'graph-no-answer.title': 'Microsoft 365 did not answer',
  'foreign-address':
    'If {sender} does not belong to your organisation, choose an address that does. Otherwise the following helps.',
  'new-mailbox': 'A new mailbox can take an hour to work. Then try again.',
  'proof.send-as-denied.title': 'Sending as this address is not allowed',
  'proof.send-as-denied.detail': '{delegate} has no right to send as {sender}.',
  'proof.send-as-denied.action':
    'An Exchange administrator opens the {exchange} > Recipients > Mailboxes > {sender} > Delegation > Send as and adds {delegate}; for a group it is Recipients > Groups > {sender} > Settings > Manage delegates. Send on behalf is enough too, but recipients then see both names. A fresh right can take an hour to work. Then try again.',
  'sender-ignored.title': 'Microsoft sends from another address',
  'sender-ignored.detail': 'Microsoft makes {delegate} the sender in place of {sender}, although messages name it.',
  'sender-ignored.action':
    'An Exchange administrator opens the {exchange} > Recipients > Mailboxes > {sender} > Delegation > Send as and adds {delegate}; for a group it is Recipients > Groups > {sender} > Settings > Manage delegates. Where that does not help, a workspace admin enters {delegate} as the From Email Address.',
  'proof.permission-missing.title': 'The permission Mail.Send.Shared is missing',
  'proof.permission-missing.detail':
    '{sender} is not an address of {delegate}, and sending from it needs the permission Mail.Send.Shared.',
  'proof.permission-missing.action':
    'Try again and accept the permission. If Microsoft offers no choice, an Entra administrator has to open {approvalLink} and approve it once.',
  'proof.access-denied.title': 'Microsoft denied access to the mailbox',
  'proof.access-denied.detail': '{delegate} may not send from {sender}: a permission or a mailbox right is missing.',
  'proof.access-denied.action':
    'An Exchange administrator checks in the {exchange} > Recipients that {delegate} has Send As on {sender}. If the permissions of the app were not approved, an Entra administrator opens {approvalLink} and approves them. Then try again.',
  'proof.mailbox-not-found.title': 'There is no such mailbox',
  'proof.mailbox-not-found-own.detail': 'Microsoft 365 has no mailbox in the cloud for {sender}.',
  'proof.mailbox-not-found.detail': 'Microsoft 365 has no mailbox in the cloud for {sender} or for {delegate}.',
  'proof.mailbox-not-found-own.action':
    'An Exchange administrator checks in the {exchange} > Recipients > Mailboxes that {sender} has a mailbox and a licence with Exchange Online.',
  'proof.mailbox-not-found.action':
    'An Exchange administrator checks both in the {exchange} > Recipients: {sender} must exist as a mailbox or a group, and {delegate} needs a licence with Exchange Online.',
  'proof.recipient-refused.detail': 'The verification message could not be addressed to {delegate}.',
  'proof.recipient-refused.action':
    'An Exchange administrator checks the mail address of {delegate} in the {exchange} > Recipients > Mailboxes. Then try again.',
  'proof.message-refused.action': `Try again. If it happens again, whoever operates Inforiver Mail has to look the code up in ${GRAPH_CODE_LIST} and report it to the support of Inforiver, with the correlation id.`,
  'proof.draft-gone.action':
    'Try again. If it happens again, an Exchange administrator sees who else uses the mailbox in the {exchange} > Recipients > Mailboxes > {delegate} > Delegation.',
  'proof.mailbox-full.action':
    'Whoever uses the mailbox makes room in it, or an Exchange administrator gives it more in the {exchange} > Recipients > Mailboxes > {delegate}. Then try again.',
  'proof.message-too-large.action':
    'An Exchange administrator raises the limit of the mailbox in the {exchange} > Recipients > Mailboxes > {delegate} > Message size restriction. Then try again.',
  'proof.wrong-cloud.action': `${OTHER_CLOUD} A workspace admin connects the mailbox there.`,
  'proof.sending-limit-reached.action':
    'An Exchange administrator sees why in the {exchange} > Mail flow, and releases a blocked account at {restrictedSenders}. Then try again; a limit is over after a day at the latest.',

  // With the application's own access
  'application.kept-out.title': 'The application is kept out of this mailbox',
  'application.kept-out.detail':
    'Microsoft Entra has granted the app {permission}, but Exchange does not let it use {sender}.',
  'application.kept-out.action': `An Exchange administrator adds {sender} to what the app may use, in its application access policy or role assignment (Exchange Online PowerShell: Test-ApplicationAccessPolicy, Test-ServicePrincipalAuthorization; ${APPLICATION_RBAC}). A change can take two hours to work.`,
  'application.permission-missing.title': 'The application permission {permission} is missing',
  'application.permission-missing.detail':
    'Neither Microsoft Entra nor Exchange lets the app use {permission} for {sender}.',
  'application.permission-missing.action': `Whoever operates the app registration adds {permission} as an application permission in the {entra} > App registrations > the app of Inforiver Mail > API permissions, and an Entra administrator opens {approvalLink} and approves it. Where the app is limited to single mailboxes, an Exchange administrator assigns it the role Application {permission} for {sender} instead (${APPLICATION_RBAC}); that can take two hours to work.`,
  'application.mailbox-not-found.detail':
    'Microsoft 365 has no mailbox in the cloud for {sender}. Without a person’s access the sender has to be a mailbox, of a person or shared, and no group.',
  'application.mailbox-not-found.action':
    'An Exchange administrator checks {sender} in the {exchange} > Recipients > Mailboxes. A new mailbox can take an hour to work.',
  'application.recipient-refused.detail': 'The verification message could not be addressed to {recipient}.',
  'application.recipient-refused.action':
    'An Exchange administrator checks the mail address of {recipient} in the {exchange} > Recipients > Mailboxes.',

  // A message that failed for good, or a mailbox whose messages are held
  'remedy.too-large-for-graph': `The submitting service submits it again with smaller attachments, or fewer, or with a link to the file; what the code means is in ${GRAPH_CODE_LIST}.`,
  'remedy.send-as-denied':
    'An Exchange administrator gives the connected account Send As on the sender in the {exchange} > Recipients; a fresh right can take an hour to work.',
  'remedy.permission-missing': `A workspace admin connects the mailbox again at Tenant Settings > Office 365 SMTP and accepts the permission. An Entra administrator sees what is granted in the {entra} > ${APP_PERMISSIONS}.`,
  'remedy.access-denied': `A workspace admin connects the mailbox again at Tenant Settings > Office 365 SMTP. If that does not help, an Entra administrator checks the permissions of the app in the {entra} > ${APP_PERMISSIONS}, and an Exchange administrator the rights of the connected account in the {exchange} > Recipients and, in PowerShell, the application access policies.`,
  'remedy.mailbox-not-found':
    'An Exchange administrator checks in the {exchange} > Recipients that both exist and that the account has a licence with Exchange Online.',
  'remedy.recipient-refused':
    'Check the recipients and have the service send it again. An Exchange administrator sees who has a mailbox, and how many recipients one message may have, in the {exchange} > Recipients > Mailboxes.',
  'remedy.message-refused': `The submitting service changes what Microsoft does not accept and submits the message again; what the code means is in ${GRAPH_CODE_LIST}.`,
  'remedy.draft-gone':
    'A workspace admin or the submitting service retries the message. If it happens again, an Exchange administrator sees who else uses the mailbox in the {exchange} > Recipients > Mailboxes > the mailbox > Delegation.',
  'remedy.mailbox-full':
    'Whoever uses the mailbox makes room in it, or an Exchange administrator gives it more in the {exchange} > Recipients > Mailboxes.',
  'remedy.message-too-large':
    'The submitting service submits it again with smaller attachments, or fewer. An Exchange administrator sees the limit of the mailbox in the {exchange} > Recipients > Mailboxes > the mailbox > Message size restriction.',
  'remedy.wrong-cloud': `${OTHER_CLOUD} A workspace admin connects the mailbox there, and services submit again what waits here.`,
  'remedy.sending-limit-reached':
    'An Exchange administrator sees why in the {exchange} > Mail flow, and releases a blocked account at {restrictedSenders}.',
}
