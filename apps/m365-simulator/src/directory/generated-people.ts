import type { Directory, Person } from './directory.ts'

/** The directory with `person-1`, `person-2` … besides, each a member with a mailbox of their own. */
export function withGeneratedPeople(directory: Directory, count: number): Directory {
  if (count === 0) return directory
  const [domain] = directory.domains
  const generated = Array.from({ length: count }, (_, position) => generatedPerson(position + 1, domain))
  return { ...directory, people: [...directory.people, ...generated] }
}

function generatedPerson(number: number, domain: string): Person {
  const address = `person-${number}@${domain}`
  return {
    // The same person at every start, so that a data folder still fits.
    oid: `5f0c1a52-7c1e-4b8d-9a43-${number.toString(16).padStart(12, '0')}`,
    displayName: `Person ${number}`,
    givenName: 'Person',
    surname: String(number),
    userPrincipalName: address,
    mail: address,
    proxyAddresses: [`SMTP:${address}`],
    hasMailbox: true,
    appRoles: [],
    isEntraAdministrator: false,
    membership: 'member',
  }
}
