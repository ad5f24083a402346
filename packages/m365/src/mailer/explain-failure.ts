import type { Explanation } from '../explanation.ts'
import type { Failure, Refused, RefusalReason } from './classify-failure.ts'

export interface FailureSubject {
  /** The From address. */
  readonly sender: string
  /** Sign-in name or address of the person whose grant is used. */
  readonly delegate: string
  /** Microsoft's page on which an Entra administrator approves the permissions once. */
  readonly approvalLink: string
}

interface Words {
  readonly kind: Explanation['kind']
  readonly title: string
  readonly detail: (subject: FailureSubject) => string
  readonly action: (subject: FailureSubject) => string
}

/** What a failed proof of a consent means, and who changes what where before the next try. */
export function explainFailure(failure: Failure, subject: FailureSubject): Explanation {
  const words = wordsFor(failure)
  return {
    kind: words.kind,
    title: words.title,
    detail: withCode(words.detail(subject), failure.microsoftCode),
    action: words.action(subject),
    correlationId: failure.requestId,
    aadstsCode: null,
  }
}

function wordsFor(failure: Failure): Words {
  if (failure.outcome === 'refused') return REFUSED[failure.reason](failure)
  if (failure.outcome === 'unauthorized')
    return {
      kind: 'microsoft-refused',
      title: 'Microsoft Graph does not accept the token',
      detail: () => failure.detail,
      action: () =>
        'Try again. If it happens again, check that GRAPH_BASE_URL and AZURE_AUTHORITY_HOST belong to the same Microsoft cloud, and whether a Conditional Access policy covers Exchange Online.',
    }
  return {
    kind: 'microsoft-unavailable',
    title: 'Microsoft 365 did not answer',
    detail: () => failure.detail,
    action: () => 'Try again in a few minutes.',
  }
}

const REFUSED: Readonly<Record<RefusalReason, (failure: Refused) => Words>> = {
  'send-as-denied': () => ({
    kind: 'send-as-denied',
    title: 'Sending as this address is not allowed',
    detail: ({ sender, delegate }) => `${delegate} has no right to send as ${sender}.`,
    action: ({ sender, delegate }) =>
      `An Exchange administrator opens Exchange admin center > Recipients > Mailboxes > ${sender} > Delegation > Send as and adds ${delegate}; for a group it is Recipients > Groups > ${sender} > Settings > Manage delegates. A fresh right can take an hour to work. Then try again.`,
  }),
  'permission-missing': () => ({
    kind: 'permission-missing',
    title: 'The permission Mail.Send.Shared is missing',
    detail: ({ sender, delegate }) =>
      `${sender} is not an address of ${delegate}, and sending from it needs the permission Mail.Send.Shared.`,
    action: ({ approvalLink }) =>
      `Try again and accept the permission. If Microsoft offers no choice, an Entra administrator approves it once at ${approvalLink}`,
  }),
  'access-denied': () => ({
    kind: 'permission-missing',
    title: 'Microsoft denied access to the mailbox',
    detail: ({ sender, delegate }) =>
      `${delegate} may not send from ${sender}: a permission or a mailbox right is missing.`,
    action: ({ sender, delegate, approvalLink }) =>
      `Check that ${delegate} has Send As on ${sender} in Exchange admin center > Recipients, and that the permissions of the app were approved. An Entra administrator approves them at ${approvalLink}`,
  }),
  'mailbox-not-found': () => ({
    kind: 'mailbox-not-found',
    title: 'There is no such mailbox',
    detail: ({ sender, delegate }) => `Microsoft 365 has no mailbox in the cloud for ${sender} or for ${delegate}.`,
    action: ({ sender, delegate }) =>
      `An Exchange administrator checks both at Exchange admin center > Recipients: ${sender} must exist as a mailbox or a group, and ${delegate} needs a licence with Exchange Online. A new mailbox can take an hour to work. Then try again.`,
  }),
  'recipient-refused': (failure) => ({
    kind: 'mailbox-not-found',
    title: failure.title,
    detail: ({ delegate }) => `The verification message could not be addressed to ${delegate}.`,
    action: ({ delegate }) =>
      `Check the mail address of ${delegate} at Exchange admin center > Recipients > Mailboxes.`,
  }),
  'message-refused': (failure) => refusedByMicrosoft(failure, 'Try again.'),
  'message-too-large': (failure) => refusedByMicrosoft(failure, 'Try again.'),
  'sending-limit-reached': (failure) =>
    refusedByMicrosoft(
      failure,
      'Try again later. An administrator sees why at Microsoft Defender portal > Review > Restricted entities, and in Exchange admin center > Mail flow.',
    ),
}

function refusedByMicrosoft(failure: Refused, action: string): Words {
  return { kind: 'microsoft-refused', title: failure.title, detail: () => failure.detail, action: () => action }
}

function withCode(detail: string, code: string | null): string {
  return code === null || detail.includes(code) ? detail : `${detail} (${code})`
}
