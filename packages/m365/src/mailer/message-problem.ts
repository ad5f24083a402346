import type { MessageProblem, MessageProblemCode } from '@inforiver-mail/contract/message'
import { GRAPH_CODE_LIST, type AdminCenters } from '../admin-centers.ts'
import type { Refused } from './classify-failure.ts'
import type { RefusalReason } from './graph-codes.ts'

/** The problem of a message that failed for good. Its detail ends with who does what where before a retry. */
export function toMessageProblem(
  { reason, limit, title, detail, microsoftCode, requestId }: Refused,
  adminCenters: AdminCenters,
): MessageProblem {
  const { code, remedy } = limit === undefined ? PROBLEMS[reason] : TOO_LARGE_FOR_GRAPH
  return { code, values: {}, title, detail: `${detail} ${remedy(adminCenters)}`, microsoftCode, requestId }
}

interface ProblemText {
  readonly code: MessageProblemCode
  readonly remedy: (adminCenters: AdminCenters) => string
}

/** No administrator of the organisation can raise Graph's own limits. */
const TOO_LARGE_FOR_GRAPH: ProblemText = {
  code: 'message-too-large',
  remedy: () =>
    `The submitting service submits it again with smaller attachments, or fewer, or with a link to the file; what the code means is in ${GRAPH_CODE_LIST}.`,
}

const APP_PERMISSIONS = 'Enterprise applications > the app of Inforiver Mail > Permissions'

const PROBLEMS: Readonly<Record<RefusalReason, ProblemText>> = {
  'send-as-denied': {
    code: 'send-as-denied',
    remedy: ({ exchange }) =>
      `An Exchange administrator gives the connected account Send As on the sender in the ${exchange} > Recipients; a fresh right can take an hour to work. Then retry the message.`,
  },
  'permission-missing': {
    code: 'send-as-denied',
    remedy: ({ entra }) =>
      `A workspace admin connects the mailbox again at Tenant Settings > Office 365 SMTP and accepts the permission. An Entra administrator sees what is granted in the ${entra} > ${APP_PERMISSIONS}. Then retry the message.`,
  },
  // Not `send-as-denied`: the right to send as the sender is only one of the rights that may be missing.
  'access-denied': {
    code: 'message-refused',
    remedy: ({ entra, exchange }) =>
      `A workspace admin connects the mailbox again at Tenant Settings > Office 365 SMTP. If that does not help, an Entra administrator checks the permissions of the app in the ${entra} > ${APP_PERMISSIONS}, and an Exchange administrator the rights of the connected account in the ${exchange} > Recipients and, in PowerShell, the application access policies. Then retry the message.`,
  },
  'mailbox-not-found': {
    code: 'mailbox-not-found',
    remedy: ({ exchange }) =>
      `An Exchange administrator checks in the ${exchange} > Recipients that both exist and that the account has a licence with Exchange Online. Then retry the message.`,
  },
  'recipient-refused': {
    code: 'recipient-refused',
    remedy: ({ exchange }) =>
      `Check the recipients and have the service send it again. An Exchange administrator sees who has a mailbox, and how many recipients one message may have, in the ${exchange} > Recipients > Mailboxes.`,
  },
  'message-refused': {
    code: 'message-refused',
    remedy: () =>
      `Whoever sent the message changes what Microsoft does not accept and sends it again; what the code means is in ${GRAPH_CODE_LIST}.`,
  },
  'draft-gone': {
    code: 'message-refused',
    remedy: ({ exchange }) =>
      `A workspace admin or the submitting service retries the message. If it happens again, an Exchange administrator sees who else uses the mailbox in the ${exchange} > Recipients > Mailboxes > the mailbox > Delegation.`,
  },
  'mailbox-full': {
    code: 'message-refused',
    remedy: ({ exchange }) =>
      `Whoever uses the mailbox makes room in it, or an Exchange administrator gives it more in the ${exchange} > Recipients > Mailboxes. Then retry the message.`,
  },
  'message-too-large': {
    code: 'message-too-large',
    remedy: ({ exchange }) =>
      `The submitting service submits it again with smaller attachments, or fewer. An Exchange administrator sees the limit of the mailbox in the ${exchange} > Recipients > Mailboxes > the mailbox > Message size restriction.`,
  },
  'sending-limit-reached': {
    code: 'sending-limit-reached',
    remedy: ({ exchange, restrictedSenders }) =>
      `An Exchange administrator sees why in the ${exchange} > Mail flow, and releases a blocked account at ${restrictedSenders}. Then retry the message.`,
  },
}
