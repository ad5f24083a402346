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

export const CLOUD_NAMES = ['global', 'gcc-high', 'dod', 'china'] as const
export type CloudName = (typeof CLOUD_NAMES)[number]

/**
 * The hosts that belong together: tokens of one cloud are good for nothing in another.
 * Source: "Microsoft Graph national cloud deployments", "National clouds". GCC is a part of the global cloud.
 */
export const CLOUDS = {
  global: { authorityHost: 'https://login.microsoftonline.com', graphBaseUrl: 'https://graph.microsoft.com' },
  'gcc-high': { authorityHost: 'https://login.microsoftonline.us', graphBaseUrl: 'https://graph.microsoft.us' },
  dod: { authorityHost: 'https://login.microsoftonline.us', graphBaseUrl: 'https://dod-graph.microsoft.us' },
  china: {
    authorityHost: 'https://login.partner.microsoftonline.cn',
    graphBaseUrl: 'https://microsoftgraph.chinacloudapi.cn',
  },
} as const satisfies Record<CloudName, { readonly authorityHost: string; readonly graphBaseUrl: string }>

/** The cloud that the hosts belong to; the `named` one for a gateway or a stand-in, which do not tell. */
export function cloudAt(authorityHost: string, graphBaseUrl: string, named: CloudName = 'global'): CloudName {
  const { byAuthority, byGraph } = cloudsOf(authorityHost, graphBaseUrl)
  const candidates = byGraph.length > 0 ? byGraph : byAuthority
  return candidates.includes(named) ? named : (candidates[0] ?? named)
}

/** Two of Microsoft's own hosts that do not belong together, in a sentence; null when nothing speaks against them. */
export function cloudMismatch(authorityHost: string, graphBaseUrl: string): string | null {
  const { byAuthority, byGraph } = cloudsOf(authorityHost, graphBaseUrl)
  // A host that is not among them is a stand-in, or a cloud that is not known here.
  if (byGraph.length === 0 || byAuthority.length === 0) return null
  if (byGraph.some((name) => byAuthority.includes(name))) return null
  return 'AZURE_AUTHORITY_HOST and GRAPH_BASE_URL belong to different clouds: tokens of one are good for nothing in the other. Set M365_CLOUD instead of both.'
}

/** The clouds of each host: those of the US government share their sign-in. */
function cloudsOf(authorityHost: string, graphBaseUrl: string) {
  const pair = hostPair(authorityHost, graphBaseUrl)
  return {
    byAuthority: CLOUD_NAMES.filter((name) => CLOUDS[name].authorityHost === pair.authorityHost),
    byGraph: CLOUD_NAMES.filter((name) => CLOUDS[name].graphBaseUrl === pair.graphBaseUrl),
  }
}

/**
 * What stands before the names of a person's permissions. Names alone mean Graph, but not which one where clouds share
 * their sign-in: so outside the global cloud the resource is named.
 */
export function permissionPrefix(authorityHost: string, graphBaseUrl: string, named?: CloudName): string {
  const cloud = cloudAt(authorityHost, graphBaseUrl, named)
  return cloud === 'global' ? '' : `${CLOUDS[cloud].graphBaseUrl}/`
}

/**
 * What tokens for Graph are asked for: Graph by its own name, since Entra does not know the address of a gateway in
 * front of it. Only in a sovereign cloud that is not listed here, GRAPH_BASE_URL is all that is known of Graph's name.
 */
export function graphResource(authorityHost: string, graphBaseUrl: string, named?: CloudName): string {
  if (isUnlistedCloud(authorityHost, graphBaseUrl)) return withoutVersion(graphBaseUrl)
  return CLOUDS[cloudAt(authorityHost, graphBaseUrl, named)].graphBaseUrl
}

function isUnlistedCloud(authorityHost: string, graphBaseUrl: string): boolean {
  const { byAuthority, byGraph } = cloudsOf(authorityHost, graphBaseUrl)
  const isMicrosofts = hostPair(authorityHost, graphBaseUrl).authorityHost in ISSUER_ORIGINS
  return isMicrosofts && byAuthority.length === 0 && byGraph.length === 0
}

function withoutVersion(graphBaseUrl: string): string {
  return withoutTrailingSlash(graphBaseUrl).replace(/\/v1\.0$/, '')
}

/** Where people sign in, and where their tokens are good for something. */
export interface HostPair {
  readonly authorityHost: string
  readonly graphBaseUrl: string
}

/**
 * Both in the one spelling by which pairs are compared. Every loopback host is the same stand-in, whatever its port,
 * which may be another at each start: what is behind it is up to whoever runs this machine.
 */
export function hostPair(authorityHost: string, graphBaseUrl: string): HostPair {
  const authority = spelledAlike(authorityHost)
  return {
    authorityHost: (ISSUER_ORIGINS as Readonly<Record<string, string>>)[authority] ?? authority,
    graphBaseUrl: withoutVersion(spelledAlike(graphBaseUrl)),
  }
}

function spelledAlike(text: string): string {
  const { hostname, href } = new URL(text)
  return isLoopback(hostname) ? 'http://localhost' : withoutTrailingSlash(href)
}

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
  return isProtected(url) ? null : 'must be https; http is accepted for a loopback host only'
}

/** Nobody on the way reads what travels there: https, or http to this very machine. */
export function isProtected({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}

export function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, '')
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
