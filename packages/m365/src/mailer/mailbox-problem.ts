import type { ConsentProblem } from '@inforiver-mail/contract/consent-problem'
import { CODE } from '@inforiver-mail/contract/wording'
import type { AdminCenters } from '../admin-centers.ts'
import { worded } from '../explanation.ts'
import type { Refused } from './classify-failure.ts'

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
  const names = Array.isArray(own['detail']) ? own['detail'] : []
  const { title, detail, action, values } = worded({
    ...own,
    exchange,
    entra,
    restrictedSenders,
    microsoftCode: microsoftCode ?? own['microsoftCode'] ?? null,
    byDraft,
    detail: [...names, ...(names.includes(CODE) ? [] : [CODE]), ...(byDraft ? ['only-by-draft'] : [])],
    action: [`remedy.${reason}`, 'then-sends-one'],
  })
  return { title, detail, action, values, correlationId: requestId }
}
