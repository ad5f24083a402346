import { randomInt } from 'node:crypto'
import type { Simulation } from '../simulation.ts'
import { grantedScopes, hashSecret, newRefreshToken } from './grants.ts'
import { servicePrincipalId } from './service-principal.ts'

export interface IssuedAccessToken {
  readonly accessToken: string
  /** Everything consented, whatever was asked for; but for what is left out by a scenario. */
  readonly scopes: readonly string[]
  readonly expiresInSeconds: number
}

export async function issueAccessToken(
  oid: string,
  { store, settings, tokens }: Simulation,
  without: readonly string[] = [],
): Promise<IssuedAccessToken> {
  const scopes = [...grantedScopes(store, oid)].filter(
    (scope) => scope !== 'offline_access' && !without.includes(scope),
  )
  const lifetimeSeconds = accessTokenLifetime(settings)
  const accessToken = await tokens.signAccessToken({ holder: 'person', oid, scopes, lifetimeSeconds })
  return { accessToken, scopes, expiresInSeconds: lifetimeSeconds - 1 }
}

/** For the application itself: whatever an administrator has granted it so far. */
export async function issueApplicationToken(simulation: Simulation): Promise<IssuedAccessToken> {
  const { store, settings, tokens, registration } = simulation
  const scopes = [...store.state.applicationConsents]
  const lifetimeSeconds = accessTokenLifetime(settings)
  const oid = servicePrincipalId(registration.clientId)
  const accessToken = await tokens.signAccessToken({ holder: 'application', oid, scopes, lifetimeSeconds })
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

function accessTokenLifetime(settings: Simulation['settings']): number {
  return settings.current.accessTokenSeconds ?? randomInt(60 * 60, 90 * 60)
}
