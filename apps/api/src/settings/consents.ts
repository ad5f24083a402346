import type { ConsentProblem } from '@inforiver-mail/contract/consent-problem'
import { sameAddress } from '@inforiver-mail/contract/email-address'
import type { ConsentStatus } from '@inforiver-mail/contract/office365-smtp'
import { applicationPermissionsFor, permissionsFor, TRACE_PERMISSION } from '@inforiver-mail/contract/permission'
import { newSecrets } from '@inforiver-mail/m365/authorization-secrets'
import { toConsentProblem } from '@inforiver-mail/m365/explanation'
import { toReportsProblem } from '@inforiver-mail/m365/explain-reports'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { Timers } from '../runtime/clock.ts'
import { ProblemError } from '../http/problem.ts'
import { hashOpaqueValue, type SignedIn } from '../http/session.ts'
import type { NewId } from '../runtime/ids.ts'
import type { AccessSource } from './access.ts'
import type { ConsentRecord, ConsentStore, NextLeg, TakenReturn } from './consent-store.ts'
import { pageUrl, type ConsentAnswer, type ConsentPage, type ConsentSecrets, type ProofDeps } from './consent-page.ts'
import { firstReportsPage, proveReports, reportsPermissions, type ReportsProof } from './report-proofs.ts'
import type { ReportsStore } from './reports-store.ts'
import { proveApplication, proveDelegate } from './sender-proofs.ts'
import { decideConsent, type ConsentGoal, type ConsentRequest, type SettingsState } from './settings-state.ts'
import { waitForRequests, type SettingsStore } from './settings-store.ts'

const CONSENT_MS = 10 * 60_000
const PROOF_RENEWED_EVERY_MS = 3_000

/** How Microsoft's answer ended a consent. `ended`: the answer came too late, or in another session. */
export type ConsentReturn =
  | { readonly outcome: 'completed'; readonly consent: ConsentRecord; readonly fromEmail: string }
  /** Microsoft has another page for it. */
  | { readonly outcome: 'continued'; readonly consent: ConsentRecord; readonly url: string }
  | { readonly outcome: 'failed'; readonly consent: ConsentRecord; readonly problem: ConsentProblem }
  | { readonly outcome: 'ended'; readonly because: Extract<TakenReturn, { taken: false }>['because'] }

export type Consents = ReturnType<typeof createConsents>

/**
 * An admin starts a consent, somebody answers it at Microsoft, and it completes once the grant is proved. The settings
 * stay unchanged until then.
 */
export function createConsents(
  deps: ProofDeps & {
    /** Whose access sends the mail of a new connection. */
    readonly graphAuth: 'delegated' | 'application'
    readonly settingsStore: SettingsStore
    readonly consentStore: ConsentStore
    readonly reportsStore: Pick<ReportsStore, 'completeConsent'>
    readonly accessSource: Pick<AccessSource, 'sealTokens'>
    readonly vault: TokenVault
    readonly timers: Timers
    readonly random: RandomBytes
    readonly newId: NewId
  },
) {
  const { graphAuth, settingsStore, consentStore, reportsStore, accessSource } = deps
  const { identity, vault, clock, timers, random, newId } = deps

  return {
    /**
     * Starts the consent for a change, unless one for the same change in the same session waits for its answer: then returns
     * that.
     *
     * @throws {ProblemError} when the settings do not allow it.
     */
    async start(admin: SignedIn, request: ConsentRequest): Promise<ConsentRecord> {
      const { tenantId } = admin
      const current = await settingsStore.read(tenantId)
      const { state: settings, version, reports } = current
      const decision = decideConsent(current, request)
      if (!decision.allowed) throw new ProblemError(decision.code, decision.detail)
      const { fromEmail, largeAttachments } = decision.goal
      const sources = request.purpose === 'delivery-reports' ? request.sources : []
      const connection = settings.status === 'not-configured' ? null : settings.connection
      const leg = sources.length > 0 && connection ? firstReportsPage(connection, sources) : null
      const permissions =
        leg && connection
          ? reportsPermissions(leg, connection, sources)
          : await senderPermissions(admin, decision.goal, settings)
      const id = newId('consent')
      const claims = await demandedClaims(tenantId, settings)
      const secrets: ConsentSecrets = { ...newSecrets(random), ...(claims !== null && { claims }), ...(leg && { leg }) }
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
        asksBounces: sources.includes('bounces') ? reports.bounces.switchedOff : null,
        asksTrace: sources.includes('trace') ? reports.trace.switchedOff : null,
        settingsVersion: version,
        stateHash: hashOpaqueValue(secrets.state),
        secretsSealed: await vault.seal(JSON.stringify(secrets), secretsOwner({ tenantId, id })),
        createdAt: now,
        expiresAt: new Date(now.getTime() + CONSENT_MS),
      }
      return consentStore.start(consent)
    },

    /** Returns Microsoft's page for a consent that waits for its answer; null for a session other than the one it is bound to. */
    async consentUrl(consent: ConsentRecord, admin: SignedIn): Promise<string | null> {
      const { status, returnedAt, secretsSealed, sessionIdHash } = consent
      if (status !== 'pending' || returnedAt !== null || secretsSealed === null) return null
      if (sessionIdHash !== admin.sessionIdHash) return null
      return urlOf(consent, await openSecrets(consent))
    },

    /** Proves the grant and completes or fails the consent. Returns null when no consent has this `state`. */
    async finish({
      state,
      signedIn,
      parameters,
    }: {
      state: string
      signedIn: SignedIn | null
      parameters: Readonly<Record<string, unknown>>
    }): Promise<ConsentReturn | null> {
      const taken = await consentStore.takeReturn(hashOpaqueValue(state), signedIn?.sessionIdHash ?? null, clock())
      if (!taken) return null
      if (!taken.taken) return { outcome: 'ended', because: taken.because }
      if (!signedIn) throw new Error('A consent was taken without the session it is bound to.')
      const { consent } = taken
      const stopRenewing = timers.every(PROOF_RENEWED_EVERY_MS, () => {
        consentStore.renewProof(consent.id).catch(() => {}) // the next time, or the lease ends
      })
      try {
        return await proveAndEnd(consent, signedIn, parameters)
      } catch (error) {
        await consentStore.interrupt(consent.id, clock()).catch(() => {}) // else its lease ends
        throw error
      } finally {
        stopRenewing()
      }
    },
  }

  async function proveAndEnd(
    consent: ConsentRecord,
    admin: SignedIn,
    parameters: Readonly<Record<string, unknown>>,
  ): Promise<ConsentReturn> {
    const secrets = await openSecrets(consent)
    if (secrets.leg) return finishReports(secrets.leg, { consent, secrets, parameters })
    const { reports } = await settingsStore.read(consent.tenantId)
    const readsInbox = reports.bounces.enabled
    const prove = graphAuth === 'application' ? proveApplication : proveDelegate
    const proof = await prove({ consent, secrets, admin, parameters, readsInbox }, deps)
    if (proof.outcome === 'refused') {
      const { explanation, account, missingPermission = null } = proof
      const problem = toConsentProblem(explanation)
      const missing = { missingPermission, claimsChallenge: explanation.claims ?? null }
      const ending = await consentStore.fail(consent, { problem, missing, account }, clock())
      return ending.ended ? { outcome: 'failed', consent, problem } : endedBefore(ending.status)
    }
    const { connection, tokens, account, bounces } = proof
    const proved = {
      connection,
      account,
      tokens: await accessSource.sealTokens(consent.tenantId, tokens),
      ...(bounces !== undefined && { bounces: bounces && toReportsProblem(bounces) }),
    }
    const ending = await settingsStore.completeConsent(consent, proved, clock())
    if (!ending.ended) return endedBefore(ending.status)
    await waitForRequests(settingsStore, ending.onTheWire, timers)
    await consentStore.showCompleted(consent.id)
    return { outcome: 'completed', consent, fromEmail: connection.fromEmail }
  }

  function urlOf(consent: ConsentRecord, secrets: ConsentSecrets): Promise<string> {
    const page = secrets.leg ?? (graphAuth === 'application' ? 'application' : 'delegate')
    return pageUrl(identity, page, consent, secrets)
  }

  async function senderPermissions(
    { tenantId, email }: SignedIn,
    goal: ConsentGoal,
    settings: SettingsState,
  ): Promise<readonly string[]> {
    if (graphAuth === 'application') return applicationPermissionsFor(goal)
    const { fromEmail } = goal
    const ownAddress = sameAddress(fromEmail, email) && !(await isKnownToBeShared(tenantId, settings, fromEmail))
    return permissionsFor({ ...goal, ownAddress })
  }

  /** Whether the sender has the admin's address but proved not to be the delegate's own mailbox. */
  async function isKnownToBeShared(tenantId: string, settings: SettingsState, fromEmail: string): Promise<boolean> {
    if (settings.status !== 'not-configured') {
      const { connection } = settings
      if (sameAddress(connection.fromEmail, fromEmail) && connection.permissions.includes('Mail.Send.Shared'))
        return true
    }
    return (await consentStore.findMissingPermission(tenantId, fromEmail)) === 'Mail.Send.Shared'
  }

  /** Saves what one page granted, and goes on to the next one where there is one. */
  async function finishReports(leg: ConsentPage, answer: ConsentAnswer): Promise<ConsentReturn> {
    const { consent } = answer
    const { state } = await settingsStore.read(consent.tenantId)
    // A reset has ended the consent too, which the store finds out.
    const { sources, account, grant, refusal } =
      state.status === 'not-configured' ? NOTHING_PROVED : await proveReports(leg, answer, state.connection, deps)
    const problem = refusal && toConsentProblem(refusal)
    const next = leg === 'delegate' && consent.asksTrace !== null && !problem ? await nextLeg(consent) : null
    const proved = {
      sources,
      account,
      grant: grant && { ...grant, tokens: await accessSource.sealTokens(consent.tenantId, grant.tokens) },
      problem,
      next,
    }
    const ending = await reportsStore.completeConsent(consent, proved, clock())
    if (!ending.ended) return endedBefore(ending.status)
    const { continued } = ending
    if (continued) return { outcome: 'continued', consent, url: await urlOf(continued, await openSecrets(continued)) }
    if (problem) return { outcome: 'failed', consent, problem }
    return { outcome: 'completed', consent, fromEmail: consent.fromEmail }
  }

  async function nextLeg({ id, tenantId }: ConsentRecord): Promise<NextLeg> {
    const secrets: ConsentSecrets = { ...newSecrets(random), leg: 'application' }
    return {
      source: 'trace',
      requestedPermissions: [TRACE_PERMISSION],
      stateHash: hashOpaqueValue(secrets.state),
      secretsSealed: await vault.seal(JSON.stringify(secrets), secretsOwner({ tenantId, id })),
      expiresAt: new Date(clock().getTime() + CONSENT_MS),
    }
  }

  /** Returns the claims challenge to pass on; without it Microsoft would refuse the new tokens as it did the old. */
  async function demandedClaims(tenantId: string, settings: SettingsState): Promise<string | null> {
    const ofConsent = await consentStore.findClaimsChallenge(tenantId)
    return ofConsent ?? (settings.status === 'reconnect-required' ? settings.claims : null)
  }

  async function openSecrets(consent: ConsentRecord): Promise<ConsentSecrets> {
    if (consent.secretsSealed === null) throw new Error(`The consent ${consent.id} has ended.`)
    return JSON.parse(await vault.open(consent.secretsSealed, secretsOwner(consent))) as ConsentSecrets
  }
}

const NOTHING_PROVED: ReportsProof = { sources: [], account: null, grant: null, refusal: null }

function endedBefore(status: ConsentStatus): ConsentReturn {
  return { outcome: 'ended', because: status === 'pending' ? 'used' : status }
}

function secretsOwner({ tenantId, id }: { tenantId: string; id: string }) {
  return { tenant: tenantId, record: id, purpose: 'consent' }
}
