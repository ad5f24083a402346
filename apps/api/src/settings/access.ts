import type { HeldBecause } from '@inforiver-mail/contract/message'
import { mayReadInbox, permissionsOfBouncesAlone } from '@inforiver-mail/contract/permission'
import { applicationRoles, missingPermissions } from '@inforiver-mail/m365/permissions'
import { explainIgnoredSender, explainLostApplicationAccess } from '@inforiver-mail/m365/explain-failure'
import { explainReportsPermission, toReportsProblem } from '@inforiver-mail/m365/explain-reports'
import { toSettingsProblem, worded, type Explanation } from '@inforiver-mail/m365/explanation'
import type { MicrosoftIdentity, RefusedTokens, Tokens } from '@inforiver-mail/m365/microsoft-identity'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { Runtime } from '../runtime/clock.ts'
import { newOpaqueValue } from '../http/session.ts'
import type {
  Access,
  AccessOptions,
  GrantedAccess,
  HeldAccess,
  IgnoredSender,
  RefusedAccess,
  UnavailableAccess,
} from '../domain/mailbox-access.ts'
import type { GrantStore, StoredGrant, Withdrawal } from './grant-store.ts'
import type { SealedTokens } from './settings-row-store.ts'
import type { Connection, HealthEvent } from './settings-state.ts'
import type { HealthSubject, SettingsStore } from './settings-store.ts'
import type { Values } from '@inforiver-mail/contract/values'

const RENEW_BEFORE_EXPIRY_MS = 5 * 60_000
/** A token with a short life is renewed in its last quarter. */
const RENEW_BEFORE_SHARE = 0.25
/** A process that dies during a refresh stops the mailbox no longer than this. */
const REFRESH_LEASE_MS = 30_000
const REFRESH_TIMEOUT_MS = 25_000
const WAIT_FOR_OTHERS_MS = 30_000
const LOOK_AGAIN_MS = 200
const FIRST_PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 60_000
/** Caps what Entra asks for, and what something asks for in its place. */
const LONGEST_ASKED_PAUSE_MS = 60 * 60_000
const LONGEST_GATEWAY_PAUSE_MS = 5 * 60_000
/** A request may take this long until Graph checks its token. */
const TRANSIT_MS = 30_000

/** The result of a refresh. The row is read again after `renewed` and while it is `by-another`. */
type Renewal =
  | { readonly outcome: 'renewed' }
  | HeldAccess
  | UnavailableAccess
  | (Omit<UnavailableAccess, 'outcome'> & { readonly outcome: 'by-another' })

const BY_ANOTHER = {
  outcome: 'by-another',
  ...said({ detail: ['access-in-refresh'] }),
  waitMs: null,
} as const

/** Tokens as Microsoft issued them; the application's own come without a refresh token. */
export type NewTokens = Omit<Tokens, 'refreshToken'> & { readonly refreshToken: string | null }

export type AccessSource = ReturnType<typeof createAccessSource>

export interface AccessDeps extends Pick<Runtime, 'clock' | 'timers' | 'chance' | 'random'> {
  readonly settingsStore: Pick<SettingsStore, 'applyHealth'>
  readonly grantStore: GrantStore
  readonly identity: MicrosoftIdentity
  readonly vault: TokenVault
}

/**
 * Opens the tokens of a tenant and keeps them fresh. The row allows one refresh at a time per grant over all processes,
 * and postpones the next one when Entra could not answer; a token that still works is used meanwhile. The rotated
 * refresh token is stored before the new access token is used.
 */
export function createAccessSource(deps: AccessDeps) {
  const { settingsStore, grantStore, identity, vault, clock, timers, chance, random } = deps
  return { access, reportRefusal, reportIgnoredSender, sealTokens }

  async function access(tenantId: string, options: AccessOptions): Promise<Access> {
    const { refused, signal } = options
    const giveUpAt = clock().getTime() + WAIT_FOR_OTHERS_MS
    let stale = refused // tokens of a newer version are as fresh as they get
    for (;;) {
      const { settings, grant } = await grantStore.read(tenantId)
      const { state, version: settingsVersion, redirectAllTo } = settings
      if (state.status !== 'connected') return { outcome: 'held', because: state.status }
      if (!grant) throw new Error(`The grant of ${tenantId} has no tokens.`)
      const { connection, problem } = state
      const { grantVersion, searchWorks, searchFails } = grant
      const grantUntil = async (renewAt: Date): Promise<GrantedAccess> => ({
        outcome: 'granted',
        accessToken: await vault.open(grant.accessTokenSealed, tokenOwner(tenantId, 'access-token')),
        grantVersion,
        connection: { ...connection, searchWorks, searchFails, redirectAllTo },
        settingsVersion,
        renewAt,
      })
      const isRefused = grantVersion === refused
      if (!isRefused && isFresh(grant, stale)) return grantUntil(renewAt(grant))
      // The recheck asks again once a minute, rather than every message.
      if (problem && !options.recheck) return { outcome: 'held', because: problem.code }
      stale = grantVersion
      const { refreshWaitMs, refusalWaitMs } = grant
      if (isRefusedFresh(grant, options) && refreshWaitMs === 0 && refusalWaitMs > 0)
        return { ...postponed(refusalWaitMs), askedLately: true }
      const renewal = await refreshOnce(tenantId, grant, connection, options)
      if (renewal.outcome === 'renewed') continue
      if (renewal.outcome === 'held') return renewal
      const now = clock()
      if (!isRefused && now < worksUntil(grant))
        return grantUntil(earlier(later(now, renewal.waitMs ?? 0), worksUntil(grant)))
      if (renewal.outcome === 'unavailable') return renewal
      if (now.getTime() > giveUpAt) return { ...renewal, outcome: 'unavailable' }
      await timers.sleep(LOOK_AGAIN_MS, signal)
    }
  }

  async function refreshOnce(
    tenantId: string,
    grant: StoredGrant,
    connection: Connection,
    options: AccessOptions,
  ): Promise<Renewal> {
    const { claims, recheck = false } = options
    const { grantVersion, refreshWaitMs } = grant
    if (refreshWaitMs > 0) return postponed(refreshWaitMs)
    const lease = { tenantId, owner: newOpaqueValue(random) }
    const asked = { recheck, refused: isRefusedFresh(grant, options), challenged: !recheck && claims !== undefined }
    if (!(await grantStore.takeRefreshLease({ ...lease, grantVersion, leaseMs: REFRESH_LEASE_MS, ...asked })))
      return BY_ANOTHER
    try {
      const renewal = await renew(tenantId, grant, connection, claims)
      if (renewal.outcome === 'refused') {
        // The next sign-in has to satisfy Entra's claims challenge, or Graph's where Entra has none.
        const explanation = { ...(claims && { claims }), ...renewal.explanation }
        const because = await refuseAccess(tenantId, { grantVersion }, explanation)
        if (because !== null) return { outcome: 'held', because }
        const waitMs = pauseMs(grant, renewal)
        await grantStore.postponeRefresh(lease, waitMs)
        const { gateway, answered } = renewal
        const { detail, values } = explanation
        return { outcome: 'unavailable', detail, values, waitMs, ...(gateway ? { gateway } : answered && { answered }) }
      }
      const tokens = await sealTokens(tenantId, renewal.tokens)
      const saved = await grantStore.saveRefreshed(lease, tokens, withdrawal(connection, renewal.withdrawn))
      const renewed = { grantVersion: grantVersion + 1 }
      if (saved) await settingsStore.applyHealth(tenantId, renewed, { type: 'access-worked' }, clock())
      return { outcome: 'renewed' }
    } finally {
      await grantStore.releaseRefreshLease(lease)
    }
  }

  /** Takes no signal of a caller: aborting the request could lose the rotated refresh token. */
  async function renew(
    tenantId: string,
    { refreshTokenSealed }: StoredGrant,
    // The connection decides, not GRAPH_AUTH: changing that takes effect with the next connection.
    { mailbox, permissions, largeAttachments }: Connection,
    claims: string | undefined,
  ): Promise<
    { readonly outcome: 'granted'; readonly tokens: NewTokens; readonly withdrawn: readonly string[] } | RefusedTokens
  > {
    const signal = timers.deadline(REFRESH_TIMEOUT_MS)
    if (mailbox === 'application') {
      const grant = await identity.applicationToken({ leg: 'application', claims, signal })
      if (grant.outcome === 'refused') return grant
      return { outcome: 'granted', tokens: { ...grant.tokens, refreshToken: null }, withdrawn: [] }
    }
    if (refreshTokenSealed === null) throw new Error(`The grant of ${tenantId} has no refresh token.`)
    const refreshToken = await vault.open(refreshTokenSealed, tokenOwner(tenantId, 'refresh-token'))
    const optionalScopes = permissionsOfBouncesAlone(permissions, { ownAddress: mailbox === 'own', largeAttachments })
    const scopes = permissions.filter((name) => !optionalScopes.includes(name))
    return identity.refresh({ refreshToken, scopes, optionalScopes, claims, signal })
  }

  /** What is left of a connection without permissions that only bounces need; null where it lacks none. */
  function withdrawal({ mailbox, permissions }: Connection, withdrawn: readonly string[]): Withdrawal | null {
    if (withdrawn.length === 0) return null
    const left = permissions.filter((name) => !withdrawn.includes(name))
    if (mayReadInbox(mailbox, left)) return { permissions: left, problem: null }
    const { adminCenters, approvalLinks } = identity
    const approvalLink = approvalLinks.delegated(permissions)
    const explanation = explainReportsPermission(withdrawn, { approvalLink, isApplication: false, adminCenters })
    return { permissions: left, problem: { ...toReportsProblem(explanation), since: clock().toISOString() } }
  }

  /** Waits as long as Entra asks, or backs off: many messages may be waiting to ask. */
  function pauseMs({ refreshFailures }: StoredGrant, { retryAfter, gateway }: RefusedTokens): number {
    const ownMs = Math.min(FIRST_PAUSE_MS * 2 ** refreshFailures, LONGEST_PAUSE_MS) * (0.5 + chance() / 2)
    const askedMs = retryAfter === null ? 0 : retryAfter.getTime() - clock().getTime()
    return Math.round(Math.max(ownMs, Math.min(askedMs, gateway ? LONGEST_GATEWAY_PAUSE_MS : LONGEST_ASKED_PAUSE_MS)))
  }

  /**
   * Ends the application's access when Microsoft refused a message for lack of it, and returns why messages are held
   * then; null when the failure is not about access.
   */
  async function reportRefusal(
    tenantId: string,
    { grantVersion, accessToken, connection, failure }: RefusedAccess,
  ): Promise<HeldBecause | null> {
    const { fromEmail: sender, permissions } = connection
    const grantedPermissions = applicationRoles(accessToken)
    const [missing] = missingPermissions(permissions, grantedPermissions ?? permissions)
    const explanation = explainLostApplicationAccess(failure, {
      sender,
      permission: missing === 'Mail.ReadWrite' ? missing : 'Mail.Send',
      grantedPermissions,
      approvalLink: identity.approvalLinks.application(),
      adminCenters: identity.adminCenters,
    })
    if (!explanation) return null
    return refuseAccess(tenantId, { grantVersion }, explanation)
  }

  async function reportIgnoredSender(
    tenantId: string,
    { settingsVersion, connection: { fromEmail: sender, delegate } }: IgnoredSender,
  ): Promise<void> {
    const { exchange } = identity.adminCenters
    await refuseAccess(tenantId, { settingsVersion }, explainIgnoredSender(sender, delegate?.email ?? '', exchange))
  }

  /** Returns why messages are held from now on; null for a temporary failure. */
  async function refuseAccess(
    tenantId: string,
    subject: HealthSubject,
    explanation: Explanation,
  ): Promise<HeldBecause | null> {
    const problem = toSettingsProblem(explanation)
    if (!problem) return null
    const now = clock()
    const since = { ...problem, since: now.toISOString() }
    const event: HealthEvent =
      problem.code === 'app-misconfigured'
        ? { type: 'app-misconfigured', problem: since }
        : { type: 'tokens-refused', problem: since, claims: explanation.claims }
    await settingsStore.applyHealth(tenantId, subject, event, now)
    return problem.code
  }

  async function sealTokens(tenantId: string, { refreshToken, ...tokens }: NewTokens): Promise<SealedTokens> {
    return {
      refreshTokenSealed:
        refreshToken === null ? null : await vault.seal(refreshToken, tokenOwner(tenantId, 'refresh-token')),
      accessTokenSealed: await vault.seal(tokens.accessToken, tokenOwner(tenantId, 'access-token')),
      accessTokenExpiresAt: tokens.expiresAt,
      accessTokenObtainedAt: clock(),
    }
  }

  /** Graph refuses a token that has not expired, and does not say what another one has to have. */
  function isRefusedFresh(grant: StoredGrant, { refused, claims, recheck = false }: AccessOptions): boolean {
    return refused === grant.grantVersion && claims === undefined && !recheck && clock() < grant.accessTokenExpiresAt
  }

  function isFresh(grant: StoredGrant, stale: number | undefined): boolean {
    const now = clock()
    return (
      now < renewAt(grant) || (stale !== undefined && grant.grantVersion > stale && now < grant.accessTokenExpiresAt)
    )
  }
}

function renewAt({ accessTokenExpiresAt, accessTokenObtainedAt }: StoredGrant): Date {
  const expiresAt = accessTokenExpiresAt.getTime()
  const livesForMs = expiresAt - accessTokenObtainedAt.getTime()
  return new Date(expiresAt - Math.min(RENEW_BEFORE_EXPIRY_MS, livesForMs * RENEW_BEFORE_SHARE))
}

function worksUntil({ accessTokenExpiresAt }: StoredGrant): Date {
  return new Date(accessTokenExpiresAt.getTime() - TRANSIT_MS)
}

function earlier(one: Date, other: Date): Date {
  return one < other ? one : other
}

function later(date: Date, ms: number): Date {
  return new Date(date.getTime() + ms)
}

function postponed(waitMs: number): UnavailableAccess {
  const values = { detail: ['access-not-answered'], seconds: Math.ceil(waitMs / 1_000) }
  return { outcome: 'unavailable', ...said(values), waitMs }
}

function said(given: Values): Pick<UnavailableAccess, 'detail' | 'values'> {
  const { detail, values } = worded(given)
  return { detail, values }
}

function tokenOwner(tenant: string, purpose: 'refresh-token' | 'access-token') {
  return { tenant, record: 'tenant_settings', purpose }
}
