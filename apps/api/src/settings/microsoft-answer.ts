import type { Explanation } from '@inforiver-mail/m365/explanation'
import { readRedirectRefusal } from '@inforiver-mail/m365/entra-refusal'
import {
  explainMissingRefreshToken,
  explainRefusal,
  explainUnexpectedAnswer,
  explainWrongAccount,
} from '@inforiver-mail/m365/explain-refusal'
import { missingPermissions } from '@inforiver-mail/m365/permissions'
import type { MicrosoftIdentity, Redemption, Tokens } from '@inforiver-mail/m365/microsoft-identity'
import { refuse, type ConsentAnswer, type Refused } from './consent-strategy.ts'

/** What a person granted, as tokens. */
export interface Redeemed {
  readonly outcome: 'redeemed'
  readonly person: Extract<Redemption, { outcome: 'granted' }>['person']
  readonly tokens: Tokens
  readonly grantedPermissions: readonly string[]
  /** The sign-in name; null where Microsoft vouches for none. */
  readonly account: string | null
}

/** Reads a person's answer, and redeems its code for tokens that cover what is `needed`. */
export async function redeemAnswer(
  identity: MicrosoftIdentity,
  { consent, secrets, parameters }: Pick<ConsentAnswer, 'consent' | 'secrets' | 'parameters'>,
  needed: readonly string[],
  explainMissing: (missing: readonly string[], approvalLink: string) => Explanation,
): Promise<Redeemed | Refused> {
  const asked = consent.requestedPermissions
  const { adminCenters, approvalLinks } = identity
  const approvalLink = approvalLinks.delegated(asked)
  const refusal = readRedirectRefusal(parameters)
  if (refusal) return refuse(explainRefusal(refusal, { leg: 'authorize', approvalLink, adminCenters }))
  const { code } = parameters
  if (typeof code !== 'string' || code === '')
    return refuse(explainUnexpectedAnswer('neither-code-nor-error', adminCenters))

  const { nonce, codeVerifier, claims } = secrets
  const redemption = await identity.redeemCode({ code, codeVerifier, nonce, scopes: asked, claims })
  if (redemption.outcome === 'refused') return refuse(redemption.explanation)
  const { person, tokens, grantedPermissions } = redemption
  const account = person.signInName || null
  if (person.guest) return refuseGuest(identity, account)
  const missing = missingPermissions(needed, grantedPermissions)
  if (missing.length > 0) return refuse(explainMissing(missing, approvalLink), account)
  const { refreshToken } = tokens
  if (refreshToken === null) return refuse(explainMissingRefreshToken(approvalLink), account)
  return { outcome: 'redeemed', person, tokens: { ...tokens, refreshToken }, grantedPermissions, account }
}

export function refuseGuest(
  { adminCenters }: Pick<MicrosoftIdentity, 'adminCenters'>,
  account: string | null,
): Refused {
  return refuse(explainWrongAccount('guest', adminCenters), account)
}

/** Says why an Entra administrator's answer approves nothing; null where it does. */
export function readApprovalAnswer(
  { adminCenters, approvalLinks }: Pick<MicrosoftIdentity, 'adminCenters' | 'approvalLinks'>,
  parameters: Readonly<Record<string, unknown>>,
): Explanation | null {
  // An error comes with `admin_consent=True` too.
  const refusal = readRedirectRefusal(parameters)
  if (refusal)
    return explainRefusal(refusal, { leg: 'authorize', approvalLink: approvalLinks.application(), adminCenters })
  if (String(parameters['admin_consent']).toLowerCase() === 'true') return null
  return explainUnexpectedAnswer('neither-consent-nor-error', adminCenters)
}
