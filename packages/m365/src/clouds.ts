import { isLoopback } from './loopback.ts'

/**
 * Microsoft's sign-in hosts, and the issuer that each one names in its id_tokens.
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
 * Lists the hosts of each cloud. Tokens of one cloud are worthless in another.
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

/** The cloud that the hosts belong to; the cloud `named` for a gateway or a stand-in. */
export function cloudAt(authorityHost: string, graphBaseUrl: string, named: CloudName = 'global'): CloudName {
  const { byAuthority, byGraph } = cloudsOf(authorityHost, graphBaseUrl)
  const candidates = byGraph.length > 0 ? byGraph : byAuthority
  return candidates.includes(named) ? named : (candidates[0] ?? named)
}

/**
 * Explains in a sentence that two of Microsoft's own hosts belong to different clouds; null when they may be combined.
 */
export function cloudMismatch(authorityHost: string, graphBaseUrl: string): string | null {
  const { byAuthority, byGraph } = cloudsOf(authorityHost, graphBaseUrl)
  // An unknown host is a stand-in, or belongs to a cloud that is not listed here.
  if (byGraph.length === 0 || byAuthority.length === 0) return null
  if (byGraph.some((name) => byAuthority.includes(name))) return null
  return 'AZURE_AUTHORITY_HOST and GRAPH_BASE_URL belong to different clouds: tokens of one are good for nothing in the other. Set M365_CLOUD instead of both.'
}

/** The clouds of each host, of which there may be two: the clouds of the US government share a sign-in host. */
function cloudsOf(authorityHost: string, graphBaseUrl: string) {
  const pair = hostPair(authorityHost, graphBaseUrl)
  return {
    byAuthority: CLOUD_NAMES.filter((name) => CLOUDS[name].authorityHost === pair.authorityHost),
    byGraph: CLOUD_NAMES.filter((name) => CLOUDS[name].graphBaseUrl === pair.graphBaseUrl),
  }
}

/**
 * The prefix for the names of delegated permissions. A bare name means Graph, which is ambiguous where clouds share a
 * sign-in host, so the resource is named outside the global cloud.
 */
export function permissionPrefix(authorityHost: string, graphBaseUrl: string, named?: CloudName): string {
  const cloud = cloudAt(authorityHost, graphBaseUrl, named)
  return cloud === 'global' ? '' : `${CLOUDS[cloud].graphBaseUrl}/`
}

/**
 * The resource that tokens for Graph are requested for: Graph's own name, since Entra does not know the address of a
 * gateway in front of it. In a sovereign cloud that is not listed here, GRAPH_BASE_URL has to serve as that name.
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

export function withoutVersion(graphBaseUrl: string): string {
  return withoutTrailingSlash(graphBaseUrl).replace(/\/v1\.0$/, '')
}

/**
 * Normalises the host where people sign in and the Graph that accepts their tokens, so that pairs can be compared. Every
 * loopback host counts as the same stand-in whatever its port, since the port may change at each start.
 */
export function hostPair(authorityHost: string, graphBaseUrl: string) {
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

/**
 * The endpoints of one tenant, by the paths that Microsoft documents and without discovery. `authorityHost` is a base
 * URL such as `https://login.microsoftonline.com`.
 */
export function authorityEndpoints(authorityHost: string, tenantId: string) {
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
 * The `iss` values that an id_token of this authority may have: its own, or Microsoft's. Of Microsoft's hosts each only
 * has the issuer of its cloud. A stand-in may name any of Microsoft's issuers, since its tokens are still verified
 * against its own keys.
 */
export function acceptedIssuers(authorityHost: string, tenantId: string): readonly string[] {
  const own = withoutTrailingSlash(authorityHost)
  const known: Readonly<Record<string, string>> = ISSUER_ORIGINS
  const microsofts = known[own.toLowerCase()]
  const origins = new Set([own, ...(microsofts ? [microsofts] : Object.values(known))])
  return [...origins].map((origin) => `${origin}/${tenantId}/v2.0`)
}

/**
 * What is wrong with a base URL of Entra or Graph, as the predicate of a sentence about it; null when it may be used.
 * Tokens are sent there, so it has to be https, or http to this machine.
 */
export function microsoftUrlFault(text: string): string | null {
  if (!URL.canParse(text)) return 'is not a URL, such as https://login.microsoftonline.com'
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or a password'
  if (url.search !== '' || url.hash !== '') return 'must not contain a query or a fragment'
  return isProtected(url) ? null : 'must be https; http is accepted for a loopback host only'
}

/** Whether nobody can read the traffic to this URL: it is https, or http to this machine. */
export function isProtected({ protocol, hostname }: URL): boolean {
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
}

export function withoutTrailingSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
