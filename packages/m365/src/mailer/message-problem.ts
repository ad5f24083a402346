import type { MessageProblem, MessageProblemCode } from '@inforiver-mail/contract/message'
import type { AdminCenters } from '../admin-centers.ts'
import { worded } from '../explanation.ts'
import type { Refused } from './classify-failure.ts'
import { GRAPH_CODES, type RefusalReason } from './graph-codes.ts'

/** The problem of a message that no answer of Microsoft is about. */
export function problemOf(code: MessageProblemCode, title: string, sentence: string): MessageProblem {
  const { title: heading, detail, values } = worded({ title, detail: [sentence] })
  return { code, values, title: heading, detail, microsoftCode: null, requestId: null }
}

/** The problem of a message that failed for good. Its detail ends with who does what where before a retry. */
export function toMessageProblem(
  { reason, concerns, limit, title, detail, values = {}, microsoftCode, requestId }: Refused,
  { exchange, entra, restrictedSenders }: AdminCenters,
): MessageProblem {
  // No administrator of the organisation can raise Graph's own limits.
  const remedies =
    limit === undefined
      ? [`remedy.${reason}`, ...(concerns === 'mailbox' && reason !== 'wrong-cloud' ? ['then-retry'] : [])]
      : ['remedy.too-large-for-graph']
  const code = limit === undefined ? CODES[reason] : 'message-too-large'
  const centers = { exchange, entra, restrictedSenders }
  const names = Array.isArray(values['detail']) ? values['detail'] : null
  const action = worded({ ...centers, detail: remedies }).detail
  return {
    code,
    values: names === null ? {} : { ...values, ...centers, detail: [...names, ...remedies] },
    title,
    detail: `${detail} ${action}`,
    microsoftCode,
    requestId,
  }
}

/** Which problem the code of a refusal stands for; null for what refuses nothing for good, and for an unknown code. */
export function problemOfGraphCode(microsoftCode: string): MessageProblemCode | null {
  const verdict = Object.hasOwn(GRAPH_CODES, microsoftCode) ? GRAPH_CODES[microsoftCode]?.verdict : undefined
  return typeof verdict === 'object' ? CODES[verdict.reason] : null
}

const CODES: Readonly<Record<RefusalReason, MessageProblemCode>> = {
  'send-as-denied': 'send-as-denied',
  'permission-missing': 'send-as-denied',
  // Not `send-as-denied`: the right to send as the sender is only one of the rights that may be missing.
  'access-denied': 'message-refused',
  'mailbox-not-found': 'mailbox-not-found',
  'recipient-refused': 'recipient-refused',
  'message-refused': 'message-refused',
  'draft-gone': 'message-refused',
  'mailbox-full': 'message-refused',
  'message-too-large': 'message-too-large',
  'sending-limit-reached': 'sending-limit-reached',
  'wrong-cloud': 'message-refused',
}
