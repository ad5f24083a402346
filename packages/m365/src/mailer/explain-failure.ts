import { sameAddress } from '@inforiver-mail/contract/email-address'
import { GRAPH_CODE_LIST, outageSentence, type AdminCenters } from '../admin-centers.ts'
import { withCode, type Explanation } from '../explanation.ts'
import type { Failure, Refused } from './classify-failure.ts'
import type { RefusalReason } from './graph-codes.ts'

export interface FailureSubject {
  readonly sender: string
  /** Sign-in name or address of the person whose tokens are used. */
  readonly delegate: string
  /** The page on which an Entra administrator approves the permissions once. */
  readonly approvalLink: string
  readonly adminCenters: AdminCenters
}

interface FailureText {
  readonly kind: Explanation['kind']
  readonly title: string
  readonly detail: (subject: FailureSubject) => string
  readonly action: (subject: FailureSubject) => string
}

/** Explains why the proof of a consent failed, and who changes what where before the next try. */
export function explainFailure(failure: Failure, subject: FailureSubject): Explanation {
  const text = textFor(failure)
  return {
    kind: text.kind,
    title: text.title,
    detail: withMicrosoftCode(text.detail(subject), failure.microsoftCode),
    action: text.action(subject),
    correlationId: failure.requestId,
    aadstsCode: null,
    ...(failure.outcome === 'unauthorized' && failure.claims !== null && { claims: failure.claims }),
  }
}

function textFor(failure: Failure): FailureText {
  if (failure.outcome === 'refused') return REFUSED[failure.reason](failure)
  if (failure.outcome === 'unauthorized')
    return {
      kind: 'microsoft-refused',
      title: 'Microsoft Graph does not accept the token',
      detail: () => failure.detail,
      action: ({ adminCenters }) =>
        `Try again. If it happens again, whoever operates Inforiver Mail has to check that M365_CLOUD is the cloud of the organisation, and an Entra administrator whether a policy covers Exchange Online, in the ${adminCenters.entra} > Conditional Access > Policies.`,
    }
  return {
    kind: 'microsoft-unavailable',
    title: 'Microsoft 365 did not answer',
    detail: () => failure.detail,
    action: ({ adminCenters }) => `Try again in a few minutes. ${outageSentence(adminCenters)}`,
  }
}

const NEW_MAILBOX = 'A new mailbox can take an hour to work. Then try again.'

const REFUSED: Readonly<Record<RefusalReason, (failure: Refused) => FailureText>> = {
  'send-as-denied': () => ({
    kind: 'send-as-denied',
    title: 'Sending as this address is not allowed',
    detail: ({ sender, delegate }) => `${delegate} has no right to send as ${sender}.`,
    action: ({ sender, delegate, adminCenters }) =>
      exchangeAdministrator(
        `opens the ${adminCenters.exchange} > Recipients > Mailboxes > ${sender} > Delegation > Send as and adds ${delegate}; for a group it is Recipients > Groups > ${sender} > Settings > Manage delegates. Send on behalf is enough too, but recipients then see both names. A fresh right can take an hour to work. Then try again.`,
        sender,
        delegate,
      ),
  }),
  'permission-missing': () => ({
    kind: 'permission-missing',
    title: 'The permission Mail.Send.Shared is missing',
    detail: ({ sender, delegate }) =>
      `${sender} is not an address of ${delegate}, and sending from it needs the permission Mail.Send.Shared.`,
    action: ({ approvalLink }) =>
      `Try again and accept the permission. If Microsoft offers no choice, an Entra administrator has to open ${approvalLink} and approve it once.`,
  }),
  'access-denied': () => ({
    kind: 'permission-missing',
    title: 'Microsoft denied access to the mailbox',
    detail: ({ sender, delegate }) =>
      `${delegate} may not send from ${sender}: a permission or a mailbox right is missing.`,
    action: ({ sender, delegate, approvalLink, adminCenters }) =>
      exchangeAdministrator(
        `checks in the ${adminCenters.exchange} > Recipients that ${delegate} has Send As on ${sender}. If the permissions of the app were not approved, an Entra administrator opens ${approvalLink} and approves them. Then try again.`,
        sender,
        delegate,
      ),
  }),
  'mailbox-not-found': () => ({
    kind: 'mailbox-not-found',
    title: 'There is no such mailbox',
    detail: ({ sender, delegate }) =>
      sameAddress(sender, delegate)
        ? `Microsoft 365 has no mailbox in the cloud for ${sender}.`
        : `Microsoft 365 has no mailbox in the cloud for ${sender} or for ${delegate}.`,
    action: ({ sender, delegate, adminCenters }) =>
      sameAddress(sender, delegate)
        ? `An Exchange administrator checks in the ${adminCenters.exchange} > Recipients > Mailboxes that ${sender} has a mailbox and a licence with Exchange Online. ${NEW_MAILBOX}`
        : exchangeAdministrator(
            `checks both in the ${adminCenters.exchange} > Recipients: ${sender} must exist as a mailbox or a group, and ${delegate} needs a licence with Exchange Online. ${NEW_MAILBOX}`,
            sender,
            delegate,
          ),
  }),
  'recipient-refused': (failure) => ({
    kind: 'mailbox-not-found',
    title: failure.title,
    detail: ({ delegate }) => `The verification message could not be addressed to ${delegate}.`,
    action: ({ delegate, adminCenters }) =>
      `An Exchange administrator checks the mail address of ${delegate} in the ${adminCenters.exchange} > Recipients > Mailboxes. Then try again.`,
  }),
  'message-refused': (failure) =>
    refusedByMicrosoft(
      failure,
      () =>
        `Try again. If it happens again, whoever operates Inforiver Mail has to look the code up in ${GRAPH_CODE_LIST} and report it to the support of Inforiver, with the correlation id.`,
    ),
  'draft-gone': (failure) =>
    refusedByMicrosoft(
      failure,
      ({ delegate, adminCenters }) =>
        `Try again. If it happens again, an Exchange administrator sees who else uses the mailbox in the ${adminCenters.exchange} > Recipients > Mailboxes > ${delegate} > Delegation.`,
    ),
  'mailbox-full': (failure) =>
    refusedByMicrosoft(
      failure,
      ({ delegate, adminCenters }) =>
        `Whoever uses the mailbox makes room in it, or an Exchange administrator gives it more in the ${adminCenters.exchange} > Recipients > Mailboxes > ${delegate}. Then try again.`,
    ),
  'message-too-large': (failure) =>
    refusedByMicrosoft(
      failure,
      ({ delegate, adminCenters }) =>
        `An Exchange administrator raises the limit of the mailbox in the ${adminCenters.exchange} > Recipients > Mailboxes > ${delegate} > Message size restriction. Then try again.`,
    ),
  'sending-limit-reached': (failure) =>
    refusedByMicrosoft(
      failure,
      ({ adminCenters }) =>
        `An Exchange administrator sees why in the ${adminCenters.exchange} > Mail flow, and releases a blocked account at ${adminCenters.restrictedSenders}. Then try again; a limit is over after a day at the latest.`,
    ),
}

function refusedByMicrosoft(failure: Refused, action: FailureText['action']): FailureText {
  return { kind: 'microsoft-refused', title: failure.title, detail: () => failure.detail, action }
}

function withMicrosoftCode(detail: string, code: string | null): string {
  return code === null || detail.includes(code) ? detail : withCode(detail, code)
}

/**
 * Begins an action of an Exchange administrator. No administrator can help with an address of another organisation, so
 * the text mentions that unless the address has the domain of `known`, which belongs to the organisation.
 */
export function exchangeAdministrator(what: string, address: string, known: string): string {
  if (domainOf(address) === domainOf(known)) return `An Exchange administrator ${what}`
  return `If ${address} does not belong to your organisation, choose an address that does. If it does, an Exchange administrator ${what}`
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase()
}
