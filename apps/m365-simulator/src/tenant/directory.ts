/** What one person may do with a shared mailbox or group. */
export interface Rights {
  readonly sendAs: boolean
  readonly sendOnBehalf: boolean
  /** Full Access: may open the mailbox, which does not include sending as it. */
  readonly fullAccess: boolean
}

export const NO_RIGHTS: Rights = { sendAs: false, sendOnBehalf: false, fullAccess: false }

export interface Person {
  /** Object id in this tenant; a GUID. */
  readonly oid: string
  readonly displayName: string
  readonly userPrincipalName: string
  /** Primary SMTP address. */
  readonly mail: string
  /** Further addresses of the mailbox. */
  readonly aliases: readonly string[]
  readonly hasMailbox: boolean
  /** Values of the app roles assigned on the enterprise application. */
  readonly appRoles: readonly string[]
  /** May consent on behalf of the whole tenant. */
  readonly isEntraAdministrator: boolean
  /** Has a role that reads message traces, such as Exchange Administrator or Global Reader. */
  readonly readsTraces: boolean
  /** `stranger`: an account of another tenant that is not a guest here; its sign-in ends with AADSTS50020. */
  readonly membership: 'member' | 'guest' | 'stranger'
  /** Where the account lives, for guests and strangers. */
  readonly home?: { readonly tenantId: string; readonly oid: string }
}

/** A shared mailbox, or a distribution list, which has no folders. */
export interface SharedAddress {
  readonly kind: 'shared-mailbox' | 'group'
  readonly address: string
  readonly displayName: string
  /** The addresses that replace a group as the recipient of mail. */
  readonly members?: readonly string[]
  /** Rights by the person's oid. */
  readonly rights: Readonly<Record<string, Rights>>
}

export interface Directory {
  readonly organization: string
  /** Mail to an unknown address in this domain bounces. */
  readonly domain: string
  readonly people: readonly Person[]
  readonly shared: readonly SharedAddress[]
}

export type Addressee =
  | { readonly kind: 'person'; readonly address: string; readonly displayName: string; readonly person: Person }
  | SharedAddress

export interface DirectoryIndex {
  readonly directory: Directory
  personByOid(oid: string): Person | undefined
  /** Finds by primary address, alias or sign-in name, in any case; `address` of the result is the primary one. */
  byAddress(address: string): Addressee | undefined
  isLocal(address: string): boolean
}

export function indexDirectory(directory: Directory): DirectoryIndex {
  const people = new Map(directory.people.map((person) => [person.oid, person]))
  const addressees = new Map<string, Addressee>(directory.shared.map((shared) => [shared.address, shared]))
  for (const person of directory.people) {
    if (person.membership === 'stranger') continue
    for (const name of [person.userPrincipalName, person.mail, ...person.aliases]) {
      addressees.set(name.toLowerCase(), addresseeOf(person))
    }
  }
  return {
    directory,
    personByOid: (oid) => people.get(oid.toLowerCase()),
    byAddress: (address) => addressees.get(address.toLowerCase()),
    isLocal: (address) => address.toLowerCase().endsWith(`@${directory.domain}`),
  }
}

/** The addresses that mail to a group goes to; null for anything else. */
export function addresseeMembers(address: string, index: DirectoryIndex): readonly string[] | null {
  const addressee = index.byAddress(address)
  return addressee?.kind === 'group' ? (addressee.members ?? []) : null
}

export function addresseeOf(person: Person): Extract<Addressee, { kind: 'person' }> {
  return { kind: 'person', address: person.mail, displayName: person.displayName, person }
}

/** A guest signs in with the address of its home tenant. */
export function signInName({ membership, mail, userPrincipalName }: Person): string {
  return membership === 'guest' ? mail : userPrincipalName
}

/** @param name an oid or an address */
export function findAddressee(name: string, index: DirectoryIndex): Addressee | undefined {
  const person = index.personByOid(name)
  return person === undefined ? index.byAddress(name) : addresseeOf(person)
}
