import type { Explanation } from '@inforiver-mail/m365/explanation'
import { readRedirectRefusal } from '@inforiver-mail/m365/entra-refusal'
import {
  explainMissingPermissions,
  explainRefusal,
  explainUnexpectedAnswer,
  explainWrongAccount,
} from '@inforiver-mail/m365/explain-refusal'
import { missingPermissions } from '@inforiver-mail/m365/permissions'
import type { MicrosoftIdentity, Redemption, Tokens } from '@inforiver-mail/m365/microsoft-identity'
import type { GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { MessageTrace } from '@inforiver-mail/m365/message-trace'
import type { Mailboxes } from '../queue/queue.ts'
import type { Timers } from '../runtime/clock.ts'
import type { ConsentRecord } from './consent-store.ts'

/**
 * The pages of Microsoft that a consent may lead to: `delegate` asks the person whose access is used; `application` asks an
 * Entra administrator for what the application may do.
 */
export type ConsentPage = 'delegate' | 'application'

/** The secrets of a consent, which are deleted when it ends. */
export interface ConsentSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly codeChallenge: string
  /** The page of a consent for delivery reports, which may have two. Any other asks on the page of GRAPH_AUTH. */
  readonly leg?: ConsentPage
  /** The claims challenge of an earlier refusal: JSON. */
  readonly claims?: string
}

/** Waits that many milliseconds. */
export type WaitForGrant = (ms: number) => Promise<unknown>

/** Whether a request of the message trace may be made now: all processes share what Microsoft allows. */
export type TakeTraceRequest = (tenantId: string) => Promise<boolean>

/** By what a grant is proved. */
export interface ProofDeps {
  readonly identity: MicrosoftIdentity
  readonly mailer: GraphMailer
  readonly trace: MessageTrace
  readonly takeTraceRequest: TakeTraceRequest
  /** Has what is left of a draft deleted later, whether or not its mailbox is connected then. */
  readonly mailboxes: Pick<Mailboxes, 'mayHaveLeftDraft' | 'recordDeletion' | 'endCleanup'>
  readonly clock: () => Date
  readonly timers: Pick<Timers, 'deadline'>
  readonly waitForGrant: WaitForGrant
}

/** Microsoft's answer to a consent, in the session that asked. */
export interface ConsentAnswer {
  readonly consent: ConsentRecord
  readonly secrets: ConsentSecrets
  /** The unchecked query of the return. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/** The person who answered at Microsoft, who need not be the admin who asked. */
export interface Answerer {
  /** The sign-in name; null where Microsoft vouches for none. */
  readonly account: string | null
}

export interface Refused extends Answerer {
  readonly outcome: 'refused'
  readonly explanation: Explanation
}

export function refuse(explanation: Explanation, account: string | null = null): Refused {
  return { outcome: 'refused', explanation, account }
}

/** Returns the address of Microsoft's page. */
export async function pageUrl(
  identity: MicrosoftIdentity,
  page: ConsentPage,
  { requestedPermissions: scopes }: ConsentRecord,
  { state, nonce, codeChallenge, claims }: ConsentSecrets,
): Promise<string> {
  if (page === 'application') return identity.applicationConsentUrl({ state })
  return identity.authorizeUrl({ scopes, state, nonce, codeChallenge, prompt: 'select_account', claims })
}

/** A token may lack at first what an administrator has just granted: how long to wait before each further attempt. */
const GRANT_DELAYS_MS = [2_000, 4_000]

/** Tries again while a grant may only be late, three times at most. Returns what the last attempt came to. */
export async function tryUntilGranted<Result>(
  attempt: () => Promise<{ readonly result: Result; readonly isLate: boolean }>,
  waitForGrant: WaitForGrant,
): Promise<Result> {
  for (const waitMs of GRANT_DELAYS_MS) {
    const { result, isLate } = await attempt()
    if (!isLate) return result
    await waitForGrant(waitMs)
  }
  return (await attempt()).result
}

/** What a person granted, as tokens. */
export interface Redeemed extends Answerer {
  readonly outcome: 'redeemed'
  readonly person: Extract<Redemption, { outcome: 'granted' }>['person']
  readonly tokens: Tokens
  readonly grantedPermissions: readonly string[]
}

/** Reads a person's answer, and redeems its code for tokens that cover what is `needed`. */
export async function redeemAnswer(
  identity: MicrosoftIdentity,
  { consent, secrets, parameters }: ConsentAnswer,
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
  // Without one the connection would end within the hour.
  if (refreshToken === null) return refuse(explainMissingPermissions(['offline_access'], approvalLink), account)
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
