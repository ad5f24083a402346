import { TRACE_APP_ID } from '../../permission.ts'
import type { Sentences } from '../../wording.ts'

const APPLICATION_RBAC = 'https://learn.microsoft.com/exchange/permissions-exo/application-rbac'
const GRAPH_CODE_LIST = 'Microsoft’s list of codes (https://learn.microsoft.com/graph/errors)'
const TRACE_GUIDE = 'https://learn.microsoft.com/graph/api/resources/exchangemessagetrace'
const APP_PERMISSIONS = 'Enterprise applications > the app of Inforiver Mail > Permissions'
const OTHER_CLOUD =
  'A database belongs to the cloud that it was first started with. Whoever operates Inforiver Mail registers the app in the cloud of the organisation (as in the {entra} > App registrations of this one), and starts Inforiver Mail with that M365_CLOUD and another database (DATABASE_URL) or data folder (DATA_DIR).'

/** What Microsoft answered to a sign-in, Graph to a request, and who does what about it. */
export const microsoft = {
  // What follows from an answer, whatever it was
  quote: 'Microsoft says: “{quote}”',
  'microsoft-code': 'Microsoft’s code is {microsoftCode}.',

  'try-again': 'Try again.',
  'try-again-later': 'Try again in a few minutes.',
  'then-try-again': 'Then try again.',
  'sign-in-again': 'Sign in again.',
  'sign-in-again-later': 'Sign in again in a few minutes.',
  'then-sign-in-again': 'Then sign in again.',
  reconnect:
    'A workspace admin chooses Reconnect and signs in with the same account. Waiting messages then leave by themselves.',
  // What precedes it may ask for another account, so this does not mention one.
  'then-reconnect': 'Then a workspace admin chooses Reconnect and signs in. Waiting messages then leave by themselves.',
  'reconnect-application':
    'A workspace admin chooses Reconnect, and an Entra administrator accepts on Microsoft’s page. Waiting messages then leave by themselves.',
  'then-reconnect-application':
    'Then a workspace admin chooses Reconnect, and an Entra administrator accepts on Microsoft’s page. Waiting messages then leave by themselves.',
  'then-choose-reconnect': 'Then a workspace admin chooses Reconnect. Waiting messages then leave by themselves.',
  'then-retry': 'Then retry the message.',
  'only-by-draft': 'Only messages that go by draft wait, such as those with large attachments; the others leave.',
  'then-sends-one':
    'Mail then goes on by itself: every 15 minutes one of the waiting messages is tried, and at once when a workspace admin chooses Send now at Tenant Settings > Office 365 SMTP. The first that leaves releases the others.',
  'check-registration':
    'Whoever operates Inforiver Mail checks the app registration. Waiting messages then leave by themselves.',
  'connection-kept': 'The connection itself is kept: waiting messages then leave by themselves.',
  'keeps-trying-alone': 'Nobody has to do anything: Inforiver Mail keeps trying.',
  'keeps-trying': 'Inforiver Mail keeps trying.',

  'intercepted.title': 'Something answered in Microsoft’s place',
  intercepted:
    'Something between this server and Microsoft answered in Microsoft’s place, for {host}: HTTP {status} ({contentType}).',
  'intercepted-untyped':
    'Something between this server and Microsoft answered in Microsoft’s place, for {host}: HTTP {status}.',
  'gateway-says': 'It says: “{excerpt}”',
  'check-gateway':
    'Whoever operates Inforiver Mail has to check what the proxy, the firewall or the gateway on the way to https://{host} lets through.',

  'code-page': 'Microsoft’s page about the code says more ({codePage}).',
  'service-status': 'Whether Microsoft has an outage is shown at {serviceStatus}.',
  'sign-in-logs': 'An Entra administrator may find more in the {entra} > Monitoring & health > Sign-in logs.',

  'unexpected.neither-code-nor-error': 'The answer holds neither a code nor an error.',
  'unexpected.neither-consent-nor-error': 'The answer holds neither the consent of an administrator nor an error.',
  'unexpected.another-person': 'Microsoft Graph names another person than the one who signed in.',
  'unexpected.unproved': 'The answer does not prove who signed in.',
  'unexpected.wrong-claim': 'The answer does not prove who signed in: the {claim} of its id_token is wrong.',
  'unexpected.wrong-time':
    'The answer does not prove who signed in: the {claim} of its id_token is wrong. It counts for a time only: check the clock of the machine that Inforiver Mail runs on, which has to be right to five minutes.',
  'check-proxy-again':
    'Try again. If it happens again, whoever operates Inforiver Mail has to check that no proxy answers in place of Microsoft.',
  'entra-unreachable.title': 'Microsoft could not be reached',
  'entra-unreachable.detail': 'Microsoft’s sign-in service did not answer, or the connection to it broke.',
  'check-way-to-microsoft':
    'Try again in a few minutes. If it happens again, whoever operates Inforiver Mail has to check the proxy, the firewall and the certificates on the way to Microsoft.',
  'consent-interrupted.title': 'The consent was interrupted',
  'consent-interrupted.detail': 'Inforiver Mail was stopped, or failed, while it checked what Microsoft had granted.',
  'consent-interrupted.remedy': 'The consent has to be asked for again: try again.',
  'token-file.title': 'There is no valid token for the app',
  'token-file.detail': 'The file of AZURE_FEDERATED_TOKEN_FILE {fault}.',
  'token-file.remedy':
    'Whoever operates Inforiver Mail makes sure that the issuer of the federated credential ({entra} > App registrations > the app of Inforiver Mail > Certificates & secrets > Federated credentials) keeps a fresh token in that file.',
  'wrong-account.guest': 'The account is a guest of the organisation.',
  'wrong-account.other-organisation': 'The account belongs to another organisation than Inforiver Mail.',
  'wrong-account.remedy':
    'Try again with a member account of your own organisation. An Entra administrator sees which those are in the {entra} > Users.',
  'other-account.title': 'This is another account',
  'other-account.detail': '{used} gave consent, but mail is sent with the access of {expected}.',
  'other-account.remedy':
    'Try again and choose {expected}. To send with another account, reconnect the mailbox with it first. An Entra administrator sees the accounts in the {entra} > Users.',
  'permissions-not-granted': 'Sending needs what Microsoft has not granted: {missing}.',

  // A refusal by Graph
  'graph.access-denied.title': 'Microsoft denied access to the mailbox',
  'graph.access-denied.detail': 'The connected account lacks a permission or a right to the mailbox.',
  'graph.shared-permission-missing.title': 'The permission Mail.Send.Shared is missing',
  'graph.shared-permission-missing.detail':
    'Sending from an address other than the account’s own needs the permission Mail.Send.Shared.',
  'graph.send-as-denied.title': 'Sending as this address is not allowed',
  'graph.send-as-denied.detail': 'The connected account has no right to send as the sender.',
  'graph.no-mailbox.title': 'There is no such mailbox',
  'graph.no-mailbox.detail': 'Microsoft 365 has no cloud mailbox for the sender or the account.',
  'graph.recipient-refused.title': 'Microsoft refused a recipient',
  'graph.recipient-refused.detail':
    'At least one recipient is missing or has an address that Exchange Online does not accept.',
  'graph.too-many-recipients.title': 'The message has too many recipients',
  'graph.too-many-recipients.detail': 'The message has more recipients than the organisation allows for one message.',
  'graph.invalid-message.title': 'Microsoft refused the message',
  'graph.invalid-message.detail': 'Microsoft does not accept the form of the message.',
  'graph.too-large.title': 'The message is too large',
  'graph.too-large.detail': 'Microsoft does not accept a message of this size.',
  'graph.request-too-long.title': 'The message is too large',
  'graph.request-too-long.detail': 'Microsoft does not accept a request of this length.',
  'graph.below-session-minimum.title': 'An attachment has a size that Microsoft does not take',
  'graph.below-session-minimum.detail': 'Microsoft opens no upload session for a file just below 3 MB.',
  'graph.limit-reached.title': 'The sending limit is reached',
  'graph.limit-reached.detail': 'The mailbox has sent as much as Exchange Online lets it send for now.',
  'graph.account-blocked.title': 'The account is blocked from sending',
  'graph.account-blocked.detail': 'Exchange Online has stopped this account from sending.',
  'graph.draft-gone.title': 'The draft is gone',
  'graph.draft-gone.detail': 'The draft of the message is no longer in the mailbox.',
  'graph.mailbox-full.title': 'The mailbox is full',
  'graph.mailbox-full.detail': 'The mailbox that sends has no room left.',
  'graph.wrong-cloud.title': 'The organisation is in another Microsoft cloud',
  'graph.wrong-cloud.detail': 'Microsoft 365 does not know the organisation in the cloud that was asked.',
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

  // A source of delivery reports that cannot be read
  'inbox-denied.title': 'The inbox cannot be read',
  'inbox-denied.detail': 'Microsoft does not let {delegate} read the inbox of {sender}.',
  'inbox-denied.action':
    'An Exchange administrator gives {delegate} the right Read and manage (Full Access) on {sender}, in the {exchange} > Recipients > Mailboxes > {sender} > Delegation. It can take an hour to work. Then switch bounces on again.',
  'inbox-denied-application.detail': 'Microsoft does not let the application read the inbox of {sender}.',
  'inbox-denied-application.action': `An Exchange administrator adds {sender} to what the app may use, in its application access policy or role assignment (${APPLICATION_RBAC}). A change can take two hours to work. Then switch bounces on again.`,
  'inbox-missing.title': 'There is no inbox to read',
  'inbox-missing.detail': '{sender} has no inbox: it is a group, or a mailbox that is not in the cloud.',
  'inbox-missing.action':
    'Bounces need a mailbox as the sender; an Exchange administrator sees which those are in the {exchange} > Recipients > Mailboxes. The message trace needs none.',
  'inbox-unavailable.title': 'The inbox cannot be read now',
  'inbox-unavailable.detail': 'Microsoft did not let the inbox of {sender} be read.',
  'inbox-unavailable.action': 'Switch bounces on again in a few minutes.',
  'reports-connection-lost.title': 'The mailbox has to be connected again first',
  'reports-connection-lost.detail':
    'Microsoft does not accept the access to the mailbox at the moment, so its inbox cannot be read.',
  'reports-connection-lost.action':
    'A workspace admin follows the notice about the connection, then switches bounces on again.',
  'reports-permission.title': 'A permission is missing',
  'reports-permission.detail': 'Delivery reports need what Microsoft has not granted: {missing}.',
  'reports-permission-application.action':
    'Whoever operates the app registration makes sure that it lists {missing} as an application permission in the {entra} > App registrations > the app of Inforiver Mail > API permissions. Then switch it on again, and an Entra administrator accepts; {approvalLink} leads there too.',
  'reports-permission.action':
    'Switch bounces on again and accept. If Microsoft offers no choice, an Entra administrator has to open {approvalLink} and approve it once.',
  'trace-not-provisioned.title': 'Microsoft’s message trace is not set up in the organisation',
  'trace-not-provisioned.detail': `The service principal of Microsoft’s application ${TRACE_APP_ID} is missing.`,
  'trace-not-provisioned.action': `An Entra administrator adds it once, with Microsoft Graph PowerShell: New-MgServicePrincipal -AppId ${TRACE_APP_ID} (${TRACE_GUIDE}). It takes hours to work.`,
  'trace-denied.title': 'Exchange does not let the application read message traces',
  'trace-denied.detail': 'Microsoft refuses although the application has the permission {permission}.',
  'trace-denied.action':
    'A fresh permission can take an hour to work. If it stays refused, an Exchange administrator looks at what the app may do in the {exchange} > Roles > Admin roles.',
  'trace-unavailable.title': 'Microsoft’s message trace does not answer',
  'trace-unavailable.detail':
    'Microsoft could not answer, or was asked too often by all applications of the organisation together.',
  'trace-unavailable.action': 'Switch the message trace on again in five minutes.',
  'trace-unavailable-on.action': 'Nobody has to act unless it lasts: it is asked again by itself.',
  'trace-permission-on.action': 'An Entra administrator opens {approvalLink} and approves it.',
  'trace-switch-on': 'Then switch the message trace on again.',
  'trace-goes-on': 'The message trace is then read again by itself.',
  'trace-budget.title': 'The message trace was asked often enough',
  'trace-budget.detail': 'Inforiver Mail asks at most 20 times in five minutes, and has just done so.',
  'trace-cloud.title': 'This cloud has no message trace',
  'trace-cloud.detail': 'Microsoft offers the message trace in its global cloud only.',
  'trace-cloud.action': `Use bounces instead. Microsoft’s page says where the trace is offered (${TRACE_GUIDE}).`,
} as const satisfies Sentences
