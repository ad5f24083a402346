import type { ConsentProblem } from '@inforiver-mail/contract/consent-problem'
import { sameAddress } from '@inforiver-mail/contract/email-address'
import type { ConsentStatus } from '@inforiver-mail/contract/office365-smtp'
import { permissionsFor, type Permission } from '@inforiver-mail/contract/permission'
import { newSecrets } from '@inforiver-mail/m365/authorization-secrets'
import { readRedirectRefusal } from '@inforiver-mail/m365/entra-refusal'
import { toConsentProblem, type Explanation } from '@inforiver-mail/m365/explanation'
import {
  explainMissingPermissions,
  explainMissingRefreshToken,
  explainRefusal,
  explainUnexpectedAnswer,
  explainWrongAccount,
} from '@inforiver-mail/m365/explain-refusal'
import { missingPermissions } from '@inforiver-mail/m365/granted-permissions'
import { explainFailure } from '@inforiver-mail/m365/explain-failure'
import type { Delegate, GraphMailer } from '@inforiver-mail/m365/graph-mailer'
import type { MicrosoftIdentity, Tokens } from '@inforiver-mail/m365/microsoft-identity'
import type { RandomBytes } from '@inforiver-mail/m365/random'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import { ProblemError } from '../http/problem.ts'
import { hashOpaqueValue, type SignedIn } from '../http/session.ts'
import { newId } from '../ids.ts'
import type { AccessSource } from './access.ts'
import { decideConsent, type ConsentRequest, type Connection, type SettingsState } from './settings-state.ts'
import type { ConsentRecord, SettingsStore, TakenReturn } from './settings-store.ts'
import { verificationMessage } from './verification-message.ts'

const CONSENT_MS = 10 * 60_000

/** What became of Microsoft's answer. */
export type ConsentReturn =
  | { readonly outcome: 'completed'; readonly consent: ConsentRecord; readonly fromEmail: string }
  | { readonly outcome: 'failed'; readonly consent: ConsentRecord; readonly problem: ConsentProblem }
  | { readonly outcome: 'ended'; readonly because: Extract<TakenReturn, { taken: false }>['because'] }

export interface Consents {
  /** @throws {ProblemError} when the settings do not allow it. */
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

interface Secrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  readonly codeChallenge: string
}

/** What Microsoft gave, proved to work. */
type Proof =
  | { readonly outcome: 'proved'; readonly connection: Connection; readonly tokens: Tokens }
  | { readonly outcome: 'refused'; readonly explanation: Explanation; readonly missingPermission?: Permission }

/**
 * Consents: started by an admin, answered at Microsoft, and completed only when the grant has been proved. Nothing
 * of the settings changes before that.
 */
export function createConsents(parts: {
  store: SettingsStore
  identity: MicrosoftIdentity
  mailer: GraphMailer
  accessSource: AccessSource
  vault: TokenVault
  clock: () => Date
  random: RandomBytes
}): Consents {
  const { store, identity, mailer, accessSource, vault, clock, random } = parts

  return {
    async start(admin, request) {
      const { tenantId } = admin
      const { state: settings, version } = await store.read(tenantId)
      const decision = decideConsent(settings, request)
      if (!decision.allowed) throw new ProblemError(decision.code, decision.detail)
      const { fromEmail, largeAttachments } = decision.goal
      const permissions = permissionsFor({
        ownAddress: sameAddress(fromEmail, admin.email) && !(await isKnownToBeShared(tenantId, settings, fromEmail)),
        largeAttachments,
      })
      const id = newId('consent')
      const secrets = newSecrets(random)
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
      await store.startConsent(consent)
      return { ...consent, status: 'pending', problem: null, missingPermission: null }
    },

    async consentUrl(consent, admin) {
      if (consent.status !== 'pending' || consent.sessionIdHash !== admin.sessionIdHash) return null
      const { state, nonce, codeChallenge } = await openSecrets(consent)
      return identity.authorizeUrl({
        scopes: consent.requestedPermissions,
        state,
        nonce,
        codeChallenge,
        prompt: 'select_account',
      })
    },

    async finish({ state, signedIn, parameters }) {
      const taken = await store.takeReturn(hashOpaqueValue(state), signedIn?.sessionIdHash ?? null, clock())
      if (!taken) return null
      if (!taken.taken) return { outcome: 'ended', because: taken.because }
      const { consent } = taken
      const proof = await prove(consent, parameters)
      if (proof.outcome === 'refused') {
        const problem = toConsentProblem(proof.explanation)
        const ending = await store.failConsent(consent, problem, proof.missingPermission ?? null, clock())
        return ending.ended ? { outcome: 'failed', consent, problem } : endedBefore(ending.status)
      }
      const { connection, tokens } = proof
      const sealed = await accessSource.sealTokens(consent.tenantId, tokens)
      const event = { type: 'consent-completed', connection } as const
      const ending = await store.completeConsent(consent, event, sealed, clock())
      return ending.ended
        ? { outcome: 'completed', consent, fromEmail: connection.fromEmail }
        : endedBefore(ending.status)
    },
  }

  /** Whether the sender was found out not to be the delegate's own mailbox, although it bears the admin's address. */
  async function isKnownToBeShared(tenantId: string, settings: SettingsState, fromEmail: string): Promise<boolean> {
    if (settings.status !== 'not-configured') {
      const { connection } = settings
      if (sameAddress(connection.fromEmail, fromEmail) && connection.permissions.includes('Mail.Send.Shared'))
        return true
    }
    return (await store.findMissingPermission(tenantId, fromEmail)) === 'Mail.Send.Shared'
  }

  async function prove(consent: ConsentRecord, parameters: Readonly<Record<string, unknown>>): Promise<Proof> {
    const asked = consent.requestedPermissions
    const approvalLink = identity.adminConsentUrl({ scopes: asked })
    const refusal = readRedirectRefusal(parameters)
    if (refusal) return refused(explainRefusal(refusal, { leg: 'authorize', approvalLink }))
    const { code } = parameters
    if (typeof code !== 'string' || code === '')
      return refused(explainUnexpectedAnswer('The answer holds neither a code nor an error.'))

    const { nonce, codeVerifier } = await openSecrets(consent)
    const redemption = await identity.redeemCode({ code, codeVerifier, nonce, scopes: asked })
    if (redemption.outcome === 'refused') return refused(redemption.explanation)
    const { person, tokens, grantedPermissions } = redemption
    if (person.guest) return refused(explainWrongAccount('The account is a guest of the organisation.'))
    const missing = missingPermissions(asked, grantedPermissions)
    if (missing.length > 0) return refused(explainMissingPermissions(missing, approvalLink))
    if (tokens.refreshToken === null) return refused(explainMissingRefreshToken(approvalLink))

    const { fromEmail } = consent
    const found = await mailer.readDelegate(tokens.accessToken)
    if (found.outcome !== 'found') {
      return refused(explainFailure(found, { sender: fromEmail, delegate: person.signInName, approvalLink }))
    }
    const { delegate } = found
    if (delegate.objectId.toLowerCase() !== person.objectId.toLowerCase()) {
      return refused(explainUnexpectedAnswer('Microsoft Graph names another person than the one who signed in.'))
    }
    if (delegate.guest) return refused(explainWrongAccount('The account is a guest of the organisation.'))

    const ownAddress = delegate.addresses.some((address) => sameAddress(address, fromEmail))
    const permissions = permissionsToKeep(asked, grantedPermissions, ownAddress)
    if (!ownAddress && !permissions.includes('Mail.Send.Shared')) {
      return {
        outcome: 'refused',
        explanation: explainMissingPermissions(['Mail.Send.Shared'], approvalLink),
        missingPermission: 'Mail.Send.Shared',
      }
    }
    const verification = verificationMessage({ fromEmail, delegate, consentId: consent.id })
    const sent = await mailer.send(verification, {
      accessToken: tokens.accessToken,
      sender: { own: ownAddress, grantedPermissions: permissions },
    })
    if (sent.outcome !== 'sent') {
      return refused(explainFailure(sent, { sender: fromEmail, delegate: person.signInName, approvalLink }))
    }

    return {
      outcome: 'proved',
      tokens: { ...tokens, refreshToken: tokens.refreshToken },
      connection: {
        fromEmail,
        mailbox: ownAddress ? 'own' : 'delegated',
        delegate: toDelegate(delegate, person.tenantId),
        connectedAt: clock(),
        permissions,
        largeAttachments: consent.largeAttachments,
      },
    }
  }

  async function openSecrets(consent: ConsentRecord): Promise<Secrets> {
    if (consent.secretsSealed === null) throw new Error(`The consent ${consent.id} has ended.`)
    return JSON.parse(await vault.open(consent.secretsSealed, secretsOwner(consent))) as Secrets
  }
}

/** What was asked, and `Mail.Send.Shared` where it was granted earlier and is needed; never extras that Microsoft adds. */
function permissionsToKeep(asked: readonly string[], granted: readonly string[], ownAddress: boolean): string[] {
  if (ownAddress || asked.includes('Mail.Send.Shared') || !granted.includes('Mail.Send.Shared')) return [...asked]
  return [...asked, 'Mail.Send.Shared']
}

function endedBefore(status: ConsentStatus): ConsentReturn {
  return { outcome: 'ended', because: status === 'pending' ? 'used' : status }
}

function refused(explanation: Explanation): Proof {
  return { outcome: 'refused', explanation }
}

function secretsOwner({ tenantId, id }: { tenantId: string; id: string }) {
  return { tenant: tenantId, record: id, purpose: 'consent' }
}

function toDelegate({ objectId, name, addresses }: Delegate, tenantId: string): Connection['delegate'] {
  return { tenantId, objectId, name, email: addresses[0] ?? '' }
}
