import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'

/** The certificate that a server shows, with its key and its chain. */
export interface TlsCertificate {
  /** PEM, the server's own first. */
  readonly cert: string
  /** PEM. */
  readonly key: string
  readonly validFrom: Date
  readonly validTo: Date
}

export type TlsCertificateReading =
  | { readonly outcome: 'read'; readonly certificate: TlsCertificate }
  /** A sentence that quotes none of the content. */
  | { readonly outcome: 'unusable'; readonly fault: string }

/** Checks that a certificate and a private key, both PEM, belong together and can be used. It may have expired. */
export function readTlsCertificate(cert: string, key: string): TlsCertificateReading {
  const certificate = attempt(() => new X509Certificate(cert)) // reads the first one
  if (!certificate) return unusable('The certificate cannot be read: it has to be PEM (BEGIN CERTIFICATE).')
  const privateKey = attempt(() => createPrivateKey(key))
  if (!privateKey)
    return unusable('The private key cannot be read: it has to be PEM (BEGIN PRIVATE KEY), without a password.')
  if (!certificate.checkPrivateKey(privateKey))
    return unusable('The certificate does not belong to the private key; its own certificate has to come first.')
  if (!attempt(() => createSecureContext({ cert, key })))
    return unusable('The certificate and the private key are refused by OpenSSL.')
  const { validFromDate: validFrom, validToDate: validTo } = certificate
  return { outcome: 'read', certificate: { cert, key, validFrom, validTo } }
}

function unusable(fault: string): TlsCertificateReading {
  return { outcome: 'unusable', fault }
}

function attempt<Value>(read: () => Value): Value | null {
  try {
    return read()
  } catch {
    return null
  }
}
