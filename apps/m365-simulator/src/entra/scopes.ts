import { type Permission, PERMISSION_NAMES } from '../tenant/permissions.ts'
import type { Registration } from '../simulation/simulation.ts'
import { entraError } from './aadsts.ts'

/** The app registration lists these permissions, and `.default` requests all of them. */
const REGISTERED_PERMISSIONS: readonly Permission[] = ['User.Read', 'Mail.Send', 'Mail.Send.Shared', 'Mail.ReadWrite']

const OIDC: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access'] satisfies Permission[])
/** Graph's identifiers in the various clouds. */
const GRAPH_RESOURCES = [
  'https://graph.microsoft.com',
  'https://graph.microsoft.us',
  'https://dod-graph.microsoft.us',
  'https://microsoftgraph.chinacloudapi.cn',
  '00000003-0000-0000-c000-000000000000',
]

export interface ScopeRequest {
  readonly scopes: readonly Permission[]
  readonly isDefault: boolean
}

/**
 * Reads a `scope` parameter. Names match in any case, with or without one of Graph's identifiers as a prefix.
 *
 * @param ifMixed the code for scopes of Graph together with those of another resource
 * @throws EntraError
 */
export function readScopes(
  text: string,
  { displayName, tenantId }: Registration,
  ifMixed: 500011 | 700022 = 500011,
): ScopeRequest {
  const names = text.split(/ +/).filter(Boolean).map(withoutResource)
  if (names.length === 0) throw entraError(900144, ['scope'])
  const foreign = names.find((name) => name.includes('/'))
  if (foreign !== undefined) {
    const isMixed = names.some((name) => !name.includes('/') && !isOidcScope(name))
    throw entraError(isMixed ? ifMixed : 500011, [foreign.slice(0, foreign.lastIndexOf('/')), tenantId])
  }
  const named = names.filter((name) => name.toLowerCase() !== '.default')
  const isDefault = named.length < names.length
  const scopes = named.map((name) => {
    const permission = PERMISSION_NAMES.find((known) => known.toLowerCase() === name.toLowerCase())
    if (permission === undefined) throw entraError(650053, [displayName, name])
    if (!isDefault || isOidcScope(permission)) return permission
    throw entraError(70011, ['.default scope cannot be combined with resource-specific scopes.'])
  })
  return { scopes: [...new Set(scopes), ...(isDefault ? REGISTERED_PERMISSIONS : [])], isDefault }
}

/** A doubled slash would be right only for a resource whose identifier ends in one; Graph's does not. */
function withoutResource(value: string): string {
  const resource = GRAPH_RESOURCES.find((candidate) => value.toLowerCase().startsWith(`${candidate}/`))
  return resource === undefined ? value : value.slice(resource.length + 1)
}

/** Whether this is `{graph}/.default`, the only scope that an application requests for itself. */
export function isGraphDefault(text: string): boolean {
  return GRAPH_RESOURCES.some((resource) => text.toLowerCase() === `${resource}/.default`)
}

export function isOidcScope(scope: string): boolean {
  return OIDC.has(scope.toLowerCase())
}
