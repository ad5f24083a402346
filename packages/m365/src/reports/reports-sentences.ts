import { TRACE_APP_ID } from '@inforiver-mail/contract/permission'
import type { Sentences } from '@inforiver-mail/contract/wording'
import { APPLICATION_RBAC } from '../admin-centers.ts'

const TRACE_GUIDE = 'https://learn.microsoft.com/graph/api/resources/exchangemessagetrace'

/** Why a source of delivery reports cannot be read, and who mends it. */
export const REPORTS_SENTENCES: Sentences = {
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
}
