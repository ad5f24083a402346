const MAX_LENGTH = 256
const FORBIDDEN = /[!$'(),;*\\]/

/** @returns why it cannot be registered as a URI of the *Web* platform, or null */
export function findRedirectUriFault(uri: string): string | null {
  const url = URL.canParse(uri) ? new URL(uri) : null
  if (url === null) return `The redirect URI ${uri} is not an absolute URI.`
  if (uri.length > MAX_LENGTH) return `The redirect URI ${uri} is longer than ${MAX_LENGTH} characters.`
  if (FORBIDDEN.test(uri))
    return `The redirect URI ${uri} contains a character that Entra refuses: ! $ ' ( ) , ; * or \\.`
  if (url.hash !== '' || uri.endsWith('#')) return `The redirect URI ${uri} has a fragment.`
  const isLoopback = url.hostname === 'localhost' || url.hostname === '127.0.0.1'
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback)) {
    return `The redirect URI ${uri} must be https, or http on localhost.`
  }
  return null
}

/** Finds the registered URI that equals this one, apart from the port of `localhost`. */
export function matchRedirectUri(requested: string, registered: readonly string[]): string | null {
  if (!URL.canParse(requested)) return null
  const { href } = new URL(requested)
  // A URI that only becomes equal once dot segments or escapes are resolved is another URI.
  if (requested !== href && `${requested}/` !== href) return null
  return registered.find((candidate) => comparable(candidate) === comparable(requested)) ?? null
}

function comparable(uri: string): string {
  const url = new URL(uri)
  if (url.hostname === 'localhost') url.port = ''
  return url.href
}
