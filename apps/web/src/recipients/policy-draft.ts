import { AllowedDomains } from '@inforiver-mail/contract/allowed-domains'
import { type RecipientsPolicy, RecipientsPolicyInput } from '@inforiver-mail/contract/recipients-policy'
import { z } from 'zod'
import { inputFault, listFault, splitEntries } from '../api/failure.ts'
import type { Translate } from '../language/translate.ts'

/** What was entered and differs from the policy; everything else is read from that, since others change it as well. */
export const PolicyDraft = z.strictObject({
  domains: z.string().exactOptional(),
  redirectTo: z.string().exactOptional(),
})
export type PolicyDraft = z.infer<typeof PolicyDraft>

/** What the fields show: domains as text, one a line; an empty address redirects nothing. */
interface PolicyValues {
  readonly domains: string
  readonly redirectTo: string
}

/** The values of the fields: the policy, overridden by the draft. */
export function policyValues({ allowedDomains, redirectAllTo }: RecipientsPolicy, draft: PolicyDraft): PolicyValues {
  return { domains: allowedDomains.join('\n'), redirectTo: redirectAllTo ?? '', ...draft }
}

/** Returns the draft without the entries that equal `values`: those of the policy, or those that were saved. */
export function withoutEntries({ domains, redirectTo }: PolicyDraft, values: PolicyDraft): PolicyDraft {
  return {
    ...(domains !== undefined && domains !== values.domains && { domains }),
    ...(redirectTo !== undefined && redirectTo !== values.redirectTo && { redirectTo }),
  }
}

/** What saving the draft would do. */
export type PolicyPlan =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'invalid'; readonly domainsFault: string | null; readonly redirectFault: string | null }
  | { readonly kind: 'save'; readonly input: z.input<typeof RecipientsPolicyInput> }

export function planPolicy(policy: RecipientsPolicy, draft: PolicyDraft, t: Translate): PolicyPlan {
  const { domains, redirectTo } = policyValues(policy, draft)
  const allowedDomains = splitEntries(domains)
  const redirectAllTo = redirectTo.trim() || null
  const domainsFault = listFault(AllowedDomains, allowedDomains, t)
  const redirectFault = inputFault(RecipientsPolicyInput.shape.redirectAllTo, redirectAllTo, t)
  if (domainsFault !== null || redirectFault !== null) return { kind: 'invalid', domainsFault, redirectFault }
  const isSame =
    redirectAllTo === policy.redirectAllTo &&
    AllowedDomains.parse(allowedDomains).join(' ') === policy.allowedDomains.join(' ')
  return isSame ? { kind: 'unchanged' } : { kind: 'save', input: { allowedDomains, redirectAllTo } }
}

/** Why *Save* is disabled, or what it will do. */
export function planText(plan: PolicyPlan, policy: RecipientsPolicy, t: Translate): string {
  switch (plan.kind) {
    case 'unchanged':
      return t('recipients.plan.unchanged')
    case 'invalid':
      return t(plan.domainsFault === null ? 'recipients.plan.correct-address' : 'recipients.plan.correct-domains')
    case 'save': {
      const { redirectAllTo } = plan.input
      if (redirectAllTo !== null && redirectAllTo !== policy.redirectAllTo)
        return t('recipients.plan.redirect', { address: redirectAllTo })
      if (redirectAllTo === null && policy.redirectAllTo !== null) return t('recipients.plan.no-redirect')
      return t('recipients.plan.domains')
    }
  }
}
