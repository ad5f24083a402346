import type { ConsentProblem } from '@inforiver-mail/contract/consent-problem'
import type { Values } from '@inforiver-mail/contract/values'
import { CODE } from '@inforiver-mail/contract/wording'
import type { AdminCenters } from '../admin-centers.ts'
import { worded } from '../explanation.ts'
import type { Refused, Unauthorized } from './classify-failure.ts'

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
  return problemOf({ ...own, ...facts }, byDraft ? ['only-by-draft'] : [], remedies, requestId)
}

/** Explains that Graph refuses tokens although they are fresh. */
export function toTokenProblem(
  { values = {}, microsoftCode, requestId }: Unauthorized,
  { entra }: AdminCenters,
): MailboxProblem {
  const facts = { title: 'token-refused.title', entra, microsoftCode: microsoftCode ?? values['microsoftCode'] ?? null }
  return problemOf({ ...values, ...facts }, [], ['token-refused.remedy', 'keeps-trying'], requestId)
}

function problemOf(
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
