import { type KeyObject, X509Certificate } from 'node:crypto'
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import type { Registration } from '../simulation.ts'
import { type EntraError, entraError } from './aadsts.ts'

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** Entra allows clocks to differ by as much. */
const SKEW_SECONDS = 300
const MAX_REMEMBERED_IDS = 100_000

interface RegisteredCertificate {
  readonly thumbprint: string
  readonly publicKey: KeyObject
  readonly validToMs: number
}

/**
 * Judges client assertions (RFC 7523 section 3) as Entra's certificate-credentials page wants them: PS256 with
 * `x5t#S256`, for this token endpoint, from and about this client, in time, and each used once.
 */
export interface AssertionJudge {
  /** @returns null when it proves the client */
  findFault(assertion: string, audiences: readonly string[]): Promise<EntraError | null>
}

/** @throws Error when a registered certificate is none */
export function createAssertionJudge({ clientId, certificates = [] }: Registration, clock: () => Date): AssertionJudge {
  const registered = certificates.map((pem) => readCertificate(pem))
  /** By `jti`, until when it has to be remembered. */
  const usedIds = new Map<string, number>()

  const spend = (id: string, expiresAtSeconds: number): boolean => {
    const nowSeconds = clock().getTime() / 1000
    if (usedIds.size >= MAX_REMEMBERED_IDS) {
      for (const [known, until] of usedIds) if (until < nowSeconds) usedIds.delete(known)
    }
    if (usedIds.has(id)) return false
    usedIds.set(id, expiresAtSeconds + SKEW_SECONDS)
    return true
  }

  return {
    async findFault(assertion, audiences) {
      const header = readHeader(assertion)
      if (header === null) return entraError(50027, ['it is malformed.'])
      if (header['alg'] !== 'PS256') return entraError(50027, ['it is not signed by PS256.'])
      const certificate = registered.find(({ thumbprint }) => thumbprint === header['x5t#S256'])
      if (certificate === undefined) return entraError(700027, ['Reason - The key was not found.'])
      if (certificate.validToMs <= clock().getTime()) return entraError(700027, ['Reason - The key used is expired.'])
      let payload: JWTPayload
      try {
        const verified = await jwtVerify(assertion, certificate.publicKey, {
          algorithms: ['PS256'],
          currentDate: clock(),
          clockTolerance: SKEW_SECONDS,
          requiredClaims: ['aud', 'iss', 'sub', 'jti', 'nbf', 'exp'],
        })
        payload = verified.payload
      } catch (error) {
        return verificationFault(error)
      }
      const { aud, iss, sub, jti, exp } = payload
      if (typeof aud !== 'string' || !audiences.includes(aud)) return entraError(700023)
      if (iss !== clientId || sub !== clientId) return entraError(700021)
      if (!spend(String(jti), exp ?? 0)) return entraError(50012, ['The client assertion has been used before.'])
      return null
    },
  }
}

function readHeader(assertion: string): Record<string, unknown> | null {
  try {
    return decodeProtectedHeader(assertion)
  } catch {
    return null
  }
}

function verificationFault(error: unknown): EntraError {
  if (error instanceof errors.JWTExpired) return entraError(700024)
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.reason === 'missing'
      ? entraError(50027, [`the claim '${error.claim}' is missing.`])
      : entraError(700024)
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return entraError(700027, ['Client assertion failed signature validation.'])
  }
  return entraError(50027, ['it is malformed.'])
}

function readCertificate(pem: string): RegisteredCertificate {
  const certificate = new X509Certificate(pem)
  return {
    thumbprint: Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
    publicKey: certificate.publicKey,
    validToMs: certificate.validToDate.getTime(),
  }
}
