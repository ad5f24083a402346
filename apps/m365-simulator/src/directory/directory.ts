/** What may be done with somebody else's mailbox or group. */
export interface Rights {
  readonly sendAs: boolean
  readonly sendOnBehalf: boolean
  readonly fullAccess: boolean
}

export const NO_RIGHTS: Rights = { sendAs: false, sendOnBehalf: false, fullAccess: false }

export interface Person {
  /** Object id in this tenant; GUID. */
  readonly oid: string
  readonly displayName: string
  readonly givenName: string
  readonly surname: string
  readonly userPrincipalName: string
  /** Primary SMTP address; null without one. */
  readonly mail: string | null
  /** In Exchange's form: `SMTP:` marks the primary address, `smtp:` an alias. */
  readonly proxyAddresses: readonly string[]
  readonly hasMailbox: boolean
  /** Values of the app roles assigned on the enterprise application. */
  readonly appRoles: readonly string[]
  /** May consent on behalf of the whole tenant. */
  readonly isEntraAdministrator: boolean
  /** `stranger`: an account of another tenant that is no guest here; signing in ends with AADSTS50020. */
  readonly membership: 'member' | 'guest' | 'stranger'
  /** Where the account lives, for guests and strangers. */
  readonly home?: { readonly tenantId: string; readonly oid: string }
}

export interface SharedMailbox {
  readonly address: string
  readonly displayName: string
  readonly aliases: readonly string[]
  /** By the person's oid. */
  readonly rights: Readonly<Record<string, Rights>>
}

/** A distribution list: people may send as it, but it has no folders. */
export interface Group {
  readonly address: string
  readonly displayName: string
  readonly members: readonly string[]
  readonly rights: Readonly<Record<string, Rights>>
}

export interface Directory {
  readonly organization: string
  /** The first one is used where one name is needed; a message to an unknown address below any of them bounces. */
  readonly domains: readonly [string, ...string[]]
  readonly people: readonly Person[]
  readonly sharedMailboxes: readonly SharedMailbox[]
  readonly groups: readonly Group[]
}

export type Addressee =
  | { readonly kind: 'person'; readonly address: string; readonly person: Person }
  | { readonly kind: 'shared-mailbox'; readonly address: string; readonly mailbox: SharedMailbox }
  | { readonly kind: 'group'; readonly address: string; readonly group: Group }

export interface DirectoryIndex {
  readonly directory: Directory
  personByOid(oid: string): Person | undefined
  /** Finds by primary address, alias or sign-in name, in any case; `address` in the answer is the primary one. */
  byAddress(address: string): Addressee | undefined
  isLocal(address: string): boolean
}

export function indexDirectory(directory: Directory): DirectoryIndex {
  const people = new Map(directory.people.map((person) => [person.oid, person]))
  const addressees = new Map<string, Addressee>()
  for (const person of directory.people) {
    if (person.membership === 'stranger') continue
    const addressee: Addressee = { kind: 'person', address: person.mail ?? person.userPrincipalName, person }
    for (const name of addressesOf(person)) addressees.set(name.toLowerCase(), addressee)
  }
  for (const mailbox of directory.sharedMailboxes) {
    const addressee: Addressee = { kind: 'shared-mailbox', address: mailbox.address, mailbox }
    for (const name of [mailbox.address, ...mailbox.aliases]) addressees.set(name.toLowerCase(), addressee)
  }
  for (const group of directory.groups) {
    addressees.set(group.address.toLowerCase(), { kind: 'group', address: group.address, group })
  }
  const domains = new Set(directory.domains.map((domain) => domain.toLowerCase()))
  return {
    directory,
    personByOid: (oid) => people.get(oid.toLowerCase()),
    byAddress: (address) => addressees.get(address.toLowerCase()),
    isLocal: (address) => domains.has(address.slice(address.lastIndexOf('@') + 1).toLowerCase()),
  }
}

function addressesOf(person: Person): string[] {
  const proxies = person.proxyAddresses.map((proxy) => proxy.replace(/^smtp:/i, ''))
  return [person.userPrincipalName, ...(person.mail ? [person.mail] : []), ...proxies]
}
