import { decodeJwt } from 'jose'

/**
 * The application permissions that a token for Graph names in `roles`. Microsoft keeps such tokens to itself: what is
 * read here serves the words of an explanation, and null, where it cannot be read, has to be good enough.
 */
export function applicationRoles(accessToken: string): string[] | null {
  try {
    const { roles } = decodeJwt(accessToken)
    return Array.isArray(roles) ? roles.map(String) : []
  } catch {
    return null
  }
}
