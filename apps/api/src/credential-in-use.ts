import type { AppCredential } from '@inforiver-mail/m365/microsoft-identity'
import type { Config, RereadSecrets } from './configuration/config.ts'
import { credentialExpiry, type CredentialExpiry } from './domain/credential-expiry.ts'

/** The credential of the app registration, which may be replaced while the product runs. */
export type CredentialInUse = ReturnType<typeof useCredential>

export function useCredential(config: Config) {
  let credential: AppCredential = config.registration
  let { clientSecretExpiresAt } = config
  return {
    current: (): AppCredential => credential,
    expiry: (): CredentialExpiry => credentialExpiry({ credential, clientSecretExpiresAt }),
    /** Switches to the values that were read again, and keeps those that could not be read. */
    replace(reread: RereadSecrets): void {
      if (reread.credential === null) return
      ;({ credential, clientSecretExpiresAt } = reread)
    },
  }
}
