import { PERMISSIONS } from '@inforiver-mail/contract/permission'
import { decodeJwt } from 'jose'

const OIDC_SCOPES = new Set(['openid', 'profile', 'email', 'offline_access'])

/**
 * Reads the permissions in the `scope` of a token answer, by their short names. Microsoft writes them with or without
 * the resource in front, in any case, percent-encoded in its own sample, and may list more than was asked for. An
 * answer without `scope` grants what was asked for (RFC 6749 section 5.1). OpenID Connect's own scopes are left out.
 */
export function grantedPermissions(scope: string | undefined, requested: readonly string[]): string[] {
  const listed = scope?.split(' ').filter((name) => name !== '') ?? []
  const names = (listed.length > 0 ? listed : requested).map((name) => canonicalName(name, requested))
  return [...new Set(names)].filter((name) => !OIDC_SCOPES.has(name.toLowerCase()))
}

/** The requested permissions that were not granted, compared without regard to case. */
export function missingPermissions(requested: readonly string[], granted: readonly string[]): string[] {
  const has = new Set(granted.map((name) => name.toLowerCase()))
  return requested.filter((name) => !has.has(name.toLowerCase()) && !OIDC_SCOPES.has(name.toLowerCase()))
}

function canonicalName(name: string, requested: readonly string[]): string {
  const decoded = percentDecoded(name)
  const short = decoded.slice(decoded.lastIndexOf('/') + 1)
  const known = [...PERMISSIONS, ...requested].find((candidate) => candidate.toLowerCase() === short.toLowerCase())
  return known ?? short
}

function percentDecoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/**
 * Reads the application permissions from the `roles` of a token for Graph; null when they cannot be read. Microsoft
 * treats the content of such tokens as private, so nothing but the text of an explanation may depend on it.
 */
export function applicationRoles(accessToken: string): string[] | null {
  try {
    const { roles } = decodeJwt(accessToken)
    return Array.isArray(roles) ? roles.map(String) : []
  } catch {
    return null
  }
}
