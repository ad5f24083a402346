import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import { z } from 'zod'

const CLOCK_SKEW_SECONDS = 5 * 60

/** The person who signed in, as a verified id_token describes them. */
export interface Person {
  readonly tenantId: string
  /** Only this with `tenantId` identifies a person for good: names and addresses change, and pass to others. */
  readonly objectId: string
  readonly name: string
  /** What the person types at Microsoft's sign-in page (`preferred_username`); empty when the token has none. */
  readonly signInName: string
  /** For display: the `email` claim, else the sign-in name. Not proof of owning an address. */
  readonly email: string
  /** Values of the app roles assigned to the person. */
  readonly roles: readonly string[]
  /** The account belongs to another organisation. */
  readonly guest: boolean
}

export type VerifiedIdToken =
  | { readonly outcome: 'verified'; readonly person: Person }
  /** The token is genuine, but was issued for another organisation. */
  | { readonly outcome: 'other-tenant' }
  /** `fault` names the claim or the step that failed, and quotes nothing; null when the token is unreadable. */
  | { readonly outcome: 'invalid'; readonly fault: string | null }
  | { readonly outcome: 'keys-unavailable' }

const text = z.string().catch('')

/** Source: Microsoft identity platform, "ID token claims reference". */
const Claims = z.object({
  tid: z.string(),
  oid: z.string().min(1),
  iss: text,
  nonce: z.unknown().optional(),
  preferred_username: text,
  name: text,
  email: text,
  roles: z
    .array(z.unknown())
    .catch([])
    .transform((roles) => roles.filter((role) => typeof role === 'string')),
  acct: z.unknown().optional(),
  idp: text,
})

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
 * Source: OpenID Connect Core section 3.1.3.7.
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

function judgeClaims(payload: JWTPayload, expected: IdTokenExpectation): VerifiedIdToken {
  const read = Claims.safeParse(payload)
  if (!read.success) return { outcome: 'invalid', fault: 'oid or tid' }
  const claims = read.data
  if (claims.nonce !== expected.nonce) return { outcome: 'invalid', fault: 'nonce' }
  if (claims.tid.toLowerCase() !== expected.tenantId.toLowerCase()) return { outcome: 'other-tenant' }
  if (!expected.issuers.some((issuer) => issuer.toLowerCase() === claims.iss.toLowerCase()))
    return { outcome: 'invalid', fault: 'iss' }
  const signInName = claims.preferred_username
  return {
    outcome: 'verified',
    person: {
      tenantId: claims.tid,
      objectId: claims.oid,
      name: claims.name || signInName,
      signInName,
      email: claims.email || signInName,
      roles: claims.roles,
      guest: isGuest(claims),
    },
  }
}

/** `acct` is 1 for a guest. `idp` names where a person signed in, if not with the organisation itself. */
function isGuest({ acct, idp, iss, tid }: z.infer<typeof Claims>): boolean {
  if (acct === 1 || acct === '1') return true
  if (idp === '' || idp === iss) return false
  // The organisation's own issuer in its older form, https://sts.windows.net/{tid}/, is no other organisation.
  return !idp.toLowerCase().includes(tid.toLowerCase())
}

function verificationFailure(error: unknown): VerifiedIdToken {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired)
    return { outcome: 'invalid', fault: error.claim }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey)
    return { outcome: 'invalid', fault: 'signature' }
  if (error instanceof errors.JOSEAlgNotAllowed) return { outcome: 'invalid', fault: 'alg' }
  if (error instanceof errors.JWTInvalid || error instanceof errors.JWSInvalid)
    return { outcome: 'invalid', fault: null }
  // Other errors come from fetching the keys: a timeout, a broken connection, an answer that is no key set.
  return { outcome: 'keys-unavailable' }
}
