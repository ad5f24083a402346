/** Challenges seen have a few hundred; what is longer would not fit the address of Microsoft’s page. */
const MAX_CHARACTERS = 2_000

/** OpenID Connect Core section 5.5, and Microsoft’s own `access_token`. */
const MEMBERS = new Set(['access_token', 'id_token', 'userinfo'])

/**
 * A claims challenge: JSON of what a token must satisfy before Microsoft accepts it, such as a second factor. It is
 * handed on as it came, to the next refresh and then to the page where somebody signs in. Null when it is none.
 */
export function readClaimsChallenge(text: unknown): string | null {
  if (typeof text !== 'string' || text.length > MAX_CHARACTERS) return null
  const claims = parseObject(text)
  if (claims === null) return null
  const members = Object.entries(claims)
  const isChallenge = members.length > 0 && members.every(([name, value]) => MEMBERS.has(name) && isObject(value))
  return isChallenge ? text : null
}

function parseObject(text: string): object | null {
  try {
    const parsed: unknown = JSON.parse(text)
    return isObject(parsed) ? parsed : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
