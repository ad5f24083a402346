import type { AppRegistration } from '@inforiver-mail/m365/microsoft-identity'

/** What the app registration authenticates with, and when that ends; null where nobody has said it. */
export interface CredentialExpiry {
  readonly kind: 'secret' | 'certificate'
  readonly expiresAt: Date | null
}

/** A certificate tells its end itself; of a secret the operator has to say it, since Microsoft does not. */
export function credentialExpiry(config: {
  readonly registration: AppRegistration
  readonly clientSecretExpiresAt: Date | null
}): CredentialExpiry {
  const { clientCertificate } = config.registration
  return clientCertificate
    ? { kind: 'certificate', expiresAt: clientCertificate.validTo }
    : { kind: 'secret', expiresAt: config.clientSecretExpiresAt }
}
