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
import type { Store } from '../state/store.ts'

export const GRAPH_AUDIENCE = 'https://graph.microsoft.com'
/** Verifying a signature costs more than the rest of a request; a bare loop presents one token thousands of times. */
const MAX_REMEMBERED_TOKENS = 1000

interface AccessTokenGrant {
  readonly holder: Holder
  readonly oid: string
  /** Of an application, its roles. */
  readonly scopes: readonly string[]
  readonly lifetimeSeconds: number
}

export type AccessTokenCheck =
  | {
      readonly kind: 'valid'
      readonly holder: Holder
      readonly oid: string
      readonly scopes: ReadonlySet<string>
      readonly issuedAtMs: number
    }
  | { readonly kind: 'expired' }
  | { readonly kind: 'revoked' }
  | { readonly kind: 'invalid' }

/** person: the account signed in. application: nobody did, and `oid` is that of its service principal. */
export type Holder = 'person' | 'application'

interface VerifiedToken {
  readonly holder: Holder
  readonly oid: string
  readonly scopes: ReadonlySet<string>
  readonly issuedAtMs: number
  readonly expiresAtMs: number
}

export interface TokenService {
  publicKey(): JWK
  /** @param signer unknown: signed by a key that is not published, under the id of the one that is */
  signIdToken(claims: JWTPayload, signer: 'published' | 'unknown'): Promise<string>
  signAccessToken(grant: AccessTokenGrant): Promise<string>
  checkAccessToken(token: string): AccessTokenCheck | Promise<AccessTokenCheck>
}

export async function createTokenService(
  store: Store,
  registration: { readonly tenantId: string; readonly clientId: string },
  clock: () => Date,
): Promise<TokenService> {
  const privateJwk = store.state.signingKey ?? (await newSigningKey(store))
  const { kty, n, e } = privateJwk
  if (kty === undefined || n === undefined || e === undefined) throw new Error('The stored signing key is no RSA key.')
  const kid = await calculateJwkThumbprint(privateJwk)
  const publicJwk: JWK = { kty, use: 'sig', kid, n, e }
  const [privateKey, publicKey] = await Promise.all([importJWK(privateJwk, 'RS256'), importJWK(publicJwk, 'RS256')])
  const unknownKey = lazily(async () => (await generateKeyPair('RS256')).privateKey)
  const remembered = new Map<string, VerifiedToken>()

  const judge = (token: VerifiedToken): AccessTokenCheck => {
    if (token.expiresAtMs <= clock().getTime()) return { kind: 'expired' }
    const validFromMs = store.state.accessTokensValidFromMs.get(token.oid) ?? 0
    if (token.issuedAtMs < validFromMs) return { kind: 'revoked' }
    const { holder, oid, scopes, issuedAtMs } = token
    return { kind: 'valid', holder, oid, scopes, issuedAtMs }
  }

  const verify = async (token: string): Promise<AccessTokenCheck> => {
    try {
      const { payload } = await jwtVerify(token, publicKey, {
        algorithms: ['RS256'],
        audience: GRAPH_AUDIENCE,
        issuer: accessTokenIssuer(registration.tenantId),
        currentDate: clock(),
      })
      const verified = readAccessToken(payload)
      if (verified === null) return { kind: 'invalid' }
      if (remembered.size >= MAX_REMEMBERED_TOKENS) remembered.clear()
      remembered.set(token, verified)
      return judge(verified)
    } catch (error) {
      return { kind: error instanceof errors.JWTExpired ? 'expired' : 'invalid' }
    }
  }

  return {
    publicKey: () => publicJwk,
    async signIdToken(claims, signer) {
      const key = signer === 'published' ? privateKey : await unknownKey()
      return new SignJWT(claims).setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid }).sign(key)
    },
    async signAccessToken({ holder, oid, scopes, lifetimeSeconds }) {
      const now = clock()
      const issuedAt = Math.floor(now.getTime() / 1000)
      return new SignJWT({
        aud: GRAPH_AUDIENCE,
        iss: accessTokenIssuer(registration.tenantId),
        iat: issuedAt,
        nbf: issuedAt,
        exp: issuedAt + lifetimeSeconds,
        appid: registration.clientId,
        oid,
        ...(holder === 'person' ? { scp: scopes.join(' ') } : applicationClaims(oid, scopes)),
        tid: registration.tenantId,
        uti: randomUUID(),
        ver: '1.0',
        // Revocation has to tell apart what was issued before and after it within one second.
        issued_at_ms: now.getTime(),
      })
        .setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid })
        .sign(privateKey)
    },
    checkAccessToken(token) {
      const known = remembered.get(token)
      return known === undefined ? verify(token) : judge(known)
    },
  }
}

function readAccessToken(payload: JWTPayload): VerifiedToken | null {
  const { oid, scp, idtyp, roles, issued_at_ms: issuedAtMs, exp } = payload as Record<string, unknown>
  if (typeof oid !== 'string' || typeof issuedAtMs !== 'number' || typeof exp !== 'number') return null
  const expiresAtMs = exp * 1000
  if (idtyp === 'app') {
    const names = Array.isArray(roles) ? roles.map(String) : []
    return { holder: 'application', oid, scopes: new Set(names), issuedAtMs, expiresAtMs }
  }
  if (typeof scp !== 'string') return null
  return { holder: 'person', oid, scopes: new Set(scp.split(' ')), issuedAtMs, expiresAtMs }
}

/** Nothing granted: no `roles` at all. */
function applicationClaims(oid: string, roles: readonly string[]): JWTPayload {
  return { idtyp: 'app', sub: oid, ...(roles.length > 0 && { roles }) }
}

function accessTokenIssuer(tenantId: string): string {
  return `https://sts.windows.net/${tenantId}/`
}

async function newSigningKey(store: Store): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const privateJwk = await exportJWK(privateKey)
  store.commit({ type: 'signing-key-created', privateJwk })
  return privateJwk
}

function lazily<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | null = null
  return () => (made ??= make())
}
