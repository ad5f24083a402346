import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { decodeJwt } from 'jose'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
const PRIVATE_KEY = /-----BEGIN (?:RSA )?PRIVATE KEY-----[^-]+-----END (?:RSA )?PRIVATE KEY-----/

/** The certificate, uploaded to the app registration, that authenticates the app in place of a secret. */
export interface ClientCertificate {
  /** PKCS #8, PEM. */
  readonly privateKey: string
  /** In hex, as the page of the app registration shows it. */
  readonly thumbprintSha256: string
  readonly validFrom: Date
  readonly validTo: Date
}

/** The fault is the predicate of a sentence whose subject is the file or setting. It quotes none of the content. */
interface Unusable {
  readonly outcome: 'unusable'
  readonly fault: string
}

/**
 * Reads PEM text with a certificate and its private key, in any order, possibly with other certificates of the chain.
 * Accepts an expired certificate, since Microsoft decides about that, and the page can show its date.
 */
export function readClientCertificate(
  pem: string,
): { readonly outcome: 'read'; readonly certificate: ClientCertificate } | Unusable {
  const certificates = (pem.match(CERTIFICATE) ?? []).map((text) => readCertificate(text))
  if (certificates.length === 0) return unusable('holds no certificate (BEGIN CERTIFICATE)')
  if (pem.includes('BEGIN ENCRYPTED PRIVATE KEY') || pem.includes('Proc-Type: 4,ENCRYPTED'))
    return unusable('holds a private key that is protected by a password')
  const keyText = PRIVATE_KEY.exec(pem)?.[0]
  if (keyText === undefined) return unusable('holds no private key (BEGIN PRIVATE KEY)')
  const key = readPrivateKey(keyText)
  if (key === null) return unusable('holds a private key that cannot be read')
  if (key.asymmetricKeyType !== 'rsa')
    return unusable('holds a private key that is not RSA, which Microsoft Entra asks for')
  const certificate = certificates.find((candidate) => candidate?.checkPrivateKey(key))
  if (!certificate) return unusable('holds no certificate that belongs to its private key')
  return {
    outcome: 'read',
    certificate: {
      privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      thumbprintSha256: certificate.fingerprint256.replaceAll(':', ''),
      validFrom: certificate.validFromDate,
      validTo: certificate.validToDate,
    },
  }
}

function readCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    return null
  }
}

function readPrivateKey(pem: string): KeyObject | null {
  try {
    return createPrivateKey(pem)
  } catch {
    return null
  }
}

function unusable(fault: string): Unusable {
  return { outcome: 'unusable', fault }
}

/** Microsoft accepts a token for this long after its end, since clocks differ. */
const SKEW_MS = 5 * 60_000

type FederatedTokenReading =
  | { readonly outcome: 'read'; readonly token: string; readonly expiresAt: Date | null }
  | Unusable

/** Reads the token that another issuer has made for the app. Whether it counts is for Microsoft to say. */
export function parseFederatedToken(text: string): FederatedTokenReading {
  const token = text.trim()
  if (token === '') return unusable('is empty')
  try {
    const { exp } = decodeJwt(token)
    return { outcome: 'read', token, expiresAt: exp === undefined ? null : new Date(exp * 1_000) }
  } catch {
    return unusable('holds no token (JWT)')
  }
}

/** Reads the file anew, because whoever issues the token replaces it before it expires. */
export async function readFederatedToken(path: string, now: Date): Promise<FederatedTokenReading> {
  let text
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    return unusable(`cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`)
  }
  const reading = parseFederatedToken(text)
  if (reading.outcome === 'unusable' || !hasExpired(reading.expiresAt, now)) return reading
  return unusable(`holds a token that expired at ${reading.expiresAt?.toISOString()}`)
}

function hasExpired(expiresAt: Date | null, now: Date): boolean {
  return expiresAt !== null && expiresAt.getTime() + SKEW_MS < now.getTime()
}
