import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'

const CLOCK_SKEW_SECONDS = 5 * 60

/** The person who signed in, by what a verified id_token says. */
export interface Person {
  readonly tenantId: string
  /** With `tenantId` the only identity that lasts: names and addresses change and are given to others. */
  readonly objectId: string
  readonly name: string
  /** What the person types at Microsoft's sign-in page (`preferred_username`); empty when the token has none. */
  readonly signInName: string
  /** For display: the `email` claim, else the sign-in name. Not proof of owning an address. */
  readonly email: string
  /** Values of the app roles assigned to the person. */
  readonly roles: readonly string[]
  /** At home in another organisation. */
  readonly guest: boolean
}

export type VerifiedIdToken =
  | { readonly outcome: 'verified'; readonly person: Person }
  /** The token is genuine and of another organisation. */
  | { readonly outcome: 'other-tenant' }
  /** `fault` names the claim or the step, and quotes nothing; null when there is nothing to be read. */
  | { readonly outcome: 'invalid'; readonly fault: string | null }
  | { readonly outcome: 'keys-unavailable' }

export interface IdTokenExpectation {
  readonly tenantId: string
  readonly clientId: string
  readonly nonce: string
  readonly issuers: readonly string[]
  readonly keys: JWTVerifyGetKey
  readonly now: Date
}

/**
 * Verifies signature, `iss`, `aud`, `exp`, `nbf`, `tid` and `nonce`.
 * Source: OpenID Connect Core section 3.1.3.7; Microsoft identity platform, "ID token claims reference".
 */
export async function verifyIdToken(idToken: string, expected: IdTokenExpectation): Promise<VerifiedIdToken> {
  let claims: JWTPayload
  try {
    const verified = await jwtVerify(idToken, expected.keys, {
      algorithms: ['RS256'],
      audience: expected.clientId,
      clockTolerance: CLOCK_SKEW_SECONDS,
      currentDate: expected.now,
      requiredClaims: ['iss', 'exp', 'oid', 'tid', 'nonce'],
    })
    claims = verified.payload
  } catch (error) {
    return verificationFailure(error)
  }
  return judgeClaims(claims, expected)
}

function judgeClaims(claims: JWTPayload, expected: IdTokenExpectation): VerifiedIdToken {
  const { tid, oid, nonce, iss } = claims
  if (typeof tid !== 'string' || typeof oid !== 'string' || oid === '')
    return { outcome: 'invalid', fault: 'oid or tid' }
  if (nonce !== expected.nonce) return { outcome: 'invalid', fault: 'nonce' }
  if (tid.toLowerCase() !== expected.tenantId.toLowerCase()) return { outcome: 'other-tenant' }
  if (!expected.issuers.some((issuer) => issuer.toLowerCase() === iss?.toLowerCase()))
    return { outcome: 'invalid', fault: 'iss' }
  const signInName = text(claims['preferred_username'])
  return {
    outcome: 'verified',
    person: {
      tenantId: tid,
      objectId: oid,
      name: text(claims['name']) || signInName,
      signInName,
      email: text(claims['email']) || signInName,
      roles: Array.isArray(claims['roles']) ? claims['roles'].filter((role) => typeof role === 'string') : [],
      guest: isGuest(claims, tid),
    },
  }
}

/** `acct` is 1 for a guest; `idp` names where somebody signed in when that is not the organisation itself. */
function isGuest({ acct, idp, iss }: JWTPayload, tenantId: string): boolean {
  if (acct === 1 || acct === '1') return true
  if (typeof idp !== 'string' || idp === '' || idp === iss) return false
  // The organisation's own issuer in its older form, https://sts.windows.net/{tid}/, is home too.
  return !idp.toLowerCase().includes(tenantId.toLowerCase())
}

function text(claim: unknown): string {
  return typeof claim === 'string' ? claim : ''
}

function verificationFailure(error: unknown): VerifiedIdToken {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired)
    return { outcome: 'invalid', fault: error.claim }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey)
    return { outcome: 'invalid', fault: 'signature' }
  if (error instanceof errors.JOSEAlgNotAllowed) return { outcome: 'invalid', fault: 'alg' }
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid)
    return { outcome: 'invalid', fault: null }
  // What is left comes from fetching the keys: a timeout, a broken connection, an answer that is no key set.
  return { outcome: 'keys-unavailable' }
}
