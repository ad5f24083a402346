import { createHash, randomBytes, randomInt, randomUUID } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { Effect } from '../faults/scenario.ts'
import type { Simulation } from '../simulation/simulation.ts'
import { type Person, signInName } from '../tenant/directory.ts'
import type { Store } from '../tenant/store.ts'

/** About as long as Entra's, so that no client comes to rely on short ones. */
const CODE_BYTES = 600
const REFRESH_TOKEN_BYTES = 900
const ID_TOKEN_SECONDS = 3600
/** The object id of the enterprise application. */
const SERVICE_PRINCIPAL_ID = '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e2201'
const OTHER_GUID = '00000000-dead-4bad-8bad-000000000000'

export type IssuedAccessToken = Awaited<ReturnType<typeof sign>>

/** @param without scopes that a scenario leaves out */
export async function issueAccessToken(
  oid: string,
  simulation: Simulation,
  without: readonly string[] = [],
): Promise<IssuedAccessToken> {
  const granted = [...grantedScopes(simulation.store, oid)]
  const scopes = granted.filter((scope) => scope !== 'offline_access' && !without.includes(scope))
  return sign('person', oid, scopes, simulation)
}

/** Issues a token for the application itself, with everything that an administrator has granted it so far. */
export async function issueApplicationToken(simulation: Simulation): Promise<IssuedAccessToken> {
  const permissions = [...simulation.store.state.applicationConsents]
  return sign('application', SERVICE_PRINCIPAL_ID, permissions, simulation)
}

/** `scopes` is everything that was consented to, whatever was requested. */
async function sign(
  holder: 'person' | 'application',
  oid: string,
  scopes: readonly string[],
  { settings, tokens }: Simulation,
) {
  const { accessTokenSeconds, accessTokens } = settings.current
  const seconds = accessTokenSeconds ?? randomInt(60 * 60, 90 * 60)
  const signed = await tokens.signAccessToken(holder, oid, scopes, seconds)
  return { accessToken: accessTokens === 'opaque' ? tokens.opaque(signed) : signed, scopes, expiresIn: seconds - 1 }
}

export function issueRefreshToken(oid: string, scopes: readonly string[], { store, clock }: Simulation): string {
  const refreshToken = `1.${randomBytes(REFRESH_TOKEN_BYTES).toString('base64url')}`
  const token = { oid, scopes, issuedAtMs: clock().getTime() }
  store.commit({ type: 'refresh-token-issued', hash: hashSecret(refreshToken), token })
  return refreshToken
}

export function newCode(): string {
  return `1.${randomBytes(CODE_BYTES).toString('base64url')}`
}

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

/** What the account and its tenant have consented to. */
export function grantedScopes({ state }: Store, oid: string): Set<string> {
  return new Set([...(state.userConsents.get(oid) ?? []), ...state.tenantConsents])
}

/**
 * The claims that Entra v2.0 puts into an id_token for these scopes.
 *
 * @param nonce only the first request after a sign-in has one
 * @param change the claim that a scenario makes wrong
 */
export function idTokenClaims(
  person: Person,
  scopes: readonly string[],
  nonce: string | null,
  change: Extract<Effect, { kind: 'tokens' }>['change'] | null,
  { registration: { tenantId, clientId }, url, clock }: Simulation,
): JWTPayload {
  const ageSeconds = change === 'expired-id-token' ? 2 * ID_TOKEN_SECONDS : 0
  const issuedAt = Math.floor(clock().getTime() / 1000) - ageSeconds
  const issuedIn = change === 'wrong-tenant' ? OTHER_GUID : tenantId
  return {
    aud: change === 'wrong-audience' ? OTHER_GUID : clientId,
    iss: change === 'wrong-issuer' ? 'https://login.example.com/v2.0' : `${url()}/${issuedIn}/v2.0`,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + ID_TOKEN_SECONDS,
    ...(person.home !== undefined && { idp: `https://sts.windows.net/${person.home.tenantId}/` }),
    ...(scopes.includes('email') && { email: person.mail }),
    ...(nonce !== null && { nonce: change === 'wrong-nonce' ? randomUUID() : nonce }),
    ...(scopes.includes('profile') && {
      name: person.displayName,
      oid: change === 'wrong-oid' ? OTHER_GUID : person.oid,
      preferred_username: signInName(person),
      tid: issuedIn,
    }),
    rh: `1.${hashSecret(person.oid)}.`,
    ...(person.appRoles.length > 0 && { roles: [...person.appRoles] }),
    // Pairwise: another application sees another subject.
    sub: hashSecret(`${clientId}/${person.oid}`),
    uti: randomUUID(),
    ver: '2.0',
  }
}
