import { type Directory, NO_RIGHTS, type Person } from './directory.ts'

const FABRIKAM_TENANT_ID = 'b7a4e2c1-5d0f-4a36-9c58-3e1f7d924ab6'
const OID_PREFIX = '5f0c1a52-7c1e-4b8d-9a43'
const ADA = `${OID_PREFIX}-0d6f3b7e1101`
const BOB = `${OID_PREFIX}-0d6f3b7e1103`
const EVE = `${OID_PREFIX}-0d6f3b7e1107`

const SEND_AS = { ...NO_RIGHTS, sendAs: true }
const WORKSPACE_ADMIN = { appRoles: ['Workspace.Admin'] }

const PEOPLE: readonly Person[] = [
  member(ADA, 'ada', 'Ada Admin', { ...WORKSPACE_ADMIN, aliases: ['ada.admin@contoso.com'] }),
  member(`${OID_PREFIX}-0d6f3b7e1102`, 'max', 'Max Member', { aliases: ['max.member@contoso.com'] }),
  member(BOB, 'bob', 'Bob Behalf', WORKSPACE_ADMIN),
  member(`${OID_PREFIX}-0d6f3b7e1104`, 'grace', 'Grace Global', { isEntraAdministrator: true, readsTraces: true }),
  member(`${OID_PREFIX}-0d6f3b7e1105`, 'nora', 'Nora Nomail', { ...WORKSPACE_ADMIN, hasMailbox: false }),
  member(`${OID_PREFIX}-0d6f3b7e1106`, 'gil', 'Gil Guest', {
    ...WORKSPACE_ADMIN,
    hasMailbox: false,
    userPrincipalName: 'gil_fabrikam.com#EXT#@contoso.onmicrosoft.com',
    mail: 'gil@fabrikam.com',
    membership: 'guest',
    home: { tenantId: FABRIKAM_TENANT_ID, oid: '0b9e6d34-2f8a-4c77-8f15-6a2c9d4e7706' },
  }),
  member(EVE, 'eve', 'Eve Elsewhere', {
    userPrincipalName: 'eve@fabrikam.com',
    mail: 'eve@fabrikam.com',
    membership: 'stranger',
    home: { tenantId: FABRIKAM_TENANT_ID, oid: EVE },
  }),
]

/**
 * The tenant "Contoso": one person for each thing that can go right or wrong.
 *
 * @param generatedPeople how many members with a mailbox to add: person-1@contoso.com, person-2@contoso.com …
 */
export function demoDirectory(generatedPeople: number): Directory {
  return {
    organization: 'Contoso',
    domain: 'contoso.com',
    people: [...PEOPLE, ...Array.from({ length: generatedPeople }, (_, position) => generatedPerson(position + 1))],
    shared: [
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
    ],
  }
}

/** The oid is the same at every start, so that a data folder still fits. */
function generatedPerson(number: number): Person {
  return member(`${OID_PREFIX}-${number.toString(16).padStart(12, '0')}`, `person-${number}`, `Person ${number}`)
}

function member(oid: string, localPart: string, displayName: string, more: Partial<Person> = {}): Person {
  const address = `${localPart}@contoso.com`
  return {
    oid,
    displayName,
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
