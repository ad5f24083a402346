import type { ConsentProblem } from '@inforiver-mail/contract/consent-problem'
import type { ConsentStatus } from '@inforiver-mail/contract/office365-smtp'
import { newSecrets } from '@inforiver-mail/m365/authorization-secrets'
import { toConsentProblem } from '@inforiver-mail/m365/explanation'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import { ProblemError } from '../http/problem.ts'
import { hashOpaqueValue, type SignedIn } from '../http/session.ts'
import { newId } from '../ids.ts'
import type { AccessSource } from './access.ts'
import type { ConsentSecrets, ConsentWay } from './consent-way.ts'
import { decideConsent, type ConsentRequest, type SettingsState } from './settings-state.ts'
import type { ConsentRecord, SettingsStore, TakenReturn } from './settings-store.ts'
import { waitForTheWire } from './wait-for-the-wire.ts'

const CONSENT_MS = 10 * 60_000

/** What became of Microsoft's answer. */
export type ConsentReturn =
  | { readonly outcome: 'completed'; readonly consent: ConsentRecord; readonly fromEmail: string }
  | { readonly outcome: 'failed'; readonly consent: ConsentRecord; readonly problem: ConsentProblem }
  | { readonly outcome: 'ended'; readonly because: Extract<TakenReturn, { taken: false }>['because'] }

export interface Consents {
  /**
   * The consent for a change; one that is pending for the same change in the same session is that one.
   *
   * @throws {ProblemError} when the settings do not allow it.
   */
  start(admin: SignedIn, request: ConsentRequest): Promise<ConsentRecord>
  /** Microsoft's page for a consent that is pending; null for a session other than the one it is bound to. */
  consentUrl(consent: ConsentRecord, admin: SignedIn): Promise<string | null>
  /** Null when the `state` is not that of a consent. */
  finish(answer: {
    state: string
    signedIn: SignedIn | null
    parameters: Readonly<Record<string, unknown>>
  }): Promise<ConsentReturn | null>
}

/**
 * Consents: started by an admin, answered at Microsoft, and completed only when the grant has been proved. Nothing
 * of the settings changes before that.
 */
export function createConsents(parts: {
  store: SettingsStore
  way: ConsentWay
  accessSource: Pick<AccessSource, 'sealTokens'>
  vault: TokenVault
  clock: () => Date
  random: RandomBytes
}): Consents {
  const { store, way, accessSource, vault, clock, random } = parts

  return {
    async start(admin, request) {
      const { tenantId } = admin
      const { state: settings, version } = await store.read(tenantId)
      const decision = decideConsent(settings, request)
      if (!decision.allowed) throw new ProblemError(decision.code, decision.detail)
      const { fromEmail, largeAttachments } = decision.goal
      const permissions = await way.permissionsFor(admin, decision.goal, settings)
      const id = newId('consent')
      const claims = await demandedClaims(tenantId, settings)
      const secrets: ConsentSecrets = { ...newSecrets(random), ...(claims !== null && { claims }) }
      const now = clock()
      const consent = {
        id,
        tenantId,
        userId: admin.userId,
        sessionIdHash: admin.sessionIdHash,
        purpose: decision.purpose,
        fromEmail,
        largeAttachments,
        requestedPermissions: permissions,
        settingsVersion: version,
        stateHash: hashOpaqueValue(secrets.state),
        secretsSealed: await vault.seal(JSON.stringify(secrets), secretsOwner({ tenantId, id })),
        createdAt: now,
        expiresAt: new Date(now.getTime() + CONSENT_MS),
      }
      return store.startConsent(consent)
    },

    async consentUrl(consent, admin) {
      const { status, secretsSealed, sessionIdHash } = consent
      if (status !== 'pending' || secretsSealed === null || sessionIdHash !== admin.sessionIdHash) return null
      return way.consentUrl(consent, await openSecrets(consent))
    },

    async finish({ state, signedIn, parameters }) {
      const taken = await store.takeReturn(hashOpaqueValue(state), signedIn?.sessionIdHash ?? null, clock())
      if (!taken) return null
      if (!taken.taken) return { outcome: 'ended', because: taken.because }
      if (!signedIn) throw new Error('A consent was taken without the session it is bound to.')
      const { consent } = taken
      const secrets = await openSecrets(consent)
      const proof = await way.prove({ consent, secrets, admin: signedIn, parameters })
      if (proof.outcome === 'refused') {
        const { explanation, account, missingPermission = null } = proof
        const problem = toConsentProblem(explanation)
        const lacking = { missingPermission, claimsChallenge: explanation.claims ?? null }
        const ending = await store.failConsent(consent, { problem, lacking, account }, clock())
        return ending.ended ? { outcome: 'failed', consent, problem } : endedBefore(ending.status)
      }
      const { connection, tokens, account } = proof
      const sealed = await accessSource.sealTokens(consent.tenantId, tokens)
      const ending = await store.completeConsent(consent, { connection, account }, sealed, clock())
      if (!ending.ended) return endedBefore(ending.status)
      await waitForTheWire(store, ending.onTheWire)
      await store.settleConsent(consent.id)
      return { outcome: 'completed', consent, fromEmail: connection.fromEmail }
    },
  }

  /** Without them Microsoft would let the person in as before, and refuse the tokens as before. */
  async function demandedClaims(tenantId: string, settings: SettingsState): Promise<string | null> {
    const demandedOfConsent = await store.findClaimsChallenge(tenantId)
    return demandedOfConsent ?? (settings.status === 'reconnect-required' ? settings.claims : null)
  }

  async function openSecrets(consent: ConsentRecord): Promise<ConsentSecrets> {
    if (consent.secretsSealed === null) throw new Error(`The consent ${consent.id} has ended.`)
    return JSON.parse(await vault.open(consent.secretsSealed, secretsOwner(consent))) as ConsentSecrets
  }
}

function endedBefore(status: ConsentStatus): ConsentReturn {
  return { outcome: 'ended', because: status === 'pending' ? 'used' : status }
}

function secretsOwner({ tenantId, id }: { tenantId: string; id: string }) {
  return { tenant: tenantId, record: id, purpose: 'consent' }
}
