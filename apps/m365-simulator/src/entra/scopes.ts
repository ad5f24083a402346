/** Delegated permissions the simulator knows, with the words of Microsoft's consent page. */
export const PERMISSIONS = {
  openid: { title: 'Sign you in', detail: 'Allows you to sign in to the app with your work or school account.' },
  profile: { title: 'View your basic profile', detail: 'Allows the app to see your name, picture and user name.' },
  email: { title: 'View your email address', detail: 'Allows the app to read your primary email address.' },
  offline_access: {
    title: 'Maintain access to data you have given it access to',
    detail: 'Allows the app to see and update the data you gave it access to, even when you are not using the app.',
  },
  'User.Read': {
    title: 'Sign you in and read your profile',
    detail: 'Allows you to sign in to the app with your organizational account and let the app read your profile.',
  },
  'Mail.Send': { title: 'Send mail as you', detail: 'Allows the app to send mail as you.' },
  'Mail.Send.Shared': {
    title: 'Send mail on behalf of others or yourself',
    detail: 'Allows the app to send mail as you or on behalf of someone else.',
  },
  'Mail.Read': { title: 'Read your mail', detail: 'Allows the app to read email in your mailbox.' },
  'Mail.ReadWrite': {
    title: 'Read and write access to your mail',
    detail:
      'Allows the app to create, read, update, and delete email in your mailbox. It does not include sending mail.',
  },
  'Mail.ReadWrite.Shared': {
    title: 'Read and write mail you can access',
    detail: 'Allows the app to create, read, update, and delete mail you have permission to access.',
  },
} as const satisfies Record<string, { title: string; detail: string }>

export type Permission = keyof typeof PERMISSIONS
export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as Permission[]

/** What the app registration lists, which is what `.default` stands for. */
const REGISTERED_PERMISSIONS: readonly Permission[] = ['User.Read', 'Mail.Send', 'Mail.Send.Shared', 'Mail.ReadWrite']

const OIDC: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access'] satisfies Permission[])
const CANONICAL = new Map(PERMISSION_NAMES.map((name) => [name.toLowerCase(), name]))
/** The names under which Graph is known in one cloud or another. */
const GRAPH_RESOURCES = [
  'https://graph.microsoft.com',
  'https://graph.microsoft.us',
  'https://dod-graph.microsoft.us',
  'https://microsoftgraph.chinacloudapi.cn',
  '00000003-0000-0000-c000-000000000000',
]

export type ScopeRequest =
  | { readonly kind: 'scopes'; readonly scopes: readonly Permission[]; readonly isDefault: boolean }
  | { readonly kind: 'empty' }
  | { readonly kind: 'unknown-scope'; readonly scope: string }
  /** isMixed: beside scopes of Graph, which only an authorize request may do */
  | { readonly kind: 'unknown-resource'; readonly resource: string; readonly isMixed: boolean }
  | { readonly kind: 'default-mixed' }

/** Reads a `scope` parameter: names in any case, short or below one of Graph's identifiers; its address is none. */
export function readScopes(text: string): ScopeRequest {
  const words = text.split(' ').filter((word) => word !== '')
  if (words.length === 0) return { kind: 'empty' }
  const names: string[] = []
  const strangers: string[] = []
  for (const word of words) {
    const resource = GRAPH_RESOURCES.find((candidate) => word.toLowerCase().startsWith(`${candidate}/`))
    // A doubled slash is right for a resource whose identifier ends in one; Graph's does not.
    const name = resource === undefined ? word : word.slice(resource.length + 1)
    if (name.includes('/')) strangers.push(name.slice(0, name.lastIndexOf('/')))
    else names.push(name)
  }
  const [resource] = strangers
  if (resource !== undefined) {
    return { kind: 'unknown-resource', resource, isMixed: names.some((name) => !OIDC.has(name.toLowerCase())) }
  }
  const isDefault = names.some((name) => name.toLowerCase() === '.default')
  const scopes = new Set<Permission>()
  for (const name of names) {
    if (name.toLowerCase() === '.default') continue
    const permission = CANONICAL.get(name.toLowerCase())
    if (permission === undefined) return { kind: 'unknown-scope', scope: name }
    if (isDefault && !OIDC.has(permission)) return { kind: 'default-mixed' }
    scopes.add(permission)
  }
  if (isDefault) for (const permission of REGISTERED_PERMISSIONS) scopes.add(permission)
  return { kind: 'scopes', scopes: [...scopes], isDefault }
}

/** `{graph}/.default`, the only scope an application asks for by itself. */
export function isGraphDefault(text: string): boolean {
  return GRAPH_RESOURCES.some((resource) => text.toLowerCase() === `${resource}/.default`)
}

export function isOidcScope(scope: string): boolean {
  return OIDC.has(scope)
}
