import type { Explanation } from '@inforiver-mail/m365/explanation'
import { newSecrets } from '@inforiver-mail/m365/authorization-secrets'
import { readRedirectRefusal } from '@inforiver-mail/m365/entra-refusal'
import { explainRefusal, explainUnexpectedAnswer, explainWrongAccount } from '@inforiver-mail/m365/explain-refusal'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { Sealed, TokenVault } from '@inforiver-mail/m365/token-vault'
import { hashOpaqueValue, newOpaqueValue, type SignedIn } from '../http/session.ts'
import type { PendingSignIn, SignInStore } from './sign-in-store.ts'

const PENDING_MS = 10 * 60_000
const ADMIN_ROLE = 'Workspace.Admin'
const SEALED_FOR = 'sign-in'

export type SignInResult =
  | { readonly outcome: 'signed-in'; readonly sessionId: string; readonly returnTo: string }
  | { readonly outcome: 'refused'; readonly explanation: Explanation; readonly returnTo: string }

export interface SignIn {
  /** Returns Microsoft's page. `browser` is the value of the cookie that has to come back with the answer. */
  start(request: { returnTo: string; browser: string }): Promise<string>
  /** Returns null when no sign-in of this browser has this `state`. */
  finish(answer: {
    state: string
    browser: string | undefined
    parameters: Readonly<Record<string, unknown>>
    /** The browser's current session, which ends when the new one starts. */
    replaces: SignedIn | null
  }): Promise<SignInResult | null>
  /** Returns the page on which an Entra administrator approves once that people sign in. */
  approvalUrl(): string
}

export function createSignIn({
  store,
  identity,
  vault,
  tenantId,
  clock,
  random,
}: {
  store: SignInStore
  identity: MicrosoftIdentity
  vault: TokenVault
  tenantId: string
  clock: () => Date
  random: RandomBytes
}): SignIn {
  return {
    async start({ returnTo, browser }) {
      const { state, nonce, codeVerifier, codeChallenge } = newSecrets(random)
      const stateHash = hashOpaqueValue(state)
      const owner = { tenant: tenantId, record: stateHash, purpose: SEALED_FOR }
      await store.savePending({
        stateHash,
        tenantId,
        browserHash: hashOpaqueValue(browser),
        secretsSealed: await vault.seal(JSON.stringify({ nonce, codeVerifier }), owner),
        returnTo,
        expiresAt: new Date(clock().getTime() + PENDING_MS),
      })
      return identity.authorizeUrl({ scopes: [], state, nonce, codeChallenge, prompt: 'select_account' })
    },

    async finish({ state, browser, parameters, replaces }) {
      if (browser === undefined) return null
      const pending = await store.takePending(hashOpaqueValue(state), hashOpaqueValue(browser), clock())
      return pending && complete(pending, parameters, replaces)
    },

    approvalUrl: () => identity.adminConsentUrl({ scopes: [] }),
  }

  async function complete(
    pending: PendingSignIn,
    parameters: Readonly<Record<string, unknown>>,
    replaces: SignedIn | null,
  ): Promise<SignInResult> {
    const { returnTo } = pending
    const { adminCenters } = identity
    const refused = async (explanation: Explanation, account: string | null = null): Promise<SignInResult> => {
      const { kind, correlationId } = explanation
      const reason = kind === 'consent-cancelled' ? 'sign-in-cancelled' : kind
      await store.recordRefusal({ tenantId: pending.tenantId, reason, account, correlationId, now: clock() })
      return { outcome: 'refused', explanation, returnTo }
    }
    const refusal = readRedirectRefusal(parameters)
    if (refusal)
      return refused(
        explainRefusal(refusal, { leg: 'sign-in', approvalLink: identity.approvalLinks.delegated([]), adminCenters }),
      )
    const { code } = parameters
    if (typeof code !== 'string' || code === '')
      return refused(explainUnexpectedAnswer('The answer holds neither a code nor an error.', adminCenters))

    const owner = { tenant: pending.tenantId, record: pending.stateHash, purpose: SEALED_FOR }
    const { nonce, codeVerifier } = JSON.parse(await vault.open(pending.secretsSealed as Sealed, owner)) as {
      nonce: string
      codeVerifier: string
    }
    // The tokens are discarded: a sign-in asks only who the person is.
    const redemption = await identity.redeemCode({ code, codeVerifier, nonce, scopes: [], leg: 'sign-in' })
    if (redemption.outcome === 'refused') return refused(redemption.explanation)
    const { person } = redemption
    if (person.guest)
      return refused(
        explainWrongAccount('The account is a guest of the organisation.', adminCenters),
        person.signInName,
      )

    const sessionId = newOpaqueValue()
    await store.startSession({
      idHash: hashOpaqueValue(sessionId),
      replaces: replaces?.sessionIdHash ?? null,
      tenantId: pending.tenantId,
      person: {
        entraTenantId: person.tenantId,
        entraObjectId: person.objectId,
        name: person.name,
        signInName: person.signInName,
        email: person.email,
        hasAdminRole: person.roles.includes(ADMIN_ROLE),
      },
      now: clock(),
    })
    return { outcome: 'signed-in', sessionId, returnTo }
  }
}
