import { z } from 'zod'
import { jsonObject, readJson } from './json.ts'

/**
 * Challenges that were seen have a few hundred characters; a longer one would not fit the address of Microsoft's page.
 */
const MAX_CHARACTERS = 2_000

/** OpenID Connect Core section 5.5, and Microsoft's own `access_token`. */
const ClaimsChallenge = z
  .partialRecord(z.enum(['access_token', 'id_token', 'userinfo']), jsonObject)
  .refine((members) => Object.keys(members).length > 0)

/**
 * Reads a claims challenge: JSON that names what a token must satisfy before Microsoft accepts it, such as a second
 * factor. It is returned unchanged, for the next refresh and then for the page where somebody signs in; null when the
 * value is no challenge.
 */
export function readClaimsChallenge(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > MAX_CHARACTERS) return null
  return readJson(value, ClaimsChallenge) === null ? null : value
}
