import { isLoopback } from '@inforiver-mail/m365/loopback'
import type { Config } from './config.ts'
import { credentialExpiry } from '../domain/credential-expiry.ts'

/** Warns of settings that are valid but risky, in a sentence each. */
export function configurationWarnings(config: Config, now: Date): string[] {
  if (config.demo) return [...config.unknownVariables]
  const warnings = [...config.unknownVariables, ...fileWarnings(config), ...networkWarnings(config)]
  const validFrom = config.registration.clientCertificate?.validFrom
  if (validFrom && validFrom > now) {
    warnings.push(
      `AZURE_CLIENT_CERTIFICATE_PATH names a certificate that is not valid before ${validFrom.toISOString()}: until then Microsoft refuses it`,
    )
  }
  if (config.role !== 'worker' && config.workspaceAdmins.length === 0) {
    warnings.push(
      'WORKSPACE_ADMINS names nobody: only people with the app role Workspace.Admin can open Tenant Settings',
    )
  }
  const tokenEnd = config.federatedTokenExpiresAt
  if (tokenEnd && tokenEnd < now) {
    warnings.push(
      `AZURE_FEDERATED_TOKEN_FILE names a token that expired at ${tokenEnd.toISOString()}: until its issuer replaces it, Microsoft refuses it`,
    )
  }
  const { kind, expiresAt } = credentialExpiry({ ...config, credential: config.registration })
  if (kind === 'secret' && expiresAt === null) {
    warnings.push('AZURE_CLIENT_SECRET_EXPIRES is not set: nobody will be warned before the client secret expires')
  }
  return warnings
}

function fileWarnings({ exposedFiles, exposedEnvironmentFile }: Config): string[] {
  const warnings = exposedFiles.map(
    (name) => `${name} names a file that others than its owner may read: take that right from them (chmod 600)`,
  )
  if (exposedEnvironmentFile !== null) {
    warnings.push(
      `Every account of this machine may read ${exposedEnvironmentFile}: take that right from them (chmod 640, or 600 where the service's account owns it)`,
    )
  }
  return warnings
}

function networkWarnings({ role, host, publicUrl, trustedProxies }: Config): string[] {
  if (role === 'worker') return []
  const isHttps = publicUrl.startsWith('https:')
  if (isHttps && trustedProxies.length === 0) {
    return [
      'PUBLIC_URL is https and TRUST_PROXY is not set: all people behind the reverse proxy share one rate limit. Set TRUST_PROXY to the address that the proxy connects from',
    ]
  }
  if (!isHttps && !isLoopback(host)) {
    return [
      'HOST lets other machines connect without https: sessions and service keys can be read on the way. Put a reverse proxy in front and set PUBLIC_URL to its https address, or unset HOST',
    ]
  }
  return []
}
