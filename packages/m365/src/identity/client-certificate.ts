import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
const PRIVATE_KEY = /-----BEGIN (?:RSA )?PRIVATE KEY-----[^-]+-----END (?:RSA )?PRIVATE KEY-----/

/** What the app proves itself with in place of a secret: a certificate that is uploaded to its registration. */
export interface ClientCertificate {
  /** PKCS #8, PEM. */
  readonly privateKey: string
  /** Hex, as `x5t#S256` and the registration's page know it. */
  readonly thumbprintSha256: string
  readonly validFrom: Date
  readonly validTo: Date
}

export type ClientCertificateReading =
  | { readonly outcome: 'read'; readonly certificate: ClientCertificate }
  /** A half sentence that follows the name of the file or setting; without any of its content. */
  | { readonly outcome: 'unusable'; readonly fault: string }

/**
 * Reads PEM with the certificate and its private key, in any order, other certificates of its chain among them. One
 * that has expired is read all the same: Microsoft is the judge of that, and its date can be shown.
 */
export function readClientCertificate(pem: string): ClientCertificateReading {
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

function unusable(fault: string): ClientCertificateReading {
  return { outcome: 'unusable', fault }
}
