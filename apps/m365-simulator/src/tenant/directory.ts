export const NO_RIGHTS = {
  sendAs: false,
  sendOnBehalf: false,
  /** Full Access: may open the mailbox, which does not include sending as it. */
  fullAccess: false,
}
/** What one person may do with a shared mailbox or group. */
export type Rights = Readonly<typeof NO_RIGHTS>

export interface Person {
  /** Object id in this tenant; a GUID. */
  readonly oid: string
  readonly displayName: string
  /** What is worth knowing about the account, for the account picker. */
  readonly about: string
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

export type Addressee =
  | { readonly kind: 'person'; readonly address: string; readonly displayName: string; readonly person: Person }
  | SharedAddress

export type DirectoryIndex = ReturnType<typeof createDirectory>

/**
 * The tenant "Contoso": one person for each thing that can go right or wrong.
 *
 * @param generatedPeople how many members with a mailbox to add: person-1@contoso.com, person-2@contoso.com …
 */
export function createDirectory(generatedPeople: number) {
  const generated = Array.from({ length: generatedPeople }, (_, position) => {
    const number = position + 1
    // The oid is the same at every start, so that a data folder still fits.
    return member(`${OID_PREFIX}-${number.toString(16).padStart(12, '0')}`, `person-${number}`, `Person ${number}`)
  })
  const people: readonly Person[] = [...PEOPLE, ...generated]
  const byOid = new Map(people.map((person) => [person.oid, person]))
  const addressees = new Map<string, Addressee>(SHARED.map((shared) => [shared.address, shared]))
  for (const person of people) {
    if (person.membership === 'stranger') continue
    for (const name of [person.userPrincipalName, person.mail, ...person.aliases]) {
      addressees.set(name.toLowerCase(), addresseeOf(person))
    }
  }
  return {
    organization: 'Contoso',
    /** Mail to an unknown address in it bounces. */
    domain: DOMAIN,
    people,
    shared: SHARED,
    personByOid: (oid: string) => byOid.get(oid.toLowerCase()),
    /** Finds by primary address, alias or sign-in name, in any case; `address` of the result is the primary one. */
    byAddress: (address: string) => addressees.get(address.toLowerCase()),
    isLocal: (address: string) => address.toLowerCase().endsWith(`@${DOMAIN}`),
  }
}

export function addresseeOf(person: Person): Extract<Addressee, { kind: 'person' }> {
  return { kind: 'person', address: person.mail, displayName: person.displayName, person }
}

/** A guest signs in with the address of its home tenant. */
export function signInName({ membership, mail, userPrincipalName }: Person): string {
  return membership === 'guest' ? mail : userPrincipalName
}

export function signsInAs(person: Person, name: string | null): boolean {
  return signInName(person).toLowerCase() === name?.toLowerCase()
}

/** @param name an oid or an address */
export function findAddressee(name: string, index: DirectoryIndex): Addressee | undefined {
  const person = index.personByOid(name)
  return person === undefined ? index.byAddress(name) : addresseeOf(person)
}

/** The delegated permissions that the simulator knows, with their titles on Microsoft's consent page. */
export const PERMISSIONS = {
  openid: 'Sign you in',
  profile: 'View your basic profile',
  email: 'View your email address',
  offline_access: 'Maintain access to data you have given it access to',
  'User.Read': 'Sign you in and read your profile',
  'Mail.Send': 'Send mail as you',
  'Mail.Send.Shared': 'Send mail on behalf of others or yourself',
  'Mail.Read': 'Read your mail',
  'Mail.ReadWrite': 'Read and write access to your mail',
  'Mail-Advanced.ReadWrite': 'Read and write access to your mail, including what was sent or received',
  'Mail.Read.Shared': 'Read your and shared mail',
  'Mail.ReadWrite.Shared': 'Read and write your and shared mail',
  'ExchangeMessageTrace.Read.All': 'Read Exchange message trace',
} as const

export type Permission = keyof typeof PERMISSIONS
export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as Permission[]

/** The application permissions that the simulator knows. */
export const APPLICATION_PERMISSIONS = {
  'Mail.Send': 'Send mail as any user',
  'Mail.ReadWrite': 'Read and write mail in all mailboxes',
  'ExchangeMessageTrace.Read.All': 'Read Exchange message trace',
} as const

export type ApplicationPermission = keyof typeof APPLICATION_PERMISSIONS
export const APPLICATION_PERMISSION_NAMES = Object.keys(APPLICATION_PERMISSIONS) as ApplicationPermission[]

/**
 * What a person cannot consent to where Microsoft's own policy is in force (microsoft-user-default-recommended): of the
 * permissions above, all that read mail. Sending is not among them.
 */
export const NOT_BY_USERS: ReadonlySet<Permission> = new Set([
  'Mail.Read',
  'Mail.ReadWrite',
  'Mail.Read.Shared',
  'Mail.ReadWrite.Shared',
])
/** Only an administrator may consent to these, whatever the policy. */
export const ONLY_BY_ADMINISTRATORS: ReadonlySet<Permission> = new Set([
  'Mail-Advanced.ReadWrite',
  'ExchangeMessageTrace.Read.All',
])

const DOMAIN = 'contoso.com'
const FABRIKAM_TENANT_ID = 'b7a4e2c1-5d0f-4a36-9c58-3e1f7d924ab6'
const OID_PREFIX = '5f0c1a52-7c1e-4b8d-9a43'
const ADA = `${OID_PREFIX}-0d6f3b7e1101`
const BOB = `${OID_PREFIX}-0d6f3b7e1103`
const EVE = `${OID_PREFIX}-0d6f3b7e1107`

const SEND_AS = { ...NO_RIGHTS, sendAs: true }
const WORKSPACE_ADMIN = { appRoles: ['Workspace.Admin'] }

const PEOPLE: readonly Person[] = [
  member(ADA, 'ada', 'Ada Admin', {
    ...WORKSPACE_ADMIN,
    about: 'Workspace admin · Send As on reports@ and board@, Full Access on reports@',
    aliases: ['ada.admin@contoso.com'],
  }),
  member(`${OID_PREFIX}-0d6f3b7e1102`, 'max', 'Max Member', { aliases: ['max.member@contoso.com'] }),
  member(BOB, 'bob', 'Bob Behalf', { ...WORKSPACE_ADMIN, about: 'Workspace admin · Send on Behalf on reports@' }),
  member(`${OID_PREFIX}-0d6f3b7e1104`, 'grace', 'Grace Global', {
    about: 'Entra administrator',
    isEntraAdministrator: true,
    readsTraces: true,
  }),
  member(`${OID_PREFIX}-0d6f3b7e1105`, 'nora', 'Nora Nomail', {
    ...WORKSPACE_ADMIN,
    about: 'Workspace admin · No mailbox',
    hasMailbox: false,
  }),
  member(`${OID_PREFIX}-0d6f3b7e1106`, 'gil', 'Gil Guest', {
    ...WORKSPACE_ADMIN,
    about: 'Guest of Contoso · Workspace admin · No mailbox',
    hasMailbox: false,
    userPrincipalName: 'gil_fabrikam.com#EXT#@contoso.onmicrosoft.com',
    mail: 'gil@fabrikam.com',
    membership: 'guest',
    home: { tenantId: FABRIKAM_TENANT_ID, oid: '0b9e6d34-2f8a-4c77-8f15-6a2c9d4e7706' },
  }),
  member(EVE, 'eve', 'Eve Elsewhere', {
    about: 'Account of another organization',
    userPrincipalName: 'eve@fabrikam.com',
    mail: 'eve@fabrikam.com',
    membership: 'stranger',
    home: { tenantId: FABRIKAM_TENANT_ID, oid: EVE },
  }),
]

const SHARED: readonly SharedAddress[] = [
  {
    kind: 'shared-mailbox',
    address: 'reports@contoso.com',
    displayName: 'Contoso Reports',
    rights: { [ADA]: { ...SEND_AS, fullAccess: true }, [BOB]: { ...NO_RIGHTS, sendOnBehalf: true } },
  },
  { kind: 'shared-mailbox', address: 'finance@contoso.com', displayName: 'Contoso Finance', rights: {} },
  {
    kind: 'group',
    address: 'board@contoso.com',
    displayName: 'Contoso Board',
    members: ['ada@contoso.com', 'grace@contoso.com'],
    rights: { [ADA]: SEND_AS },
  },
]

function member(oid: string, localPart: string, displayName: string, more: Partial<Person> = {}): Person {
  const address = `${localPart}@${DOMAIN}`
  return {
    oid,
    displayName,
    about: 'No special rights',
    userPrincipalName: address,
    mail: address,
    aliases: [],
    hasMailbox: true,
    appRoles: [],
    isEntraAdministrator: false,
    readsTraces: false,
    membership: 'member',
    ...more,
  }
}
