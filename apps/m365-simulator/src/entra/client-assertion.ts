import { X509Certificate } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import type { FederatedCredential, Registration } from '../simulation/simulation.ts'
import { type EntraError, entraError } from './aadsts.ts'

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
/** Whom a token of another issuer has to be for. */
const FEDERATED_AUDIENCE = 'api://AzureADTokenExchange'
/** How much Entra allows clocks to differ. */
const SKEW_SECONDS = 300

/**
 * Returns a check of client assertions (RFC 7523 section 3) as Entra's page on certificate credentials specifies them:
 * PS256 with `x5t#S256`, for this token endpoint, from and about this client, within their lifetime, and used once.
 * A token of the issuer of a federated credential stands for the app too (RS256, until it expires). The check throws an
 * EntraError.
 *
 * @throws Error when a registered certificate cannot be read
 */
export function createAssertionCheck(
  { clientId, certificates = [], federatedCredential }: Registration,
  clock: () => Date,
) {
  const requireFederated = createFederatedCheck(federatedCredential ?? null, clock)
  const registered = certificates.map((pem) => readCertificate(pem))
  const usedIds = new Set<unknown>()

  /** @param audiences the names of this token endpoint */
  return async (assertion: string, audiences: readonly string[]): Promise<void> => {
    const header = readHeader(assertion)
    if (isForeign(header, assertion, clientId)) return requireFederated(assertion, header)
    if (header['alg'] !== 'PS256') throw entraError(50027, ['it is not signed by PS256.'])
    const certificate = registered.find(({ thumbprint }) => thumbprint === header['x5t#S256'])
    if (certificate === undefined) throw entraError(700027, ['Reason - The key was not found.'])
    if (certificate.validToMs <= clock().getTime()) throw entraError(700027, ['Reason - The key used is expired.'])
    const verified = await jwtVerify(assertion, certificate.publicKey, {
      algorithms: ['PS256'],
      currentDate: clock(),
      clockTolerance: SKEW_SECONDS,
      requiredClaims: ['aud', 'iss', 'sub', 'jti', 'nbf', 'exp'],
    }).catch((error: unknown) => {
      throw verificationError(error)
    })
    const { aud, iss, sub, jti } = verified.payload
    if (typeof aud !== 'string' || !audiences.includes(aud)) throw entraError(700023)
    if (iss !== clientId || sub !== clientId) throw entraError(700021)
    if (usedIds.has(jti)) throw entraError(50012, ['The client assertion has been used before.'])
    usedIds.add(jti)
  }
}

/** Whether another issuer has made it: those name a key, and no certificate. */
function isForeign(header: Record<string, unknown>, assertion: string, clientId: string): boolean {
  return header['x5t#S256'] === undefined && readClaims(assertion).iss !== clientId
}

/** Names what does not fit as Entra does: audience, issuer and subject have to match letter by letter. */
function createFederatedCheck(credential: FederatedCredential | null, clock: () => Date) {
  const keys = credential && createLocalJWKSet({ keys: [...credential.keys] })
  return async (assertion: string, header: Record<string, unknown>): Promise<void> => {
    const { iss = '', sub = '', aud } = readClaims(assertion)
    if (credential === null || keys === null || iss !== credential.issuer) throw entraError(700211, [iss])
    if (aud !== FEDERATED_AUDIENCE) throw entraError(700212, [String(aud)])
    if (sub !== credential.subject) throw entraError(700213, [sub])
    if (header['alg'] !== 'RS256') throw entraError(50027, ['it is not signed by RS256.'])
    await jwtVerify(assertion, keys, {
      algorithms: ['RS256'],
      currentDate: clock(),
      clockTolerance: SKEW_SECONDS,
      requiredClaims: ['exp'],
    }).catch((error: unknown) => {
      throw verificationError(error)
    })
  }
}

function readClaims(assertion: string): JWTPayload {
  try {
    return decodeJwt(assertion)
  } catch {
    throw entraError(50027, ['it is malformed.'])
  }
}

function readHeader(assertion: string): Record<string, unknown> {
  try {
    return decodeProtectedHeader(assertion)
  } catch {
    throw entraError(50027, ['it is malformed.'])
  }
}

function verificationError(error: unknown): EntraError {
  if (error instanceof errors.JWTExpired) return entraError(700024)
  if (error instanceof errors.JWTClaimValidationFailed) {
    const isMissing = error.reason === 'missing'
    return isMissing ? entraError(50027, [`the claim '${error.claim}' is missing.`]) : entraError(700024)
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return entraError(700027, ['Client assertion failed signature validation.'])
  }
  if (error instanceof errors.JWKSNoMatchingKey) return entraError(700027, ['Reason - The key was not found.'])
  return entraError(50027, ['it is malformed.'])
}

function readCertificate(pem: string) {
  const certificate = new X509Certificate(pem)
  return {
    thumbprint: Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
    publicKey: certificate.publicKey,
    validToMs: certificate.validToDate.getTime(),
  }
}
