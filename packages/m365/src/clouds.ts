/**
 * Microsoft's sign-in hosts and the issuer each one names in its id_tokens.
 * Source: Microsoft identity platform, "National clouds"; the sovereign hosts from msal-common's own list.
 */
const ISSUER_ORIGINS = {
  'https://login.microsoftonline.com': 'https://login.microsoftonline.com',
  'https://login.microsoftonline.us': 'https://login.microsoftonline.us',
  'https://login.partner.microsoftonline.cn': 'https://login.partner.microsoftonline.cn',
  'https://login.chinacloudapi.cn': 'https://login.partner.microsoftonline.cn',
  'https://login.sovcloud-identity.fr': 'https://login.sovcloud-identity.fr',
  'https://login.sovcloud-identity.de': 'https://login.sovcloud-identity.de',
  'https://login.sovcloud-identity.sg': 'https://login.sovcloud-identity.sg',
} as const satisfies Record<string, string>

export interface AuthorityEndpoints {
  readonly authorization: string
  readonly token: string
  readonly keys: string
  readonly adminConsent: string
  readonly issuer: string
}

/**
 * The endpoints of one tenant, by the path shape that Microsoft documents; discovery is not asked.
 * `authorityHost` is a base URL such as `https://login.microsoftonline.com`.
 */
export function authorityEndpoints(authorityHost: string, tenantId: string): AuthorityEndpoints {
  const tenant = `${withoutTrailingSlash(authorityHost)}/${encodeURIComponent(tenantId)}`
  return {
    authorization: `${tenant}/oauth2/v2.0/authorize`,
    token: `${tenant}/oauth2/v2.0/token`,
    keys: `${tenant}/discovery/v2.0/keys`,
    adminConsent: `${tenant}/v2.0/adminconsent`,
    issuer: `${tenant}/v2.0`,
  }
}

/**
 * The `iss` values an id_token of this authority may carry: its own, or Microsoft's.
 * Behind one of Microsoft's hosts only that cloud's issuer counts. Any other host is a stand-in,
 * which may speak with Microsoft's voice: what it signs is checked against its own keys all the same.
 */
export function acceptedIssuers(authorityHost: string, tenantId: string): readonly string[] {
  const own = withoutTrailingSlash(authorityHost)
  const known: Readonly<Record<string, string>> = ISSUER_ORIGINS
  const microsofts = known[own.toLowerCase()]
  const origins = new Set([own, ...(microsofts ? [microsofts] : Object.values(known))])
  return [...origins].map((origin) => `${origin}/${tenantId}/v2.0`)
}

/**
 * What is wrong with a base URL of Entra or Graph, as a half sentence that follows its name; null when it may be used.
 * Tokens travel there, so it is https, or http to this very machine.
 */
export function microsoftUrlFault(text: string): string | null {
  if (!URL.canParse(text)) return 'is not a URL, such as https://login.microsoftonline.com'
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or a password'
  if (url.search !== '' || url.hash !== '') return 'must not contain a query or a fragment'
  if (url.protocol === 'https:') return null
  if (url.protocol === 'http:' && isLoopback(url.hostname)) return null
  return 'must be https; http is accepted for a loopback host only'
}

export function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
