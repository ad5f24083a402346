import { setTimeout as delay } from 'node:timers/promises'
import type { HeldBecause } from '@inforiver-mail/contract/message'
import { newOpaqueValue } from '../http/session.ts'
import { applicationRoles } from '@inforiver-mail/m365/application-roles'
import { explainLostApplicationAccess } from '@inforiver-mail/m365/explain-application-failure'
import { missingPermissions } from '@inforiver-mail/m365/granted-permissions'
import { toSettingsProblem, type Explanation } from '@inforiver-mail/m365/explanation'
import type { MicrosoftIdentity, RefusedTokens, Tokens } from '@inforiver-mail/m365/microsoft-identity'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type {
  Access,
  AccessOptions,
  RefusedAccess,
  GrantedAccess,
  HeldAccess,
  UnavailableAccess,
} from '../mailbox-access.ts'
import type { SealedTokens, SettingsStore, StoredGrant } from './settings-store.ts'
import type { Connection, SettingsEvent } from './settings-state.ts'

const RENEW_BEFORE_EXPIRY_MS = 5 * 60_000
/** Of a token that lives only for minutes, or seconds, the last quarter. */
const RENEW_BEFORE_SHARE = 0.25
/** A process that dies in the middle of a refresh stops the mailbox no longer than this. */
const REFRESH_LEASE_MS = 30_000
const REFRESH_TIMEOUT_MS = 25_000
const WAIT_FOR_OTHERS_MS = 30_000
const LOOK_AGAIN_MS = 200
const FIRST_PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 60_000
/** However long Entra asks for. */
const LONGEST_ASKED_PAUSE_MS = 60 * 60_000
/** What a request may take until Graph looks at its token. */
const ON_ITS_WAY_MS = 30_000

/** What came of getting newer tokens. After `renewed`, and while it is `by-another`, the row is read again. */
type Renewal =
  | { readonly outcome: 'renewed' }
  | HeldAccess
  | UnavailableAccess
  | (Omit<UnavailableAccess, 'outcome'> & { readonly outcome: 'by-another' })

const BY_ANOTHER = {
  outcome: 'by-another',
  detail: 'Another process is refreshing the access and takes long.',
  waitMs: null,
} as const

/** As Microsoft gave them; without a refresh token when they are the application's own. */
export type NewTokens = Omit<Tokens, 'refreshToken'> & { readonly refreshToken: string | null }

export interface AccessSource {
  access(tenantId: string, options: AccessOptions): Promise<Access>
  /** Where Microsoft refused a message for the application's access: ends it, and returns what holds its messages. */
  lost(tenantId: string, refusal: RefusedAccess): Promise<HeldBecause | null>
  sealTokens(tenantId: string, tokens: NewTokens): Promise<SealedTokens>
}

/**
 * Opens the tokens of a tenant and keeps them fresh. One refresh at a time per grant over all processes: the row
 * decides, also about when Entra is asked again after it could not answer; a token that still works is used meanwhile.
 * The rotated refresh token is stored before the new access token is used.
 */
export function createAccessSource(parts: {
  store: SettingsStore
  identity: MicrosoftIdentity
  vault: TokenVault
  clock: () => Date
  /** Between 0 and 1, for jitter. */
  chance: () => number
}): AccessSource {
  const { store, identity, vault, clock, chance } = parts
  return { access, lost, sealTokens }

  async function access(tenantId: string, options: AccessOptions): Promise<Access> {
    const { refused, signal } = options
    const giveUpAt = clock().getTime() + WAIT_FOR_OTHERS_MS
    let stale = refused // a set of tokens newer than this one is as fresh as can be had
    for (;;) {
      const { settings, grant } = await store.readGrant(tenantId)
      const { state } = settings
      if (state.status !== 'connected') return { outcome: 'held', because: state.status }
      if (!grant) throw new Error(`The grant of ${tenantId} has no tokens.`)
      const { connection, problem } = state
      const { version } = settings
      const isRefused = grant.grantVersion === refused
      if (!isRefused && isFresh(grant, stale)) return open(tenantId, grant, { connection, version }, renewAt(grant))
      // It is asked again once a minute, and not for each message.
      if (problem && !options.recheck) return { outcome: 'held', because: problem.code }
      stale = grant.grantVersion
      const renewal = await refreshOnce(tenantId, grant, connection, options)
      if (renewal.outcome === 'renewed') continue
      if (renewal.outcome === 'held') return renewal
      const now = clock()
      if (!isRefused && now < worksUntil(grant))
        return open(
          tenantId,
          grant,
          { connection, version },
          earlier(later(now, renewal.waitMs ?? 0), worksUntil(grant)),
        )
      if (renewal.outcome === 'unavailable') return renewal
      if (now.getTime() > giveUpAt) return { ...renewal, outcome: 'unavailable' }
      await delay(LOOK_AGAIN_MS, undefined, { signal })
    }
  }

  async function open(
    tenantId: string,
    grant: StoredGrant,
    { connection, version }: { connection: Connection; version: number },
    until: Date,
  ): Promise<GrantedAccess> {
    const accessToken = await vault.open(grant.accessTokenSealed, tokenOwner(tenantId, 'access-token'))
    const { grantVersion, searchWorks, searchFails } = grant
    const state = { ...connection, searchWorks, searchFails }
    return {
      outcome: 'granted',
      accessToken,
      connection: state,
      grantVersion,
      renewAt: until,
      settingsVersion: version,
    }
  }

  async function refreshOnce(
    tenantId: string,
    grant: StoredGrant,
    connection: Connection,
    { claims, recheck = false }: AccessOptions,
  ): Promise<Renewal> {
    const { grantVersion, refreshWaitMs } = grant
    if (refreshWaitMs > 0) return notAskedFor(refreshWaitMs)
    const lease = { tenantId, grantVersion, owner: newOpaqueValue() }
    if (!(await store.takeRefreshLease({ ...lease, leaseMs: REFRESH_LEASE_MS, recheck }))) return BY_ANOTHER
    try {
      const renewal = await renew(tenantId, grant, connection, claims)
      if (renewal.outcome === 'refused') {
        // What Entra demands counts, and where it says nothing, what Graph did: the next sign-in has to satisfy it.
        const explanation = { ...(claims && { claims }), ...renewal.explanation }
        const because = await refuseAccess(tenantId, grantVersion, explanation)
        if (because !== null) return { outcome: 'held', because }
        const waitMs = pauseMs(grant, renewal.retryAfter)
        await store.postponeRefresh(lease, waitMs)
        return { outcome: 'unavailable', detail: explanation.detail, waitMs }
      }
      const saved = await store.saveRefreshed(lease, await sealTokens(tenantId, renewal.tokens))
      if (saved) await store.applyHealth(tenantId, grantVersion + 1, { type: 'access-worked' }, clock())
      return { outcome: 'renewed' }
    } finally {
      await store.releaseRefreshLease(lease)
    }
  }

  /** By its own time limit and nobody's signal: whoever leaves would take the rotated refresh token along. */
  async function renew(
    tenantId: string,
    { refreshTokenSealed }: StoredGrant,
    // It decides, not the configuration of today: what was connected goes on until it is connected anew.
    { mailbox, permissions }: Connection,
    claims: string | undefined,
  ): Promise<{ readonly outcome: 'granted'; readonly tokens: NewTokens } | RefusedTokens> {
    const signal = AbortSignal.timeout(REFRESH_TIMEOUT_MS)
    if (mailbox === 'application') {
      const grant = await identity.applicationToken({ leg: 'application', claims, signal })
      return grant.outcome === 'refused' ? grant : { ...grant, tokens: { ...grant.tokens, refreshToken: null } }
    }
    if (refreshTokenSealed === null) throw new Error(`The grant of ${tenantId} has no refresh token.`)
    const refreshToken = await vault.open(refreshTokenSealed, tokenOwner(tenantId, 'refresh-token'))
    return identity.refresh({ refreshToken, scopes: permissions, claims, signal })
  }

  /** As Entra asks, and where it does not, after ever longer: many messages may be waiting to ask. */
  function pauseMs({ refreshFailures }: StoredGrant, retryAfter: Date | null): number {
    const ownMs = Math.min(FIRST_PAUSE_MS * 2 ** refreshFailures, LONGEST_PAUSE_MS) * (0.5 + chance() / 2)
    const askedMs = retryAfter === null ? 0 : retryAfter.getTime() - clock().getTime()
    return Math.round(Math.max(ownMs, Math.min(askedMs, LONGEST_ASKED_PAUSE_MS)))
  }

  async function lost(
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
      places: identity.places,
    })
    if (!explanation) return null
    return refuseAccess(tenantId, grantVersion, explanation)
  }

  /** What holds messages from now on; null for trouble that passes by itself. */
  async function refuseAccess(
    tenantId: string,
    grantVersion: number,
    explanation: Explanation,
  ): Promise<HeldBecause | null> {
    const problem = toSettingsProblem(explanation)
    if (!problem) return null
    const now = clock()
    const since = { ...problem, since: now.toISOString() }
    const event: SettingsEvent =
      problem.code === 'app-misconfigured'
        ? { type: 'app-misconfigured', problem: since }
        : { type: 'tokens-refused', problem: since, claims: explanation.claims }
    await store.applyHealth(tenantId, grantVersion, event, now)
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
  return new Date(accessTokenExpiresAt.getTime() - ON_ITS_WAY_MS)
}

function earlier(one: Date, other: Date): Date {
  return one < other ? one : other
}

function later(date: Date, ms: number): Date {
  return new Date(date.getTime() + ms)
}

function notAskedFor(waitMs: number): UnavailableAccess {
  const detail = `Microsoft’s sign-in service could not answer. It is asked again in ${Math.ceil(waitMs / 1_000)} s.`
  return { outcome: 'unavailable', detail, waitMs }
}

function tokenOwner(tenant: string, purpose: 'refresh-token' | 'access-token') {
  return { tenant, record: 'tenant_settings', purpose }
}
