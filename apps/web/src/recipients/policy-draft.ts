import {
  AllowedDomains,
  RecipientsPolicyInput,
  type RecipientsPolicy,
} from '@inforiver-mail/contract/recipients-policy'
import { z } from 'zod'
import { inputFault } from '../api/input-fault.ts'
import { listFault, splitEntries } from '../api/text-list.ts'

/** What was entered: domains as text, one a line; an empty address redirects nothing. */
export const PolicyDraft = z.strictObject({ domains: z.string(), redirectTo: z.string() })
export type PolicyDraft = z.infer<typeof PolicyDraft>

export function draftOf({ allowedDomains, redirectAllTo }: RecipientsPolicy): PolicyDraft {
  return { domains: allowedDomains.join('\n'), redirectTo: redirectAllTo ?? '' }
}

/** What saving the draft would do. */
export type PolicyPlan =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'invalid'; readonly domainsFault: string | null; readonly redirectFault: string | null }
  | { readonly kind: 'save'; readonly input: z.input<typeof RecipientsPolicyInput> }

export function planPolicy(policy: RecipientsPolicy, draft: PolicyDraft): PolicyPlan {
  const allowedDomains = splitEntries(draft.domains)
  const redirectAllTo = draft.redirectTo.trim() || null
  const domainsFault = listFault(AllowedDomains, allowedDomains)
  const redirectFault = inputFault(RecipientsPolicyInput.shape.redirectAllTo, redirectAllTo)
  if (domainsFault !== null || redirectFault !== null) return { kind: 'invalid', domainsFault, redirectFault }
  const isSame =
    redirectAllTo === policy.redirectAllTo &&
    AllowedDomains.parse(allowedDomains).join(' ') === policy.allowedDomains.join(' ')
  return isSame ? { kind: 'unchanged' } : { kind: 'save', input: { allowedDomains, redirectAllTo } }
}

/** Why *Save* is disabled, or what it will do. */
export function planText(plan: PolicyPlan, policy: RecipientsPolicy): string {
  switch (plan.kind) {
    case 'unchanged':
      return 'Nothing has changed.'
    case 'invalid':
      return plan.domainsFault === null ? 'Correct the address first.' : 'Correct the domains first.'
    case 'save': {
      const { redirectAllTo } = plan.input
      if (redirectAllTo !== null && redirectAllTo !== policy.redirectAllTo)
        return `From then on all mail goes to ${redirectAllTo} alone, also what waits already.`
      if (redirectAllTo === null && policy.redirectAllTo !== null)
        return 'From then on mail goes to its recipients again, also what waits already.'
      return 'The domains hold for what is submitted from then on.'
    }
  }
}
