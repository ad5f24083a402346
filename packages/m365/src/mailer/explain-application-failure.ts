import { APPLICATION_RBAC, type AdminCenters } from '../admin-centers.ts'
import { withCode, type Explanation } from '../explanation.ts'
import type { Failure } from './classify-failure.ts'
import { explainFailure, exchangeAdministrator } from './explain-failure.ts'

export interface ApplicationFailureSubject {
  readonly sender: string
  /** The recipient of the verification message; null for a message of a service. */
  readonly recipient: string | null
  /** The permission that the failed request needs. */
  readonly permission: 'Mail.Send' | 'Mail.ReadWrite'
  /** What Entra granted according to the token; null when it cannot be read. */
  readonly grantedPermissions: readonly string[] | null
  /** The page on which an Entra administrator grants the application permissions. */
  readonly approvalLink: string
  readonly adminCenters: AdminCenters
}

type FailureText = Pick<Explanation, 'kind' | 'title' | 'detail' | 'action'>

/** Explains why the proof of a consent failed that uses no person's tokens. */
export function explainApplicationFailure(failure: Failure, subject: ApplicationFailureSubject): Explanation {
  const text = textFor(failure, subject)
  if (text === null) {
    const { sender, approvalLink, adminCenters } = subject
    return explainFailure(failure, { sender, delegate: sender, approvalLink, adminCenters })
  }
  const { kind, title, detail, action } = text
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
 * Explains a refusal of a message that means that the application has lost its access; null when the refusal is about
 * the message. The admin has to reconnect, since only a new proof shows whether the access works again.
 */
export function explainLostApplicationAccess(
  failure: Failure,
  subject: Omit<ApplicationFailureSubject, 'recipient'>,
): Explanation | null {
  if (failure.outcome !== 'refused') return null
  const { reason } = failure
  if (reason !== 'access-denied' && reason !== 'permission-missing' && reason !== 'send-as-denied') return null
  const text = textForDenial(subject)
  return {
    kind: 'reconnect-required',
    title: text.title,
    detail: failure.microsoftCode === null ? text.detail : withCode(text.detail, failure.microsoftCode),
    action: `${text.action} Then a workspace admin chooses Reconnect. Waiting messages then leave by themselves.`,
    correlationId: failure.requestId,
    aadstsCode: null,
  }
}

function textFor(failure: Failure, subject: ApplicationFailureSubject): FailureText | null {
  if (failure.outcome !== 'refused') return null
  const { sender, recipient, adminCenters } = subject
  switch (failure.reason) {
    case 'access-denied':
    case 'permission-missing':
    case 'send-as-denied':
      return textForDenial(subject)
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

/** Graph's answer does not say whether Entra has not granted the permission or Exchange keeps the application out. */
function textForDenial({
  sender,
  permission,
  grantedPermissions,
  approvalLink,
  adminCenters,
}: Omit<ApplicationFailureSubject, 'recipient'>): FailureText {
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
