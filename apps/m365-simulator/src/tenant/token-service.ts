import { randomUUID } from 'node:crypto'
import {
  calculateJwkThumbprint,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose'
import type { Store } from './store.ts'

/** Begins an access token that is no JWT for its client. */
const OPAQUE = 'EwB4'

export const GRAPH_AUDIENCE = 'https://graph.microsoft.com'
/** Verifying a signature costs more than the rest of a request, and a load test presents one token thousands of times. */
const MAX_REMEMBERED_TOKENS = 1000

/** `person`: the account that signed in. `application`: nobody signed in, and `oid` is that of its service principal. */
type Holder = 'person' | 'application'

type AccessToken = ReturnType<typeof readClaims>

export type AccessTokenCheck =
  | ({ readonly kind: 'valid' } & AccessToken)
  | { readonly kind: 'expired' | 'revoked' | 'invalid' }

export async function createTokenService(
  store: Store,
  registration: { readonly tenantId: string; readonly clientId: string },
  clock: () => Date,
  newKey: () => Promise<JWK>,
) {
  const privateJwk = store.state.signingKey ?? (await newKey())
  const { kty, n, e } = privateJwk
  if (store.state.signingKey === null) store.commit({ type: 'signing-key-created', privateJwk })
  if (kty === undefined || n === undefined || e === undefined)
    throw new Error('The stored signing key is not an RSA key.')
  const kid = await calculateJwkThumbprint(privateJwk)
  const publicJwk: JWK = { kty, use: 'sig', kid, n, e }
  const [privateKey, publicKey] = await Promise.all([importJWK(privateJwk, 'RS256'), importJWK(publicJwk, 'RS256')])
  const verified = new Map<string, AccessToken>()

  const verify = async (jwt: string): Promise<AccessToken> => {
    const { payload } = await jwtVerify(jwt, publicKey, {
      algorithms: ['RS256'],
      audience: GRAPH_AUDIENCE,
      issuer: accessTokenIssuer(registration.tenantId),
      currentDate: clock(),
    })
    const token = readClaims(payload)
    const [oldest] = verified.keys()
    if (oldest !== undefined && verified.size >= MAX_REMEMBERED_TOKENS) verified.delete(oldest)
    verified.set(jwt, token)
    return token
  }

  return {
    publicKey: () => publicJwk,
    /** @param signer `unknown`: a key that is not published, under the id of the one that is */
    async signIdToken(claims: JWTPayload, signer: 'published' | 'unknown'): Promise<string> {
      const key = signer === 'unknown' ? (await generateKeyPair('RS256')).privateKey : privateKey
      return new SignJWT(claims).setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid }).sign(key)
    },
    async signAccessToken(holder: Holder, oid: string, scopes: readonly string[], seconds: number): Promise<string> {
      const now = clock()
      const issuedAt = Math.floor(now.getTime() / 1000)
      return new SignJWT({
        aud: GRAPH_AUDIENCE,
        iss: accessTokenIssuer(registration.tenantId),
        iat: issuedAt,
        nbf: issuedAt,
        exp: issuedAt + seconds,
        appid: registration.clientId,
        oid,
        ...(holder === 'person' && { scp: scopes.join(' ') }),
        // An application that was granted nothing has no `roles` at all.
        ...(holder === 'application' && { idtyp: 'app', sub: oid, ...(scopes.length > 0 && { roles: scopes }) }),
        tid: registration.tenantId,
        uti: randomUUID(),
        ver: '1.0',
        // Revocation has to distinguish tokens issued before and after it within one second.
        issued_at_ms: now.getTime(),
      })
        .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid })
        .sign(privateKey)
    },
    /** Makes an access token that only Graph reads. */
    opaque: (accessToken: string) => `${OPAQUE}${Buffer.from(accessToken).toString('base64url')}`,
    async checkAccessToken(accessToken: string): Promise<AccessTokenCheck> {
      const isOpaque = accessToken.startsWith(OPAQUE)
      const jwt = isOpaque ? Buffer.from(accessToken.slice(OPAQUE.length), 'base64url').toString() : accessToken
      try {
        const token = verified.get(jwt) ?? (await verify(jwt))
        if (token.expiresAtMs <= clock().getTime()) return { kind: 'expired' }
        const isRevoked = token.issuedAtMs < (store.state.accessTokensValidFromMs.get(token.oid) ?? 0)
        return isRevoked ? { kind: 'revoked' } : { kind: 'valid', ...token }
      } catch (error) {
        return { kind: error instanceof errors.JWTExpired ? 'expired' : 'invalid' }
      }
    },
  }
}

/** @throws TypeError when the claims are not those of an access token issued here, such as an id_token's */
function readClaims({ idtyp, scp, roles = [], oid, issued_at_ms: issuedAtMs, exp = 0 }: JWTPayload) {
  const isApplication = idtyp === 'app'
  /** The scopes of a person, or the roles of an application. */
  const scopes: ReadonlySet<string> = new Set(isApplication ? (roles as string[]) : (scp as string).split(' '))
  const holder: Holder = isApplication ? 'application' : 'person'
  return { holder, oid: oid as string, scopes, issuedAtMs: issuedAtMs as number, expiresAtMs: exp * 1000 }
}

function accessTokenIssuer(tenantId: string): string {
  return `https://sts.windows.net/${tenantId}/`
}

/** Generates the private key that signs a simulator's tokens. */
export async function generateSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return exportJWK(privateKey)
}
