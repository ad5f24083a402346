import { type Directory, NO_RIGHTS, type Person, type Rights } from './directory.ts'

const FABRIKAM_TENANT_ID = 'b7a4e2c1-5d0f-4a36-9c58-3e1f7d924ab6'

const ADA = '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1101'
const MAX = '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1102'
const BOB = '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1103'
const GRACE = '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1104'
const NORA = '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1105'
const GIL = '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1106'
const EVE = '5f0c1a52-7c1e-4b8d-9a43-0d6f3b7e1107'

const sendAs: Rights = { ...NO_RIGHTS, sendAs: true }
const sendOnBehalf: Rights = { ...NO_RIGHTS, sendOnBehalf: true }

/** The tenant "Contoso": one person for each thing that can go right or wrong. */
export const demoDirectory: Directory = {
  organization: 'Contoso',
  domains: ['contoso.com'],
  people: [
    member(ADA, 'Ada', 'Admin', {
      appRoles: ['Workspace.Admin'],
      proxyAddresses: ['SMTP:ada@contoso.com', 'smtp:ada.admin@contoso.com'],
    }),
    member(MAX, 'Max', 'Member', {
      proxyAddresses: ['SMTP:max@contoso.com', 'smtp:max.member@contoso.com'],
    }),
    member(BOB, 'Bob', 'Behalf', { appRoles: ['Workspace.Admin'] }),
    member(GRACE, 'Grace', 'Global', { isEntraAdministrator: true }),
    member(NORA, 'Nora', 'Nomail', { appRoles: ['Workspace.Admin'], hasMailbox: false, proxyAddresses: [] }),
    {
      ...member(GIL, 'Gil', 'Guest', { appRoles: ['Workspace.Admin'], hasMailbox: false, proxyAddresses: [] }),
      userPrincipalName: 'gil_fabrikam.com#EXT#@contoso.onmicrosoft.com',
      mail: 'gil@fabrikam.com',
      membership: 'guest',
      home: { tenantId: FABRIKAM_TENANT_ID, oid: '0b9e6d34-2f8a-4c77-8f15-6a2c9d4e7706' },
    },
    {
      ...member(EVE, 'Eve', 'Elsewhere', { proxyAddresses: ['SMTP:eve@fabrikam.com'] }),
      userPrincipalName: 'eve@fabrikam.com',
      mail: 'eve@fabrikam.com',
      membership: 'stranger',
      home: { tenantId: FABRIKAM_TENANT_ID, oid: EVE },
    },
  ],
  sharedMailboxes: [
    {
      address: 'reports@contoso.com',
      displayName: 'Contoso Reports',
      aliases: [],
      rights: { [ADA]: sendAs, [BOB]: sendOnBehalf },
    },
    { address: 'finance@contoso.com', displayName: 'Contoso Finance', aliases: [], rights: {} },
  ],
  groups: [{ address: 'board@contoso.com', displayName: 'Contoso Board', members: [], rights: { [ADA]: sendAs } }],
}

function member(oid: string, givenName: string, surname: string, more: Partial<Person>): Person {
  const address = `${givenName.toLowerCase()}@contoso.com`
  return {
    oid,
    displayName: `${givenName} ${surname}`,
    givenName,
    surname,
    userPrincipalName: address,
    mail: address,
    proxyAddresses: [`SMTP:${address}`],
    hasMailbox: true,
    appRoles: [],
    isEntraAdministrator: false,
    membership: 'member',
    ...more,
  }
}
