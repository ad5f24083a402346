import { APPLICATION_RBAC, type AdminCenters } from '../admin-centers.ts'
import { withCode, type Explanation } from '../explanation.ts'
import type { Failure } from './classify-failure.ts'
import { explainFailure, exchangeAdministrator } from './explain-failure.ts'

export interface ApplicationFailureSubject {
  /** The From address. */
  readonly sender: string
  /** Whom the verification message was for; null for a message of a service. */
  readonly recipient: string | null
  /** What the failed request needs. */
  readonly permission: 'Mail.Send' | 'Mail.ReadWrite'
  /** What Entra granted, as far as the token tells. */
  readonly grantedPermissions: readonly string[] | null
  /** Microsoft's page on which an Entra administrator grants the application permissions. */
  readonly approvalLink: string
  readonly adminCenters: AdminCenters
}

type Words = Pick<Explanation, 'kind' | 'title' | 'detail' | 'action'>

/** What a failure means where no person's tokens are used: for the proof of a consent. */
export function explainApplicationFailure(failure: Failure, subject: ApplicationFailureSubject): Explanation {
  const words = wordsFor(failure, subject)
  if (words === null) {
    const { sender, approvalLink, adminCenters } = subject
    return explainFailure(failure, { sender, delegate: sender, approvalLink, adminCenters })
  }
  const { kind, title, detail, action } = words
  const code = failure.microsoftCode
  return {
    kind,
    title,
    detail: code === null ? detail : withCode(detail, code),
    action: `${action} Then try again.`,
    correlationId: failure.requestId,
    aadstsCode: null,
  }
}

/**
 * Why the access that a connection rests on is gone, when Microsoft refused a message for it; null when the refusal is
 * about the message. The connection has to be made again: nothing else shows whether it works.
 */
export function explainLostApplicationAccess(
  failure: Failure,
  subject: Omit<ApplicationFailureSubject, 'recipient'>,
): Explanation | null {
  if (failure.outcome !== 'refused') return null
  const { reason } = failure
  if (reason !== 'access-denied' && reason !== 'permission-missing' && reason !== 'send-as-denied') return null
  const words = deniedWords(subject)
  return {
    kind: 'reconnect-required',
    title: words.title,
    detail: failure.microsoftCode === null ? words.detail : withCode(words.detail, failure.microsoftCode),
    action: `${words.action} Then a workspace admin chooses Reconnect. Waiting messages then leave by themselves.`,
    correlationId: failure.requestId,
    aadstsCode: null,
  }
}

function wordsFor(failure: Failure, subject: ApplicationFailureSubject): Words | null {
  if (failure.outcome !== 'refused') return null
  const { sender, recipient, adminCenters } = subject
  switch (failure.reason) {
    case 'access-denied':
    case 'permission-missing':
    case 'send-as-denied':
      return deniedWords(subject)
    case 'mailbox-not-found':
      return {
        kind: 'mailbox-not-found',
        title: 'There is no such mailbox',
        detail: `Microsoft 365 has no mailbox in the cloud for ${sender}. Without a person’s access the sender has to be a mailbox, of a person or shared, and no group.`,
        action: exchangeAdministrator(
          `checks ${sender} in the ${adminCenters.exchange} > Recipients > Mailboxes. A new mailbox can take an hour to work.`,
          sender,
          recipient ?? sender,
        ),
      }
    case 'recipient-refused':
      return {
        kind: 'mailbox-not-found',
        title: failure.title,
        detail: `The verification message could not be addressed to ${recipient ?? sender}.`,
        action: `An Exchange administrator checks the mail address of ${recipient ?? sender} in the ${adminCenters.exchange} > Recipients > Mailboxes.`,
      }
    default:
      return null
  }
}

/** Entra did not grant it, or Exchange keeps the application out: Graph's answer does not say which. */
function deniedWords({
  sender,
  permission,
  grantedPermissions,
  approvalLink,
  adminCenters,
}: Omit<ApplicationFailureSubject, 'recipient'>): Words {
  if (grantedPermissions?.includes(permission))
    return {
      kind: 'send-as-denied',
      title: 'The application is kept out of this mailbox',
      detail: `Microsoft Entra has granted the app ${permission}, but Exchange does not let it use ${sender}.`,
      action: `An Exchange administrator adds ${sender} to what the app may use, in its application access policy or role assignment (Exchange Online PowerShell: Test-ApplicationAccessPolicy, Test-ServicePrincipalAuthorization; ${APPLICATION_RBAC}). A change can take two hours to work.`,
    }
  return {
    kind: 'permission-missing',
    title: `The application permission ${permission} is missing`,
    detail: `Neither Microsoft Entra nor Exchange lets the app use ${permission} for ${sender}.`,
    action: `Whoever operates the app registration adds ${permission} as an application permission in the ${adminCenters.entra} > App registrations > the app of Inforiver Mail > API permissions, and an Entra administrator opens ${approvalLink} and approves it. Where the app is limited to single mailboxes, an Exchange administrator assigns it the role Application ${permission} for ${sender} instead (${APPLICATION_RBAC}); that can take two hours to work.`,
  }
}
