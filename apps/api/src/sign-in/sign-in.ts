import type { Explanation } from '@inforiver-mail/m365/explanation'
import { newSecrets } from '@inforiver-mail/m365/authorization-secrets'
import { readRedirectRefusal } from '@inforiver-mail/m365/entra-refusal'
import { explainRefusal, explainUnexpectedAnswer, explainWrongAccount } from '@inforiver-mail/m365/explain-refusal'
import type { MicrosoftIdentity } from '@inforiver-mail/m365/microsoft-identity'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { Sealed, TokenVault } from '@inforiver-mail/m365/token-vault'
import { hashOpaqueValue, newOpaqueValue } from '../http/session.ts'
import type { Client, PendingSignIn, SignInStore } from './sign-in-store.ts'

const PENDING_MS = 10 * 60_000
const SEALED_FOR = 'sign-in'

/** What belongs to a sign-in under way, sealed. */
interface Secrets {
  readonly nonce: string
  readonly codeVerifier: string
  readonly silent: boolean
}

export type SignInResult =
  /** Microsoft has to ask the person after all: a sign-in without a page was not possible. */
  | { readonly outcome: 'asks'; readonly returnTo: string }
  | { readonly outcome: 'signed-in'; readonly sessionId: string; readonly returnTo: string }
  | { readonly outcome: 'refused'; readonly explanation: Explanation; readonly returnTo: string }

export type SignIn = ReturnType<typeof createSignIn>

export function createSignIn({
  store,
  identity,
  vault,
  tenantId,
  onContinued,
  clock,
  random,
}: {
  store: SignInStore
  identity: MicrosoftIdentity
  vault: TokenVault
  tenantId: string
  /** Called when a person signs in again in the browser of a session of theirs, with the hashes of both. */
  onContinued: (sessions: { from: string; to: string }) => Promise<void>
  clock: () => Date
  random: RandomBytes
}) {
  return {
    /**
     * Returns Microsoft's page. `browser` is the value of the cookie that has to come back with the answer. `silent`: whoever
     * is signed in at Microsoft comes back without a page; `sessionIdHash` says whose session it continues.
     */
    async start({
      returnTo,
      browser,
      silent = false,
      sessionIdHash = null,
    }: {
      returnTo: string
      browser: string
      silent?: boolean
      sessionIdHash?: string | null
    }): Promise<string> {
      const { state, nonce, codeVerifier, codeChallenge } = newSecrets(random)
      const stateHash = hashOpaqueValue(state)
      const owner = { tenant: tenantId, record: stateHash, purpose: SEALED_FOR }
      await store.savePending({
        stateHash,
        tenantId,
        browserHash: hashOpaqueValue(browser),
        secretsSealed: await vault.seal(JSON.stringify({ nonce, codeVerifier, silent } satisfies Secrets), owner),
        returnTo,
        expiresAt: new Date(clock().getTime() + PENDING_MS),
      })
      const request = { scopes: [], state, nonce, codeChallenge }
      if (!silent) return identity.authorizeUrl({ ...request, prompt: 'select_account' })
      const loginHint = sessionIdHash === null ? null : await store.findPerson(sessionIdHash)
      return identity.authorizeUrl({ ...request, prompt: 'none', ...(loginHint !== null && { loginHint }) })
    },

    /** Returns null when no sign-in of this browser has this `state`. */
    async finish({
      state,
      browser,
      parameters,
      replaces,
      client,
    }: {
      state: string
      browser: string | undefined
      parameters: Readonly<Record<string, unknown>>
      /** The browser's last session, which ends when the new one starts. */
      replaces: string | null
      client: Client
    }): Promise<SignInResult | null> {
      if (browser === undefined) return null
      const pending = await store.takePending(hashOpaqueValue(state), hashOpaqueValue(browser), clock())
      return pending && complete(pending, parameters, replaces, client)
    },

    /** Returns the page on which an Entra administrator approves once that people sign in. */
    approvalUrl: (): string => identity.adminConsentUrl({ scopes: [] }),
  }

  async function complete(
    pending: PendingSignIn,
    parameters: Readonly<Record<string, unknown>>,
    replaces: string | null,
    client: Client,
  ): Promise<SignInResult> {
    const { returnTo } = pending
    const owner = { tenant: pending.tenantId, record: pending.stateHash, purpose: SEALED_FOR }
    const secrets = JSON.parse(await vault.open(pending.secretsSealed as Sealed, owner)) as Secrets
    const { nonce, codeVerifier, silent } = secrets
    const { adminCenters } = identity
    const refused = async (explanation: Explanation, account: string | null = null): Promise<SignInResult> => {
      const { kind, correlationId } = explanation
      const reason = kind === 'consent-cancelled' ? 'sign-in-cancelled' : kind
      await store.recordRefusal({ tenantId: pending.tenantId, reason, account, correlationId, now: clock() })
      return { outcome: 'refused', explanation, returnTo }
    }
    const refusal = readRedirectRefusal(parameters)
    if (refusal && silent) return { outcome: 'asks', returnTo }
    if (refusal)
      return refused(
        explainRefusal(refusal, { leg: 'sign-in', approvalLink: identity.approvalLinks.delegated([]), adminCenters }),
      )
    const { code } = parameters
    if (typeof code !== 'string' || code === '')
      return refused(explainUnexpectedAnswer('neither-code-nor-error', adminCenters))

    // The tokens are discarded: a sign-in asks only who the person is.
    const redemption = await identity.redeemCode({ code, codeVerifier, nonce, scopes: [], leg: 'sign-in' })
    if (redemption.outcome === 'refused') return refused(redemption.explanation)
    const { person } = redemption
    if (person.guest) return refused(explainWrongAccount('guest', adminCenters), person.signInName)

    const sessionId = newOpaqueValue(random)
    const idHash = hashOpaqueValue(sessionId)
    const { continues } = await store.startSession({
      idHash,
      replaces,
      tenantId: pending.tenantId,
      person,
      client,
      now: clock(),
    })
    if (continues && replaces !== null) await onContinued({ from: replaces, to: idHash })
    return { outcome: 'signed-in', sessionId, returnTo }
  }
}
