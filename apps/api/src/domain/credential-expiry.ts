import type { AppCredential } from '@inforiver-mail/m365/microsoft-identity'

/** The credential of the app registration, and when it expires; null when that is unknown. */
export type CredentialExpiry =
  | { readonly kind: 'secret' | 'certificate'; readonly expiresAt: Date | null }
  /** Its tokens last for an hour or a day, and others renew them: there is no end to prepare for. */
  | { readonly kind: 'federated'; readonly expiresAt: null }

/** A certificate contains its expiry. The operator configures that of a secret, since Microsoft does not report it. */
export function credentialExpiry({
  credential: { clientCertificate, federatedTokenFile },
  clientSecretExpiresAt,
}: {
  readonly credential: AppCredential
  readonly clientSecretExpiresAt: Date | null
}): CredentialExpiry {
  if (federatedTokenFile !== undefined) return { kind: 'federated', expiresAt: null }
  return clientCertificate
    ? { kind: 'certificate', expiresAt: clientCertificate.validTo }
    : { kind: 'secret', expiresAt: clientSecretExpiresAt }
}
