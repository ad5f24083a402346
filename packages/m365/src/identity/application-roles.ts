import { decodeJwt } from 'jose'

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
