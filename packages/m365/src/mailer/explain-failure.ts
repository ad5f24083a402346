import { domainOf, sameAddress } from '@inforiver-mail/contract/email-address'
import type { Values } from '@inforiver-mail/contract/values'
import { CODE, withCode } from '@inforiver-mail/contract/wording'
import type { AdminCenters } from '../admin-centers.ts'
import { withoutCodes, worded, type Explanation } from '../explanation.ts'
import type { Failure } from './classify-failure.ts'
import type { RefusalReason } from './graph-codes.ts'

export interface FailureSubject {
  readonly sender: string
  /** Sign-in name or address of the person whose tokens are used. */
  readonly delegate: string
  /** The page on which an Entra administrator approves the permissions once. */
  readonly approvalLink: string
  readonly adminCenters: AdminCenters
}

/** Explains why the proof of a consent failed, and who changes what where before the next try. */
export function explainFailure(failure: Failure, subject: FailureSubject): Explanation {
  const { sender, delegate, approvalLink, adminCenters } = subject
  const { entra, exchange, restrictedSenders, serviceStatus } = adminCenters
  const facts = { sender, delegate, approvalLink, entra, exchange, restrictedSenders, serviceStatus }
  return explain(failure, textFor(failure, subject), facts)
}

/** Explains that Exchange sends from the delegate messages that name the sender. */
export function explainIgnoredSender(sender: string, delegate: string, exchange: string): Explanation {
  return withoutCodes('reconnect-required', {
    title: 'sender-ignored.title',
    detail: ['sender-ignored.detail'],
    action: ['sender-ignored.action', 'then-choose-reconnect'],
    sender,
    delegate,
    exchange,
  })
}

interface FailureText {
  readonly kind: Explanation['kind']
  /** Names of sentences. Null stands for what the failure says itself. */
  readonly title: string | null
  readonly detail: string[] | null
  readonly action: string[]
}

/**
 * Words an explanation, with Microsoft's code in its detail. What the failure says itself takes the place of a title or
 * detail that is null.
 */
function explain(failure: Failure, { kind, title, detail, action }: FailureText, facts: Values): Explanation {
  const own = failure.values ?? {}
  const ownDetail = Array.isArray(own['detail']) ? own['detail'] : null
  const names = detail ?? ownDetail
  const { microsoftCode } = failure
  const addsCode = microsoftCode !== null && (detail !== null || !failure.detail.includes(microsoftCode))
  const values: Values = {
    ...own,
    ...facts,
    ...(addsCode && { microsoftCode }),
    title: title ?? own['title'] ?? null,
    detail: [...(names ?? []), ...(addsCode ? [CODE] : [])],
    action,
  }
  const text = worded(values)
  const ownTitle = failure.outcome === 'refused' ? failure.title : ''
  return {
    kind,
    title: text.title === '' ? ownTitle : text.title,
    detail: names === null ? (addsCode ? withCode(failure.detail, microsoftCode) : failure.detail) : text.detail,
    action: text.action,
    values: names === null || typeof values['title'] !== 'string' ? {} : values,
    correlationId: failure.requestId,
    aadstsCode: null,
    ...(failure.outcome === 'unauthorized' && failure.claims !== null && { claims: failure.claims }),
  }
}

function textFor(failure: Failure, { sender, delegate }: FailureSubject): FailureText {
  if (failure.outcome === 'unauthorized')
    return { kind: 'microsoft-refused', title: 'token-refused.title', detail: null, action: ['token-refused.action'] }
  if (failure.outcome === 'intercepted') {
    const action = ['check-gateway', 'then-try-again']
    return { kind: 'microsoft-unavailable', title: 'intercepted.title', detail: null, action }
  }
  if (failure.outcome !== 'refused')
    return {
      kind: 'microsoft-unavailable',
      title: 'graph-no-answer.title',
      detail: null,
      action: ['try-again-later', 'service-status'],
    }
  const { reason } = failure
  const isForeign = domainOf(sender) !== domainOf(delegate)
  const action = [...(isForeign && MAY_BE_FOREIGN.has(reason) ? ['foreign-address'] : []), `proof.${reason}.action`]
  switch (reason) {
    case 'send-as-denied':
    case 'permission-missing':
    case 'access-denied':
      return { kind: KINDS[reason], title: `proof.${reason}.title`, detail: [`proof.${reason}.detail`], action }
    case 'mailbox-not-found': {
      const own = sameAddress(sender, delegate) ? '-own' : ''
      return {
        kind: 'mailbox-not-found',
        title: 'proof.mailbox-not-found.title',
        detail: [`proof.mailbox-not-found${own}.detail`],
        action: own ? ['proof.mailbox-not-found-own.action', 'new-mailbox'] : [...action, 'new-mailbox'],
      }
    }
    case 'recipient-refused':
      return { kind: 'mailbox-not-found', title: null, detail: ['proof.recipient-refused.detail'], action }
    default:
      return { kind: 'microsoft-refused', title: null, detail: null, action }
  }
}

/** No administrator can help with an address of another organisation. */
const MAY_BE_FOREIGN = new Set<RefusalReason>(['send-as-denied', 'access-denied', 'mailbox-not-found'])

const KINDS = {
  'send-as-denied': 'send-as-denied',
  'permission-missing': 'permission-missing',
  'access-denied': 'permission-missing',
} as const

interface ApplicationFailureSubject {
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

/** Explains why the proof of a consent failed that uses no person's tokens. */
export function explainApplicationFailure(failure: Failure, subject: ApplicationFailureSubject): Explanation {
  const text = applicationTextFor(failure, subject)
  if (text !== null) return explain(failure, { ...text, action: [...text.action, 'then-try-again'] }, factsOf(subject))
  const { sender, approvalLink, adminCenters } = subject
  return explainFailure(failure, { sender, delegate: sender, approvalLink, adminCenters })
}

/**
 * Explains a refusal of a message that means that the application has lost its access; null when the refusal is about
 * the message. The admin has to reconnect, since only a new proof shows whether the access works again.
 */
export function explainLostApplicationAccess(
  failure: Failure,
  subject: Omit<ApplicationFailureSubject, 'recipient'>,
): Explanation | null {
  if (failure.outcome !== 'refused' || !DENIALS.has(failure.reason)) return null
  const { action, ...text } = textForDenial(subject)
  const toReconnect: FailureText = { ...text, kind: 'reconnect-required', action: [...action, 'then-choose-reconnect'] }
  return explain(failure, toReconnect, factsOf({ ...subject, recipient: null }))
}

function factsOf({ sender, recipient, permission, approvalLink, adminCenters }: ApplicationFailureSubject): Values {
  const { entra, exchange } = adminCenters
  return { sender, recipient: recipient ?? sender, permission, approvalLink, entra, exchange }
}

function applicationTextFor(failure: Failure, subject: ApplicationFailureSubject): FailureText | null {
  if (failure.outcome !== 'refused') return null
  const { sender, recipient } = subject
  const { reason } = failure
  if (DENIALS.has(reason)) return textForDenial(subject)
  if (reason !== 'mailbox-not-found' && reason !== 'recipient-refused') return null
  const isMissing = reason === 'mailbox-not-found'
  const isForeign = isMissing && domainOf(sender) !== domainOf(recipient ?? sender)
  return {
    kind: 'mailbox-not-found',
    title: isMissing ? 'proof.mailbox-not-found.title' : null,
    detail: [`application.${reason}.detail`],
    action: [...(isForeign ? ['foreign-address'] : []), `application.${reason}.action`],
  }
}

const DENIALS = new Set<RefusalReason>(['access-denied', 'permission-missing', 'send-as-denied'])

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
