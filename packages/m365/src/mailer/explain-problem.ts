import type { MessageProblem, MessageProblemCode } from '@inforiver-mail/contract/message'
import type { AdminCenters } from '../admin-centers.ts'
import { worded } from '../explanation.ts'
import type { Refused, Unauthorized } from './classify-failure.ts'
import { GRAPH_CODES, type RefusalReason } from './graph-codes.ts'
import type { ConsentProblem } from '@inforiver-mail/contract/consent-problem'
import type { Values } from '@inforiver-mail/contract/values'
import { CODE } from '@inforiver-mail/contract/wording'

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

/** Why Microsoft takes no message of a mailbox, and who does what about it. */
export type MailboxProblem = Omit<ConsentProblem, 'code'>

/**
 * Explains a refusal that any message of the mailbox meets. Its `values` have Microsoft's code.
 *
 * @param byDraft only messages that go by draft meet it
 */
export function toMailboxProblem(
  { reason, values: own = {}, microsoftCode, requestId }: Refused,
  { exchange, entra, restrictedSenders }: AdminCenters,
  byDraft: boolean,
): MailboxProblem {
  // A database belongs to one cloud, so that what waits in it never leaves into another.
  const remedies = [`remedy.${reason}`, ...(reason === 'wrong-cloud' ? [] : ['then-sends-one'])]
  const facts = {
    exchange,
    entra,
    restrictedSenders,
    byDraft,
    microsoftCode: microsoftCode ?? own['microsoftCode'] ?? null,
  }
  return explain({ ...own, ...facts }, byDraft ? ['only-by-draft'] : [], remedies, requestId)
}

/** Explains that Graph refuses tokens although they are fresh. */
export function toTokenProblem(
  { values = {}, microsoftCode, requestId }: Unauthorized,
  { entra }: AdminCenters,
): MailboxProblem {
  const facts = { title: 'token-refused.title', entra, microsoftCode: microsoftCode ?? values['microsoftCode'] ?? null }
  return explain({ ...values, ...facts }, [], ['token-refused.remedy', 'keeps-trying'], requestId)
}

function explain(
  known: Values,
  more: readonly string[],
  action: string[],
  correlationId: string | null,
): MailboxProblem {
  const names = Array.isArray(known['detail']) ? known['detail'] : []
  const addsCode = known['microsoftCode'] !== null && !names.includes(CODE)
  const { values, ...text } = worded({ ...known, detail: [...names, ...(addsCode ? [CODE] : []), ...more], action })
  return { ...text, values, correlationId }
}
