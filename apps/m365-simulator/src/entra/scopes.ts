import { type Permission, PERMISSION_NAMES } from '../tenant/permissions.ts'
import type { Registration } from '../simulation/simulation.ts'
import { entraError, type EntraError } from './aadsts.ts'

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

/** Says why a `scope` parameter is not valid. */
export type ScopeFault =
  | { readonly kind: 'empty' | 'default-mixed' }
  | { readonly kind: 'unknown-scope'; readonly scope: string }
  /** `isMixed` means that scopes of Graph were requested too, which only an authorization request may combine. */
  | { readonly kind: 'unknown-resource'; readonly resource: string; readonly isMixed: boolean }

/** Reads a `scope` parameter. Names match in any case, with or without one of Graph's identifiers as a prefix. */
export function readScopes(text: string): ScopeRequest | ScopeFault {
  const values = text.split(' ').filter((value) => value !== '')
  if (values.length === 0) return { kind: 'empty' }
  const names = values.map((value) => {
    const resource = GRAPH_RESOURCES.find((candidate) => value.toLowerCase().startsWith(`${candidate}/`))
    // A doubled slash is right only for a resource whose identifier ends in one; Graph's does not.
    return resource === undefined ? value : value.slice(resource.length + 1)
  })
  const foreign = names.find((name) => name.includes('/'))
  if (foreign !== undefined) {
    const resource = foreign.slice(0, foreign.lastIndexOf('/'))
    return {
      kind: 'unknown-resource',
      resource,
      isMixed: names.some((name) => !name.includes('/') && !isOidcScope(name)),
    }
  }
  const isDefault = names.some((name) => name.toLowerCase() === '.default')
  const scopes = new Set<Permission>()
  for (const name of names) {
    if (name.toLowerCase() === '.default') continue
    const permission = PERMISSION_NAMES.find((known) => known.toLowerCase() === name.toLowerCase())
    if (permission === undefined) return { kind: 'unknown-scope', scope: name }
    if (isDefault && !isOidcScope(permission)) return { kind: 'default-mixed' }
    scopes.add(permission)
  }
  return { scopes: [...scopes, ...(isDefault ? REGISTERED_PERMISSIONS : [])], isDefault }
}

/** Like `readScopes`. @throws EntraError */
export function requireScopes(text: string, registration: Registration): ScopeRequest {
  const reading = readScopes(text)
  if ('kind' in reading) throw scopeError(reading, registration)
  return reading
}

export function scopeError(fault: ScopeFault, { displayName, tenantId }: Registration): EntraError {
  switch (fault.kind) {
    case 'empty':
      return entraError(900144, ['scope'])
    case 'unknown-scope':
      return entraError(650053, [displayName, fault.scope])
    case 'unknown-resource':
      return entraError(500011, [fault.resource, tenantId])
    case 'default-mixed':
      return entraError(70011, ['.default scope cannot be combined with resource-specific scopes.'])
    default:
      return fault satisfies never
  }
}

/** Whether this is `{graph}/.default`, the only scope that an application requests for itself. */
export function isGraphDefault(text: string): boolean {
  return GRAPH_RESOURCES.some((resource) => text.toLowerCase() === `${resource}/.default`)
}

export function isOidcScope(scope: string): boolean {
  return OIDC.has(scope.toLowerCase())
}
