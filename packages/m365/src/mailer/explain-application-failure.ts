import type { AdminCenters } from '../admin-centers.ts'
import type { Explanation } from '../explanation.ts'
import type { Failure } from './classify-failure.ts'
import { explained, explainFailure, isForeignAddress } from './explain-failure.ts'

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

interface FailureText {
  readonly kind: Explanation['kind']
  readonly title: string | null
  readonly detail: string[]
  readonly action: string[]
}

/** Explains why the proof of a consent failed that uses no person's tokens. */
export function explainApplicationFailure(failure: Failure, subject: ApplicationFailureSubject): Explanation {
  const text = textFor(failure, subject)
  if (text === null) {
    const { sender, approvalLink, adminCenters } = subject
    return explainFailure(failure, { sender, delegate: sender, approvalLink, adminCenters })
  }
  return explainWith(failure, subject, { ...text, action: [...text.action, 'then-try-again'] })
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
  const { action, ...text } = textForDenial(subject)
  return explainWith(
    failure,
    { ...subject, recipient: null },
    { ...text, kind: 'reconnect-required', action: [...action, 'then-choose-reconnect'] },
  )
}

function explainWith(
  failure: Failure,
  { sender, recipient, permission, approvalLink, adminCenters }: ApplicationFailureSubject,
  { kind, ...text }: FailureText,
): Explanation {
  const { entra, exchange } = adminCenters
  const facts = { sender, recipient: recipient ?? sender, permission, approvalLink, entra, exchange }
  return {
    kind,
    ...explained(failure, { ...facts, ...text }),
    correlationId: failure.requestId,
    aadstsCode: null,
  }
}

function textFor(failure: Failure, subject: ApplicationFailureSubject): FailureText | null {
  if (failure.outcome !== 'refused') return null
  const { sender, recipient } = subject
  switch (failure.reason) {
    case 'access-denied':
    case 'permission-missing':
    case 'send-as-denied':
      return textForDenial(subject)
    case 'mailbox-not-found':
      return {
        kind: 'mailbox-not-found',
        title: 'proof.mailbox-not-found.title',
        detail: ['application.mailbox-not-found.detail'],
        action: [
          ...(isForeignAddress(sender, recipient ?? sender) ? ['foreign-address'] : []),
          'application.mailbox-not-found.action',
        ],
      }
    case 'recipient-refused':
      return {
        kind: 'mailbox-not-found',
        title: null,
        detail: ['application.recipient-refused.detail'],
        action: ['application.recipient-refused.action'],
      }
    default:
      return null
  }
}

/** Graph's answer does not say whether Entra has not granted the permission or Exchange keeps the application out. */
function textForDenial({
  permission,
  grantedPermissions,
}: Pick<ApplicationFailureSubject, 'permission' | 'grantedPermissions'>): FailureText {
  const [kind, name] = grantedPermissions?.includes(permission)
    ? (['send-as-denied', 'application.kept-out'] as const)
    : (['permission-missing', 'application.permission-missing'] as const)
  return { kind, title: `${name}.title`, detail: [`${name}.detail`], action: [`${name}.action`] }
}
