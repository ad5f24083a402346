import { setTimeout as delay } from 'node:timers/promises'
import type { HeldBecause } from '@inforiver-mail/contract/message'
import { newOpaqueValue } from '../http/session.ts'
import { toSettingsProblem, type Explanation } from '@inforiver-mail/m365/explanation'
import type { MicrosoftIdentity, Tokens } from '@inforiver-mail/m365/microsoft-identity'
import type { TokenVault } from '@inforiver-mail/m365/token-vault'
import type { SealedTokens, SettingsStore, StoredGrant } from './settings-store.ts'
import type { Connection } from './settings-state.ts'

const RENEW_BEFORE_EXPIRY_MS = 5 * 60_000
const REFRESH_LEASE_MS = 90_000 // longer than a refresh can take
const WAIT_FOR_OTHERS_MS = 30_000
const LOOK_AGAIN_MS = 200

/** What a message is sent with, or why it cannot be sent now. */
export type Access =
  | {
      readonly outcome: 'granted'
      readonly accessToken: string
      readonly connection: Connection & { readonly searchWorks: boolean }
      /** The set of tokens this one belongs to; hand it back when Microsoft refuses the token. */
      readonly grantVersion: number
      readonly expiresAt: Date
    }
  | { readonly outcome: 'held'; readonly because: HeldBecause }
  | { readonly outcome: 'unavailable'; readonly detail: string }

export interface AccessSource {
  /** `refused`: the set of tokens that Graph has just refused; a newer one is fetched then. */
  access(tenantId: string, options: { refused?: number; signal: AbortSignal }): Promise<Access>
  sealTokens(tenantId: string, tokens: Tokens): Promise<SealedTokens>
}

/**
 * Opens the tokens of a tenant and keeps them fresh. One refresh at a time per grant over all processes: the row
 * decides. The rotated refresh token is stored before the new access token is used.
 */
export function createAccessSource(parts: {
  store: SettingsStore
  identity: MicrosoftIdentity
  vault: TokenVault
  clock: () => Date
}): AccessSource {
  const { store, identity, vault, clock } = parts
  return { access, sealTokens }

  async function access(
    tenantId: string,
    { refused, signal }: { refused?: number; signal: AbortSignal },
  ): Promise<Access> {
    const giveUpAt = clock().getTime() + WAIT_FOR_OTHERS_MS
    let stale = refused // a set of tokens newer than this one is as fresh as can be had
    for (;;) {
      const { settings, grant } = await store.readGrant(tenantId)
      const { state } = settings
      if (state.status === 'not-configured') return { outcome: 'held', because: 'not-configured' }
      if (state.status === 'reconnect-required') return { outcome: 'held', because: 'reconnect-required' }
      if (!grant) throw new Error(`The grant of ${tenantId} has no tokens.`)
      if (grant.grantVersion !== refused && isUsable(grant, stale)) {
        const accessToken = await vault.open(grant.accessTokenSealed, tokenOwner(tenantId, 'access-token'))
        const { grantVersion, searchWorks, accessTokenExpiresAt: expiresAt } = grant
        const connection = { ...state.connection, searchWorks }
        return { outcome: 'granted', accessToken, connection, grantVersion, expiresAt }
      }
      stale = grant.grantVersion
      const held = await refreshOnce(tenantId, grant, state.connection.permissions, signal)
      if (held) return held
      if (clock().getTime() > giveUpAt)
        return { outcome: 'unavailable', detail: 'Another process is refreshing the access and takes long.' }
    }
  }

  /** Null when it is worth reading the row again: the tokens are new, or somebody else is at it. */
  async function refreshOnce(
    tenantId: string,
    grant: StoredGrant,
    permissions: readonly string[],
    signal: AbortSignal,
  ): Promise<Access | null> {
    const lease = { tenantId, grantVersion: grant.grantVersion, owner: newOpaqueValue() }
    const now = clock()
    if (!(await store.takeRefreshLease({ ...lease, now, until: new Date(now.getTime() + REFRESH_LEASE_MS) }))) {
      await delay(LOOK_AGAIN_MS, undefined, { signal })
      return null
    }
    try {
      const refreshToken = await vault.open(grant.refreshTokenSealed, tokenOwner(tenantId, 'refresh-token'))
      const refresh = await identity.refresh({ refreshToken, scopes: permissions, signal })
      if (refresh.outcome === 'refused') return await refusedAccess(tenantId, grant.grantVersion, refresh.explanation)
      const saved = await store.saveRefreshed(lease, await sealTokens(tenantId, refresh.tokens))
      if (saved) await store.applyHealth(tenantId, grant.grantVersion + 1, { type: 'access-worked' }, clock())
      return null
    } finally {
      await store.releaseRefreshLease(lease)
    }
  }

  async function refusedAccess(tenantId: string, grantVersion: number, explanation: Explanation): Promise<Access> {
    const problem = toSettingsProblem(explanation)
    if (!problem) return { outcome: 'unavailable', detail: explanation.detail }
    const now = clock()
    const type = problem.code === 'app-misconfigured' ? 'app-misconfigured' : 'tokens-refused'
    await store.applyHealth(tenantId, grantVersion, { type, problem: { ...problem, since: now.toISOString() } }, now)
    return { outcome: 'held', because: problem.code }
  }

  async function sealTokens(tenantId: string, tokens: Tokens): Promise<SealedTokens> {
    return {
      refreshTokenSealed: await vault.seal(tokens.refreshToken, tokenOwner(tenantId, 'refresh-token')),
      accessTokenSealed: await vault.seal(tokens.accessToken, tokenOwner(tenantId, 'access-token')),
      accessTokenExpiresAt: tokens.expiresAt,
    }
  }

  function isUsable({ grantVersion, accessTokenExpiresAt }: StoredGrant, stale: number | undefined): boolean {
    const livesForMs = accessTokenExpiresAt.getTime() - clock().getTime()
    return livesForMs > RENEW_BEFORE_EXPIRY_MS || (stale !== undefined && grantVersion > stale && livesForMs > 0)
  }
}

function tokenOwner(tenant: string, purpose: 'refresh-token' | 'access-token') {
  return { tenant, record: 'tenant_settings', purpose }
}
