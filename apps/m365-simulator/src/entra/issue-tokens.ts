import { randomInt } from 'node:crypto'
import type { Simulation } from '../simulation.ts'
import { grantedScopes, hashSecret, newRefreshToken } from './grants.ts'

export interface IssuedAccessToken {
  readonly accessToken: string
  /** Everything consented, whatever was asked for. */
  readonly scopes: readonly string[]
  readonly expiresInSeconds: number
}

export async function issueAccessToken(
  oid: string,
  { store, settings, tokens }: Simulation,
): Promise<IssuedAccessToken> {
  const scopes = [...grantedScopes(store, oid)].filter((scope) => scope !== 'offline_access')
  const lifetimeSeconds = settings.current.accessTokenSeconds ?? randomInt(60 * 60, 90 * 60)
  const accessToken = await tokens.signAccessToken({ oid, scopes, lifetimeSeconds })
  return { accessToken, scopes, expiresInSeconds: lifetimeSeconds - 1 }
}

export function issueRefreshToken(oid: string, scopes: readonly string[], { store, clock }: Simulation): string {
  const refreshToken = newRefreshToken()
  store.commit({
    type: 'refresh-token-issued',
    hash: hashSecret(refreshToken),
    token: { oid, scopes, issuedAtMs: clock().getTime() },
  })
  return refreshToken
}
